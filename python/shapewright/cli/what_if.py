"""shapewright what-if MODEL --mode train --optimizer adamw --dim N=32"""

from __future__ import annotations

from typing import Annotated

import typer

from shapewright.cli.arguments import (
    Accumulate,
    AllocatorSettings,
    Attention,
    Budget,
    Checkpoint,
    DeviceName,
    Dims,
    Dtypes,
    Format,
    FormatOption,
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
    ZeroGrad,
    check_source,
    parse_shard,
)
from shapewright.cli.guard import guarded


@guarded
def what_if(
    model: Model,
    ranks: Annotated[int, typer.Option(metavar="8", help="GPUs to divide the model among.")] = 8,
    shape: Shapes = None,
    dtype: Dtypes = None,
    dim: Dims = None,
    mode: Annotated[str, typer.Option(metavar="train|infer", help="What is counted.")] = "train",
    optimizer: OptimizerName = None,
    precision: Precision = "fp32",
    checkpoint: Checkpoint = None,
    accumulate: Accumulate = 1,
    zero_grad: ZeroGrad = "after-step",
    outputs: Outputs = "dropped",
    attention: Attention = None,
    device: DeviceName = None,
    budget: Budget = None,
    profile: Profile = None,
    settings: AllocatorSettings = "",
    shard: Shard = None,
    format: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """What would change the memory of a PyTorch model, ranked by what it saves."""
    from shapewright.cli.guard import progress
    from shapewright.cli.output import Sink, answer_json, write_report
    from shapewright.report.verdict import check_verdict, what_if_verdict

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
        device=device,
        budget=budget,
        profile=profile,
        settings=settings,
        sharding=parse_shard(shard),
    )
    sink = Sink(format, output, quiet, not no_color)
    if not report.ok:
        verdict = check_verdict(report)
        write_report(report, verdict, sink)
        raise typer.Exit(verdict.exit_code(strict=False))
    with progress("simulating"):
        table = report.what_if(ranks=ranks)
    verdict = what_if_verdict(table)
    if format is Format.json:
        sink.write(answer_json(model, verdict, what_if=table.to_dict()))
    else:
        sink.write(verdict.text if quiet else f"{table}\n\n{verdict.text}")
    raise typer.Exit(verdict.exit_code(strict=False))
