"""shapewright shapes MODEL"""

from __future__ import annotations

import typer

from shapewright.cli.arguments import (
    Dims,
    Dtypes,
    Format,
    FormatOption,
    Model,
    NoColor,
    Output,
    Quiet,
    Shapes,
    Strict,
    check_source,
)
from shapewright.cli.guard import guarded


@guarded
def shapes(
    model: Model,
    shape: Shapes = None,
    dtype: Dtypes = None,
    dim: Dims = None,
    strict: Strict = False,
    format: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Every value of the model with its type, in execution order; the verdict is the last line."""
    from shapewright.cli.output import Sink, make_console, make_table, print_verdict
    from shapewright.report.text import format_table
    from shapewright.report.verdict import shape_verdict

    report = check_source(model, shape, dtype, dim, strict=strict)
    verdict = shape_verdict(report)
    sink = Sink(format, output, quiet, not no_color)
    if format is Format.json:
        import json

        from shapewright.report.data import SCHEMA_VERSION, type_dict

        data = {
            "schema_version": SCHEMA_VERSION,
            "model": model,
            "verdict": {"status": verdict.status, "text": verdict.text},
            "values": {name: type_dict(tensor) for name, tensor in report.values.items()},
        }
        sink.write(json.dumps(data, indent=2, ensure_ascii=False))
    elif quiet:
        print_verdict(verdict, sink)
    else:
        rows = [(name, str(tensor)) for name, tensor in report.values.items()]
        if format is Format.markdown:
            from shapewright.report.markdown import table

            sink.write(f"{table(('value', 'type'), rows)}\n\n{verdict.text}")
        elif sink.is_terminal:
            make_console(sink).print(make_table(("value", "type"), rows))
            print_verdict(verdict, sink)
        else:
            sink.write(f"{format_table(None, rows)}\n\n{verdict.text}")
    raise typer.Exit(verdict.exit_code(strict=strict))
