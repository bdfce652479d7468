"""shapewright why MODEL VALUE [AXIS]"""

from __future__ import annotations

from typing import Annotated

import typer

from shapewright.cli.arguments import (
    Dims,
    Dtypes,
    Format,
    FormatOption,
    Model,
    Output,
    Shapes,
    check_source,
)
from shapewright.cli.guard import guarded


@guarded
def why(
    model: Model,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Name of a tensor.")],
    axis: Annotated[int | None, typer.Argument(metavar="[AXIS]", help="All if left out.")] = None,
    shape: Shapes = None,
    dtype: Dtypes = None,
    dim: Dims = None,
    format: FormatOption = Format.text,
    output: Output = None,
) -> None:
    """The chain that gave the size of a tensor, nearest cause first."""
    from shapewright.cli.output import Sink

    report = check_source(model, shape, dtype, dim)
    first = 0 if axis is None else axis
    chains = {first: report.why(value, first)} if report.values.get(value) else {}
    if not chains:
        report.why(value, first)  # raises with the nearest name
    tensor = report.values[value]
    if axis is None:
        chains = {i: report.why(value, i) for i in range(tensor.rank or 0)}
    sink = Sink(format, output)
    if format is Format.json:
        import json

        data = {
            "schema_version": 1,
            "value": value,
            "type": str(tensor),
            "axes": [{"axis": i, "why": list(chain)} for i, chain in chains.items()],
        }
        sink.write(json.dumps(data, indent=2, ensure_ascii=False))
        return
    lines = [f"{value}  {tensor}"]
    for i, chain in chains.items():
        size = "?" if tensor.shape is None else tensor.shape[i]
        lines.append(f"  axis {i} = {'?' if size is None else size}")
        lines += [f"    {line}" for line in chain]
    sink.write("\n".join(lines))
