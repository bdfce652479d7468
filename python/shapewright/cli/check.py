"""shapewright check MODEL"""

from __future__ import annotations

import typer

from shapewright.cli.arguments import (
    Accumulate,
    AllocatorSettings,
    Attention,
    Batch,
    Budget,
    Checkpoint,
    Declared,
    DeviceName,
    Dims,
    Dtypes,
    Format,
    FormatOption,
    Mode,
    Model,
    NoColor,
    OptimizerName,
    Output,
    Outputs,
    Precision,
    Profile,
    Quiet,
    Shapes,
    Shard,
    Strict,
    ZeroGrad,
    check_source,
    parse_shard,
)
from shapewright.cli.guard import guarded


@guarded
def check(
    model: Model,
    shape: Shapes = None,
    dtype: Dtypes = None,
    dim: Dims = None,
    mode: Mode = "infer",
    optimizer: OptimizerName = None,
    precision: Precision = "fp32",
    checkpoint: Checkpoint = None,
    accumulate: Accumulate = 1,
    zero_grad: ZeroGrad = "after-step",
    outputs: Outputs = "dropped",
    attention: Attention = None,
    shard: Shard = None,
    device: DeviceName = None,
    budget: Budget = None,
    profile: Profile = None,
    settings: AllocatorSettings = "",
    strict: Strict = False,
    declared: Declared = "refine",
    batch: Batch = None,
    format: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Every shape, what the model demands of its inputs, and how much memory it takes."""
    from shapewright.cli.output import Sink, write_report
    from shapewright.report.verdict import check_verdict

    report = check_source(
        model,
        shape,
        dtype,
        dim,
        mode=mode,
        optimizer=optimizer,
        precision=precision,
        checkpoint=tuple(checkpoint or ()),
        accumulate=accumulate,
        zero_grad=zero_grad,
        outputs=outputs,
        attention=attention,
        sharding=parse_shard(shard),
        device=device,
        budget=budget,
        profile=profile,
        settings=settings,
        strict=strict,
        declared=declared,
        batch=batch,
    )
    verdict = check_verdict(report)
    write_report(report, verdict, Sink(format, output, quiet, not no_color))
    raise typer.Exit(verdict.exit_code(strict=strict))
