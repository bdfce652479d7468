#!/usr/bin/env bash
# The ONNX reader under libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   tools/fuzz_reader.sh [SECONDS] [libFuzzer options]
#
# Wants clang (apt-get install clang) and, for the first corpus, an environment with the `test` extra.
# What it finds stays in build/fuzz: corpus/ grows from run to run, crash-* are inputs that failed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true

out=build/fuzz
mkdir -p "$out/objects" "$out/corpus"
flags=(-std=c++20 -O1 -g1 -Icpp -Itests/cpp -fno-omit-frame-pointer
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)

compile() {
  local object=$out/objects/${1//\//_}.o
  if [[ ! $object -nt $1 ]]; then ${CXX_LAUNCHER:-} clang++ "${flags[@]}" -c "$1" -o "$object"; fi
}
sources=(cpp/base/*.cpp cpp/dim/*.cpp cpp/graph/*.cpp cpp/onnx/*.cpp tests/libfuzzer/reader.cpp)
for source in "${sources[@]}"; do
  while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
  compile "$source" &
done
while (($(jobs -rp | wc -l) > 0)); do wait -n; done
clang++ -fsanitize=fuzzer,address,undefined "$out"/objects/*.o -o "$out/reader" -lpthread

if [[ -z $(ls -A "$out/corpus") ]]; then
  python tools/fuzz_models.py corpus "$out/corpus"
fi
"$out/reader" "$out/corpus" -artifact_prefix="$out/" -max_total_time="$seconds" -timeout=2 \
  -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 "$@"
