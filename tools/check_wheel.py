"""Check a wheel: one extension module, and no newer glibc than manylinux_2_28 has.

python tools/check_wheel.py WHEEL
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

NEWEST_GLIBC = (2, 28)


def main(wheel: str) -> int:
    with zipfile.ZipFile(wheel) as archive:
        extensions = [name for name in archive.namelist() if name.endswith((".so", ".pyd"))]
    print("extension modules:", *extensions)
    if len(extensions) != 1:
        return 1
    command = [sys.executable, "-m", "auditwheel", "show", wheel]
    verdict = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    print(verdict.strip())
    tags = re.findall(r'platform tag: "manylinux_(\d+)_(\d+)', verdict.replace("\n", " "))
    return int(not tags or min((int(a), int(b)) for a, b in tags) > NEWEST_GLIBC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
