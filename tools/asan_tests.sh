#!/usr/bin/env bash
# The core under AddressSanitizer and UndefinedBehaviorSanitizer: the C++ tests, then the Python tests
# against a sanitized _core. Wants an environment with the `test` and `dev` extras. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset asan
cmake --build --preset asan
ctest --preset asan

tools/sanitized.sh python -m pytest -m "not oracle" -p no:cacheprovider \
  --ignore tests/test_architecture.py --ignore tests/test_import.py --ignore tests/test_limits.py "$@"  # they measure time
