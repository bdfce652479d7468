"""Which rows of domain "aten" save something for backward, against torch's `derivatives.yaml`.

python tools/aten_drift.py            # operators where one saves and the other does not
python tools/aten_drift.py --all      # every operator that was compared, with what both name

A fact is read from a formula: an argument or a result that it names is saved, sizes and dtypes are
not. What is compared is whether anything is saved: a row names what it keeps as its author did. A
composite operator has no formula and is left out, as are operators without a row of that overload.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALL = re.compile(r"(\w+)\((.*?)\)\s*->\s*(.*)")
# What a formula reads of a tensor without keeping it.
METADATA = re.compile(
    r"\b(\w+)(?:->|\.)(?:sym_sizes|sym_size|sizes|size|sym_numel|numel|dim|options|scalar_type|"
    r"layout|device|sym_strides|strides|is_complex|requires_grad|suggest_memory_format|defined)\b"
    r"(?:\([^()]*\))?"
)
# Functions that take tensors for their sizes and types alone.
SIZES_ONLY = re.compile(r"\b(?:zeros_like|to_args_sizes\w*|to_args_scalartypes)\(\s*\w+\s*\)")
ROW = re.compile(r'\brow\(\s*"([\w.]+)"')
RECORD = re.compile(
    r'eager::record\(\s*"(\w+)",\s*(\{.*?\}|\w+),\s*\{.*?\},\s*(\{.*?\}|\w+),', re.S
)


def formulas() -> Iterator[tuple[str, set[str]]]:
    """Name of each operator, and the tensors that its formulas keep."""
    import torchgen
    import yaml

    text = Path(torchgen.__file__).parent / "packaged" / "autograd" / "derivatives.yaml"
    for entry in yaml.safe_load(text.read_text()):
        match = CALL.match(entry["name"].replace("\n", " "))
        if match is None:
            name, _, rest = entry["name"].partition("(")
        else:
            name, rest = entry["name"].partition("(")[0], match.group(2)
        tensors = set(re.findall(r"Tensor(?:\([a-z]!?\))?\??(?:\[\])? (\w+)", rest))
        kept: set[str] = set()
        skipped = {"name", "output_differentiability", "dispatch"}
        for key, formula in entry.items():
            if key in skipped or key.startswith("result") or not isinstance(formula, str):
                continue
            bare = METADATA.sub("", SIZES_ONLY.sub("", formula))
            words = set(re.findall(r"\w+", bare))
            kept |= {w for w in words if w in tensors or re.fullmatch(r"result\d*", w)}
        yield name, kept


def overloads() -> set[str]:
    """Names of the rows, with their overloads."""
    files = sorted((ROOT / "cpp" / "ops").glob("aten_*.cpp"))
    return {name for path in files for name in ROW.findall(path.read_text())}


def recorded() -> dict[str, set[str]]:
    """Names of autograd nodes in the rows, with what they save: "self", "result" or a C++ name."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "cpp" / "ops").glob("aten_*.cpp")):
        for name, _, saved in RECORD.findall(path.read_text()):
            words = re.findall(r"\b(?!if_needed\b)([a-z]\w*)", saved)
            found.setdefault(name.lower(), set()).update(words)
    return found


def main(arguments: list[str]) -> int:
    rows, known = recorded(), overloads()
    differing = compared = 0
    for name, kept in formulas():
        key = name.partition(".")[0].replace("_", "").lower()
        if key not in rows or (name if "." in name else name + ".default") not in known:
            continue
        compared += 1
        differs = bool(rows[key]) != bool(kept)
        differing += differs
        if differs or "--all" in arguments:
            mark = "differs" if differs else "agrees"
            print(f"{mark}  {name}: keeps {sorted(kept) or '-'}; the row keeps {sorted(rows[key])}")
    print(f"{compared} compared, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
