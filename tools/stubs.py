"""Write `python/shapewright/_core.pyi` from the extension that is installed, or compare it.

python tools/stubs.py            # write
python tools/stubs.py --check    # exit 1 and print the difference, if there is one
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

STUB = Path(__file__).resolve().parent.parent / "python" / "shapewright" / "_core.pyi"


def generate() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pybind11_stubgen", "shapewright._core", "-o", scratch]
        # Run elsewhere, so that the tree is not imported in place of what is installed.
        subprocess.run([*command, "--exit-code"], check=True, cwd=scratch)
        raw = Path(scratch, "shapewright", "_core.pyi").read_text()
    ruff = [sys.executable, "-m", "ruff", "format", "--line-length=100", "--stdin-filename=a.pyi"]
    formatted = subprocess.run([*ruff, "-"], input=raw, text=True, check=True, capture_output=True)
    return formatted.stdout


def main(arguments: list[str]) -> int:
    fresh = generate()
    if arguments != ["--check"]:
        STUB.write_text(fresh)
        return 0
    committed = STUB.read_text()
    sys.stdout.writelines(
        difflib.unified_diff(
            committed.splitlines(keepends=True),
            fresh.splitlines(keepends=True),
            "_core.pyi (committed)",
            "_core.pyi (generated)",
        )
    )
    return int(committed != fresh)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
