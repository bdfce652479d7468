"""What the rows of domain "aten" keep for backward, against torch's `derivatives.yaml`.

python tools/aten_drift.py            # calls for which a row keeps other tensors than the formula
python tools/aten_drift.py --all      # every call that was compared, with what its formula keeps

A formula keeps each argument and result that it names, if it reads more of it than sizes and types.
The calls are those of `tests/aten`. Each is asked about one differentiable argument at a time: as
a parameter, so that only results count, and as a copy of one, so that the argument counts as well;
every other argument is an input, which never counts. An operator without a formula is a composite
of others and is left out, as is a call that `tests/aten/gaps.py` knows.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))


from aten import CASES  # noqa: E402
from aten.answer import call_answer  # noqa: E402
from aten.gaps import SAVED_GAPS  # noqa: E402
from aten.one_call import Call, OneCall, parsed  # noqa: E402
from torch_models.row import shape_of  # noqa: E402

# What a formula reads of a tensor without keeping it.
METADATA = re.compile(
    r"\b(\w+)(?:->|\.)(?:sym_sizes|sym_size|sizes|size|sym_numel|numel|dim|options|scalar_type|"
    r"layout|device|sym_strides|strides|is_complex|requires_grad|suggest_memory_format|defined)\b"
    r"(?:\([^()]*\))?"
)
# Functions that take tensors for their sizes and types alone.
SIZES_ONLY = re.compile(r"\b(?:zeros_like|to_args_sizes\w*|to_args_scalartypes)\(\s*\w+\s*\)")
SKIPPED = {"name", "output_differentiability", "dispatch"}
Formulas = dict[str, set[str]]  # by argument: what its gradient reads


def formulas() -> dict[str, Formulas]:
    """By operator and overload: `mul.Tensor`, `relu.default`."""
    import torchgen
    import yaml

    text = Path(torchgen.__file__).parent / "packaged" / "autograd" / "derivatives.yaml"
    found: dict[str, Formulas] = {}
    for entry in yaml.safe_load(text.read_text()):
        name, _, rest = entry["name"].replace("\n", " ").partition("(")
        tensors = set(re.findall(r"Tensor(?:\([a-z]!?\))?\??(?:\[\])? (\w+)", rest))
        kept: Formulas = {}
        named = {key: f for key, f in entry.items() if key not in SKIPPED}
        for key, formula in named.items():
            if key.startswith("result") or not isinstance(formula, str):
                continue
            if formula in {"non_differentiable", "auto_linear", "auto_element_wise"}:
                continue
            bare = METADATA.sub("", SIZES_ONLY.sub("", formula))
            results = set(re.findall(r"\w+", rest.partition("->")[2]))
            words = set(re.findall(r"\w+", bare))
            read = {w for w in words if w in tensors | results or re.fullmatch(r"result\d*", w)}
            for argument in key.split(","):
                kept[argument.strip()] = read - {"Tensor", "grad"}
        # torchgen guards what is kept by who asks for it only where one formula alone reads it, and
        # never results.
        shared = {
            w
            for w in set().union(*kept.values())
            if w not in tensors or sum(w in read for read in kept.values()) > 1
        }
        found[name if "." in name else name + ".default"] = {
            argument: read | shared for argument, read in kept.items()
        }
    return found


def only_trained(row: Call, wanted: int, mark: str) -> Call:
    """The call with one tensor that asks for a gradient, counted from the left."""
    count = -1

    def marked(value: Any) -> Any:
        nonlocal count
        if isinstance(value, list):
            return [marked(item) for item in value]
        match = parsed(value)
        if match is None:
            return value
        count += 1
        axes = f"/{match['axes']}" if match["axes"] else ""
        return match["type"] + (mark if count == wanted else "") + axes

    args = tuple(marked(value) for value in row.args)
    kwargs = {name: marked(value) for name, value in row.kwargs.items()}
    return replace(row, args=args, kwargs=kwargs, every=False)


def result_bytes(row: Call) -> dict[str, int]:
    """Bytes of each result, by the names that a formula may give it."""

    import torch

    model = OneCall(row)
    with torch.no_grad():
        args, kwargs = model.filled(model.template, model.own_inputs)
        out = model.target(*args, **kwargs)
    outs = [out] if isinstance(out, torch.Tensor) else list(out)
    sizes = [t.numel() * t.element_size() for t in outs]
    names = [result.name for result in model.target._schema.returns]
    found = {f"result{i}": size for i, size in enumerate(sizes)}
    found |= {name: size for name, size in zip(names, sizes, strict=False) if name}
    return found | {"result": sizes[0]}


def is_composite(op: str) -> bool:
    """Whether a CPU or a GPU runs it as a composition, whatever other devices do."""
    import torch

    name = "aten::" + op.removesuffix(".default")
    key = "CompositeImplicitAutograd"
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(name, key))


def compared(row: Call, kept: Formulas) -> Iterator[tuple[str, set[str], list[tuple[int, int]]]]:
    """Each argument: what its formula keeps, and bytes that the formula and the row keep."""
    schema = OneCall(row).target._schema
    results = result_bytes(row)
    place = 0
    for argument, value in zip(schema.arguments, row.args, strict=False):
        if isinstance(value, list):
            place += sum(parsed(item) is not None for item in value)
            continue
        match = parsed(value)
        if match is None:
            continue
        read = kept.get(argument.name)
        if read is not None and match["type"].startswith(("f", "bf")):
            dtype, shape = shape_of(match["type"], {})
            size = prod(shape) * dtype.itemsize
            of_results = sum(results[name] for name in read if name in results)
            both = []
            of_self = size if argument.name in read else 0
            marks = [("*", of_self)] if "_." in row.op else [("!", 0), ("*", of_self)]
            for mark, expected in marks:
                answered, _, _ = call_answer(only_trained(row, place, mark))
                both.append((of_results + expected, answered))
            yield argument.name, read, both
        place += 1


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    known = formulas()
    differing = count = 0
    for _, row in CASES:
        is_known_gap = str(row) in SAVED_GAPS
        if row.op not in known or is_known_gap or is_composite(row.op):
            continue
        for argument, read, both in compared(row, known[row.op]):
            count += 1
            differs = any(expected != answered for expected, answered in both)
            differing += differs
            if differs or "--all" in arguments:
                mark = "differs" if differs else "agrees"
                print(f"{mark}  {row}: for {argument} keeps {sorted(read) or '-'}, bytes {both}")
    print(f"{count} compared, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
