"""The arguments that several commands share, and what they are read as."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapewright.errors import ShapewrightError
from shapewright.sharding import Sharding

if TYPE_CHECKING:
    from shapewright.results import Report


class Format(StrEnum):
    """How a command writes its answer."""

    text = "text"
    json = "json"
    markdown = "markdown"
    github = "github"


Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="An .onnx or .pt2 file.", show_default=False)
]
Shapes = Annotated[
    list[str] | None,
    typer.Option("--shape", metavar="NAME:Bx3xHxW", help="Shape of an input; letters are symbols."),
]
Dtypes = Annotated[
    list[str] | None, typer.Option("--dtype", metavar="NAME:i64", help="Element type of an input.")
]
Dims = Annotated[
    list[str] | None,
    typer.Option("--dim", metavar="N=8 | N=1..256", help="Size or bounds of a symbol."),
]
Mode = Annotated[str, typer.Option(metavar="infer|train", help="What the memory is counted for.")]
OptimizerName = Annotated[str | None, typer.Option(metavar="NAME", help="For training.")]
Precision = Annotated[str, typer.Option(metavar="NAME", help="Of a PyTorch model.")]
Checkpoint = Annotated[
    list[str] | None,
    typer.Option("--checkpoint", metavar="'layers.*'", help="Modules run again in backward."),
]
Accumulate = Annotated[
    int, typer.Option("--accumulate", metavar="K", help="Forward and backward passes a step.")
]
AllocatorSettings = Annotated[
    str,
    typer.Option(
        "--settings",
        metavar="NAME:VALUE,...",
        help="As PYTORCH_CUDA_ALLOC_CONF.",
    ),
]
ZeroGrad = Annotated[
    str,
    typer.Option("--zero-grad", metavar="after-step|before-backward", help="When gradients go."),
]
Outputs = Annotated[
    str,
    typer.Option(
        "--outputs",
        metavar="dropped|kept",
        help="Whether what a call returns is kept until the next one has returned.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="fsdp2:8",
        help="As DDP, ZeRO or FSDP2 over so many GPUs, or pipeline:4x8 of 8 micro-batches.",
    ),
]
Attention = Annotated[
    str | None,
    typer.Option("--attention", metavar="flash|efficient|cudnn|math", help="Kernel to run with."),
]
DeviceName = Annotated[
    str | None, typer.Option(metavar="NAME", help="A name from `shapewright devices`.")
]
Budget = Annotated[str | None, typer.Option(metavar="24GiB", help="How much memory there is.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Who runs the model.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Unknown operators are errors; exit 3 if undecided.")
]
Declared = Annotated[
    str,
    typer.Option(
        metavar="refine|check|trust|ignore", help="What the types are worth that the file declares."
    ),
]
Batch = Annotated[
    str | None, typer.Option(metavar="N", help="A symbol for the first axis of the inputs.")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the answer here.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write the answer.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The verdict alone.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours on a terminal.")]


def parse_dims(texts: list[str] | None) -> dict[str, int | tuple[int, int | None]]:
    """`["N=8", "L=1..256"]` as the `dims` of `check`."""
    dims: dict[str, int | tuple[int, int | None]] = {}
    for text in texts or ():
        name, equals, size = (part.strip() for part in text.partition("="))
        low, dots, high = (part.strip() for part in size.partition(".."))
        if not equals or not name or not low:
            msg = "--dim"
            raise _refused(msg, text, "N=8 or N=1..256")
        first = _number(low, text)
        if dots:
            dims[name] = (first, _number(high, text) if high else None)
        else:
            dims[name] = first
    return dims


def parse_shard(text: str | None) -> Sharding | None:
    """`"fsdp2:8"`, or `"pipeline:4x8"` of 8 micro-batches, as the `sharding` of `check`."""
    if text is None:
        return None
    kind, colon, counts = text.rpartition(":")
    numbers = counts.split("x")
    are_counts = all(number.isdecimal() and len(number) <= 6 for number in numbers)
    if not colon or not are_counts or len(numbers) > 2:
        msg = "--shard"
        raise _refused(msg, text, "fsdp2:8 or pipeline:4x8")
    ranks, *batches = map(int, numbers)
    return Sharding(kind, ranks, micro_batches=batches[0] if batches else None)


def _number(text: str, whole: str) -> int:
    digits = text.replace("_", "")
    if not digits.removeprefix("-").isdecimal() or not digits.isascii() or len(digits) > 30:
        msg = "--dim"
        raise _refused(msg, whole, "N=8 or N=1..256")
    return int(digits)


def parse_inputs(
    shapes: list[str] | None, dtypes: list[str] | None, declared: dict[str, str]
) -> dict[str, str] | None:
    """`--shape` and `--dtype` as the `inputs` of `check`; `declared`: the dtype of each input."""
    from shapewright.spelling import did_you_mean

    dims = dict(_named(text, "--shape", "NAME:Bx3xHxW", declared) for text in shapes or ())
    types = dict(_named(text, "--dtype", "NAME:i64", declared) for text in dtypes or ())
    for name in (*dims, *types):
        if name not in declared:
            message = f"the model has no input named '{name}'"
            facts = {"inputs": ", ".join(declared) or "none"}
            hint = did_you_mean(name, declared)
            raise ShapewrightError(message, code="input-unknown", facts=facts, hint=hint)
    inputs: dict[str, str] = {}
    for name in {**dims, **types}:
        dtype = types.get(name, declared[name])
        inputs[name] = f"{dtype}[{dims[name]}]" if name in dims else dtype
    return inputs or None


def _named(text: str, option: str, form: str, declared: dict[str, str]) -> tuple[str, str]:
    # The last colon divides: names such as "input:0" have one of their own.
    name, colon, rest = text.rpartition(":")
    if not rest or (colon and not name):
        raise _refused(option, text, form)
    if not colon:
        if len(declared) != 1:
            listed = ", ".join(declared)
            raise _refused(option, text, f"{form}, for the model has inputs {listed}")
        name = next(iter(declared))
    if option == "--shape":
        # Commas are for symbols with an x in their names.
        dims = [dim.strip() for dim in rest.split("," if "," in rest else "x")]
        if not all(dims):
            raise _refused(option, text, form)
        rest = ", ".join(dims)
    return name, rest


def _refused(option: str, text: str, form: str) -> ShapewrightError:
    message = f"{option} {text} is not understood"
    return ShapewrightError(message, code="option-value", hint=f"write {option} {form}")


def check_source(
    model: str,
    shapes: list[str] | None,
    dtypes: list[str] | None,
    dims: list[str] | None,
    **options: Any,
) -> Report:
    """The report of a model file under the options of the command line."""
    import shapewright
    from shapewright.cli.guard import progress

    bounds = parse_dims(dims)
    with progress(f"reading {model}"):
        graph = shapewright.load(model)
    inputs = None
    if shapes or dtypes:
        declared = {v.name: v.type.dtype if v.type else "f32" for v in graph.inputs}
        inputs = parse_inputs(shapes, dtypes, declared)
    # The sizes of an exported program get the caller's names as the file is read.
    is_program = inputs is not None and model.lower().endswith(".pt2")
    with progress(f"inferring {model}"):
        source = model if is_program else graph
        return shapewright.check(source, inputs, dims=bounds or None, **options)
