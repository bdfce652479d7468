#!/usr/bin/env bash
# Builds the extension under AddressSanitizer and UndefinedBehaviorSanitizer and runs a command with it:
#
#   tools/sanitized.sh python tools/fuzz_models.py graphs 1000
#
# Wants an environment with the `test` and `dev` extras.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset asan >/dev/null
cmake --build --preset asan --target _core

# A copy of the package with the sanitized extension in it, put before whatever is installed.
site=$PWD/build/asan/site
rm -rf "$site"
mkdir -p "$site"
cp -r python/shapewright "$site/"
cmake --install build/asan --prefix "$site" >/dev/null

# Python itself is not instrumented, so the runtimes are loaded first; libstdc++ too, or a throw is not
# intercepted. Python does not free everything at exit, hence no leak check here (ctest has it).
runtime=""
for library in libasan libubsan libstdc++; do
  runtime+=" $(g++ -print-file-name=$library.so)"
done
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONPATH=$site
LD_PRELOAD=${runtime# } exec "$@"
