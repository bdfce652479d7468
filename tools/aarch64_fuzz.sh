#!/usr/bin/env bash
# The copy engine compiled for aarch64, where its vectors are NEON's, and fuzzed under emulation. Wants
# g++-aarch64-linux-gnu and qemu-user of the system's packages. Arguments: cases and seed.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/aarch64
mkdir -p "$build"
compile="aarch64-linux-gnu-g++ -O2 -std=c++20 -Icpp -Wno-psabi -ffp-contract=off -DSHAPEWRIGHT_ISA=baseline"
printf '%s\n' cpp/base/*.cpp cpp/layout/*.cpp cpp/copy/*.cpp cpp/copy/kernels/kernels.cpp tests/cpp/fuzz_copy.cpp |
  xargs -P "$(nproc)" -I{} sh -c "$compile -c {} -o $build/\$(echo {} | tr / _).o"
aarch64-linux-gnu-g++ -static -o "$build/fuzz_copy" "$build"/*.o -lpthread
qemu-aarch64 "$build/fuzz_copy" "${1:-3000}" "${2:-7}"
