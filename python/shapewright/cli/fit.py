"""shapewright fit MODEL --solve N --budget 24GiB"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from shapewright.errors import ShapewrightError

if TYPE_CHECKING:
    from shapewright.fit import Fit
    from shapewright.results import Report

LARGEST = 8  # tensors of the peak that are listed


@guarded
def fit(
    model: Model,
    solve: Annotated[str, typer.Option(metavar="N", help="The symbol to solve for.")],
    tie: Annotated[
        list[str] | None, typer.Option(metavar="W=H", help="A symbol that follows another.")
    ] = None,
    multiple_of: Annotated[int, typer.Option(metavar="8", help="Sizes that count.")] = 1,
    headroom: Annotated[str, typer.Option(metavar="10%", help="Part to leave free.")] = "0",
    safe: Annotated[
        bool, typer.Option("--safe", help="With what CUDA and its libraries may take at most.")
    ] = False,
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
    format: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """The largest size of a symbol with which the model stays within the memory there is."""
    import shapewright
    from shapewright.cli.guard import progress
    from shapewright.cli.output import Sink, answer_json, print_verdict, write_report
    from shapewright.report.verdict import check_verdict, fit_verdict

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
    )
    sink = Sink(format, output, quiet, not no_color)
    if not report.ok:
        verdict = check_verdict(report)
        write_report(report, verdict, sink)
        raise typer.Exit(verdict.exit_code(strict=strict))
    with progress(f"solving for {solve}"):
        answer = shapewright.fit(
            report,
            solve=solve,
            tie=_ties(tie),
            multiple_of=multiple_of,
            headroom=headroom,
            safe=safe,
        )
    verdict = fit_verdict(answer)
    if format is Format.json:
        sink.write(answer_json(model, verdict, fit=answer.to_dict()))
    elif format is not Format.text or quiet or output is not None:
        lines = [verdict.text] if quiet else [*fit_lines(report, answer), verdict.text]
        sink.write("\n".join(lines))
    else:
        print("\n".join(fit_lines(report, answer)))
        print_verdict(verdict, sink)
    raise typer.Exit(verdict.exit_code(strict=strict))


def fit_lines(report: Report, answer: Fit) -> list[str]:
    """What stands above the verdict: the model, the contract, and what fills the memory."""
    from shapewright.report.text import contract_block, domain_block, format_table, heading
    from shapewright.units import format_bytes

    lines = [heading(report), ""]
    if report.contract:
        lines += [contract_block(report), ""]
    if report.domain:
        lines += [domain_block(report), ""]
    peak = answer.peak or answer.next
    if peak is not None:
        size = answer.value if answer.peak is not None else answer.next_value
        largest = sorted(peak.live_set, key=lambda tensor: -tensor.bytes)
        cells = [(t.value, format_bytes(t.bytes), t.why) for t in largest[:LARGEST]]
        rest = largest[LARGEST:]
        if rest:
            cells.append((f"({len(rest)} more)", format_bytes(sum(t.bytes for t in rest)), ""))
        title = f"alive at the peak with {answer.symbol}={size},{report.place(peak.node)}"
        lines += [title.rstrip(","), format_table(None, cells, right=(1,)), ""]
    return lines


def _ties(texts: list[str] | None) -> dict[str, str]:
    ties: dict[str, str] = {}
    for text in texts or ():
        name, equals, other = (part.strip() for part in text.partition("="))
        if not name or not equals or not other:
            message = f"--tie {text} is not understood"
            raise ShapewrightError(message, code="option-value", hint="write --tie W=H")
        ties[name] = other
    return ties
