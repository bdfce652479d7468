"""shapewright devices"""

from __future__ import annotations

from shapewright.cli.arguments import Format, FormatOption, Output
from shapewright.cli.guard import guarded


@guarded
def devices(format: FormatOption = Format.text, output: Output = None) -> None:
    """The accelerators that --device knows, with their memory."""
    from shapewright.cli.output import Sink
    from shapewright.devices import all_devices
    from shapewright.report.text import format_table
    from shapewright.units import format_bytes

    sink = Sink(format, output)
    rows = all_devices().values()
    if format is Format.json:
        import json

        data = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in rows]
        sink.write(json.dumps({"schema_version": 1, "devices": data}, indent=2))
        return
    cells = [(row.name, format_bytes(row.usable), row.title) for row in rows]
    if format is Format.markdown:
        from shapewright.report.markdown import table

        sink.write(table(("name", "memory", "device"), cells))
    else:
        sink.write(format_table(None, cells, right=(1,)))
