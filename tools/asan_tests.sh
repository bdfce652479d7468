#!/usr/bin/env bash
# The core under AddressSanitizer and UndefinedBehaviorSanitizer: the C++ tests, then the Python tests
# against a sanitized _core. Wants an environment with the `test` and `dev` extras. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset asan
cmake --build --preset asan
ctest --preset asan

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
LD_PRELOAD=${runtime# } ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
  PYTHONPATH=$site python -m pytest -m "not oracle" -p no:cacheprovider \
  --ignore tests/test_architecture.py --ignore tests/test_import.py --ignore tests/test_limits.py "$@"  # they measure time
