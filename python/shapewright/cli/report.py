"""shapewright report MODEL -o report.html | snapshot.pickle"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shapewright.cli.arguments import (
    Budget,
    DeviceName,
    Dims,
    Dtypes,
    Format,
    FormatOption,
    Output,
    Profile,
    Quiet,
    Shapes,
    check_source,
)
from shapewright.cli.guard import guarded
from shapewright.errors import ShapewrightError

if TYPE_CHECKING:
    from shapewright.snapshot import SnapshotReport

Source = Annotated[
    str, typer.Argument(metavar="MODEL", help="An .onnx file, or a memory snapshot of PyTorch.")
]
Settings = Annotated[
    str | None,
    typer.Option(
        metavar="NAME:VALUE,...", help="Of a snapshot: settings as PYTORCH_CUDA_ALLOC_CONF."
    ),
]
Gpu = Annotated[int | None, typer.Option(metavar="N", help="Of a snapshot: which GPU's history.")]


@guarded
def report(
    model: Source,
    shape: Shapes = None,
    dtype: Dtypes = None,
    dim: Dims = None,
    device: DeviceName = None,
    budget: Budget = None,
    profile: Profile = None,
    settings: Settings = None,
    gpu: Gpu = None,
    format: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """A page on a model, or a recorded history of allocations replayed under other settings."""
    if Path(model).suffix in {".pickle", ".pkl"}:
        _report_snapshot(model, settings, gpu, device, budget, format, output, quiet)
        return
    if settings is not None or gpu is not None:
        message = "--settings and --gpu belong to a memory snapshot, a .pickle file"
        raise ShapewrightError(message, code="option-conflict")
    if output is None:
        message = "report writes a page and needs to know where"
        raise ShapewrightError(message, code="option-value", hint="-o report.html")
    options = {"device": device, "budget": budget, "profile": profile}
    check_source(model, shape, dtype, dim, **options).to_html(output)


def _report_snapshot(
    source: str,
    settings: str | None,
    gpu: int | None,
    device: str | None,
    budget: str | None,
    format: Format,
    output: Path | None,
    quiet: bool,
) -> None:
    import json

    from shapewright.cli.output import Sink
    from shapewright.devices import find_device
    from shapewright.options import budget_of
    from shapewright.snapshot import snapshot_report

    total = find_device(device).memory if device is not None else 0
    limits = budget_of(device, budget, on_gpu=True)
    capacity = None if limits is None else limits.likely
    answer = snapshot_report(source, settings, capacity=capacity, device=gpu, total=total)
    sink = Sink(format, output, quiet)
    if format is Format.json:
        sink.write(json.dumps(answer.to_dict(), indent=2))
    else:
        lines = [] if quiet else snapshot_lines(answer, source)
        sink.write("\n".join([*lines, snapshot_verdict(answer)]))
    raise typer.Exit(0 if answer.runs else 1)


def snapshot_lines(answer: SnapshotReport, source: str) -> list[str]:
    """What was recorded, and what a replay makes of it."""
    from shapewright.report.text import format_table
    from shapewright.units import format_bytes

    history, replay = answer.history, answer.replay
    rows = [
        ("requested, peak", format_bytes(replay.requested_peak)),
        ("allocated, peak", format_bytes(replay.allocated_peak)),
        ("reserved, peak", format_bytes(replay.reserved_peak)),
        ("reserved, recorded", format_bytes(history.recorded_peak)),
        ("retries", str(replay.num_retries)),
        ("segments taken, given back", f"{replay.num_device_allocs}, {replay.num_device_frees}"),
    ]
    if history.held_before:
        rows.append(("alive before the recording", format_bytes(history.held_before)))
    lines = [
        f"{source}  GPU {history.device}, {history.num_allocations} allocations in "
        f"{len(history.events)} events",
        f"settings  {answer.settings or 'none'}; recorded under {history.settings or 'none'}",
        "",
        format_table(None, rows, right=(1,)),
        "",
    ]
    if history.has_private_pools:
        lines += ["private pools (CUDA graphs) are replayed as streams of their own", ""]
    return lines


def snapshot_verdict(answer: SnapshotReport) -> str:
    """The last line: whether it runs, and with how much to spare."""
    from shapewright.units import format_bytes

    least = format_bytes(answer.least.least)
    if not answer.least.is_exact:
        least = f"at most {least}"
    needs = f"the least that runs is {least}"
    if answer.capacity is None:
        return f"RUNS  {needs}, {format_bytes(answer.replay.reserved_peak)} if nothing is refused"
    given = format_bytes(answer.capacity)
    if answer.runs:
        spare = answer.capacity - answer.least.least
        return f"RUNS  in {given}, {format_bytes(spare)} more than it needs: {needs}"
    replay = answer.replay
    missing = max(0, replay.failed_bytes - replay.failed_free_bytes)
    return (
        f"OUT OF MEMORY  in {given} at event {replay.failed_request}: "
        f"{format_bytes(replay.failed_bytes)} asked for, {format_bytes(missing)} missing; {needs}"
    )
