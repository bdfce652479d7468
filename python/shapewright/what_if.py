"""What would change the memory of a model: each way to run it is simulated anew, and ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shapewright import _core
from shapewright.errors import ShapewrightError
from shapewright.memory import Peak, make_peak, needed_of, sizes_hinted
from shapewright.options import Optimizer, Run
from shapewright.sharding import Sharding, block_lists, block_patterns
from shapewright.units import format_bytes

if TYPE_CHECKING:
    from shapewright.results import Report

GROUPS = (1, 2, 3, 4, 6, 8, 12, 16)  # modules that are checkpointed together
MICRO_BATCHES = (2, 4, 8)
EXPANDABLE = "expandable_segments:True"
_BACKENDS = {
    "flash": "FLASH_ATTENTION",
    "efficient": "EFFICIENT_ATTENTION",
    "cudnn": "CUDNN_ATTENTION",
    "math": "MATH",
}


@dataclass(frozen=True)
class Change:
    """One way to run the model; sizes in bytes.

    `how` says what to write, `needed` what the device must have: the least capacity that runs on a
    GPU, else the live peak. `saves` is below 0 where it costs. `fits` holds it against the budget.
    """

    name: str
    how: str
    needed: int
    saves: int
    fits: bool | None
    peak: Peak

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON-ready data."""
        names = ("name", "how", "needed", "saves", "fits")
        return {name: getattr(self, name) for name in names} | {
            "live": self.peak.live,
            "reserved": self.peak.reserved,
            "phase": self.peak.phase,
            "node": self.peak.node,
        }


@dataclass(frozen=True)
class WhatIf:
    """The changes of a model at some sizes, the one that saves most first."""

    sizes: dict[str, int]
    needed: int
    budget: int | None
    peak: Peak
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON-ready data."""
        return {
            "sizes": self.sizes,
            "needed": self.needed,
            "live": self.peak.live,
            "budget": self.budget,
            "changes": [change.to_dict() for change in self.changes],
        }

    def __str__(self) -> str:
        from shapewright.report.text import format_table

        fits = {True: "fits", False: "too large", None: ""}
        rows = [
            (c.name, format_bytes(c.needed), _signed(-c.saves), fits[c.fits], c.how)
            for c in self.changes
        ]
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        head = f"what if, instead of {format_bytes(self.needed)}" + (
            f" with {sizes}" if sizes else ""
        )
        return f"{head}\n{format_table(None, rows, right=(1, 2))}"


@dataclass(frozen=True)
class _Way:
    name: str
    how: str
    run: Run
    sizes: dict[str, int]
    analysis: _core.Analysis | None = None  # of the module in that precision; None: of the report


def what_if(report: Report, sizes: dict[str, int], ranks: int) -> WhatIf:
    """The table of a PyTorch module; raises for other models."""
    run = report.question.run
    if not _core.is_eager(report.graph):
        message = "what_if is answered for PyTorch modules"
        raise ShapewrightError(message, code="option-unavailable")
    if ranks < 2:
        message = f"ranks is a number of GPUs, at least 2, not {ranks}"
        raise ShapewrightError(message, code="option-value")
    base = _Way("as it is", "", run, sizes)
    peak = _peak(report, base)
    needed = _needed(peak)
    limits = report.question.limits
    budget = None if limits is None else limits.likely
    changes = []
    for way in _ways(report, base, ranks):
        found = _peak(report, way)
        takes = _needed(found)
        fits = None if budget is None else found.runs_in(budget)
        changes.append(Change(way.name, way.how, takes, needed - takes, fits, found))
    changes.sort(key=lambda change: change.needed)
    return WhatIf(sizes, needed, budget, peak, tuple(changes))


def _peak(report: Report, way: _Way) -> Peak:
    core = _core.MemoryModel(way.analysis or report.analysis, way.run.core())
    with sizes_hinted():
        return make_peak(core.at(way.sizes).peak, way.run.profile)


def _needed(peak: Peak) -> int:
    needed = needed_of(peak, safe=False)
    return peak.live if needed is None else needed


def _ways(report: Report, base: _Way, ranks: int) -> Iterator[_Way]:
    run = base.run
    yield from _precisions(report, base)
    yield from _attentions(report, base)
    blocks = block_lists(report.graph)
    best = _checkpoint(report, base, blocks) if run.trains else None
    if best is not None:
        yield best
    if run.optimizer is not None:
        yield from _optimizers(base, run.optimizer)
    yield from _outputs(base)
    if run.trains:
        yield from _gradients(base)
        if run.sharding is None or not run.sharding.is_pipeline:
            yield from _micro_batches(report, base)
    if not run.on_gpu:
        return
    if EXPANDABLE not in run.settings:
        how = f"PYTORCH_CUDA_ALLOC_CONF={EXPANDABLE}"
        yield replace(base, name="expandable segments", how=how, run=_expandable(run))
    if run.trains and run.sharding is None:
        yield from _shardings(report, base, ranks)
    together = _together(base, best)
    if together is not None:
        yield together


def _precisions(report: Report, base: _Way) -> Iterator[_Way]:
    if base.run.precision != "fp32":
        return
    in_halves = report.question.in_halves
    for name, precision, how in (
        ("bfloat16", "bf16", "model.to(torch.bfloat16)"),
        ("autocast", "bf16-amp", 'torch.autocast("cuda", torch.bfloat16)'),
    ):
        how = how if base.run.on_gpu else how.replace("cuda", "cpu")
        read = in_halves() if precision == "bf16" and in_halves is not None else None
        run = replace(base.run, precision=precision, is_cast=read is not None)
        yield replace(base, name=name, how=how, run=run, analysis=read)


def _optimizers(base: _Way, optimizer: Optimizer) -> Iterator[_Way]:
    for update, name, how in (
        ("fused", "fused optimizer", "fused=True"),
        ("loop", "optimizer one by one", "foreach=False"),
    ):
        if optimizer.update != update and (base.run.on_gpu or update == "fused"):
            run = replace(base.run, optimizer=replace(optimizer, update=update))
            yield replace(base, name=name, how=how, run=run)
    if optimizer.name in {"adam", "adamw"} and not optimizer.state:
        run = replace(base.run, optimizer=Optimizer("adamw-8bit"))
        yield replace(base, name="8-bit optimizer", how="bitsandbytes.optim.AdamW8bit", run=run)


def _gradients(base: _Way) -> Iterator[_Way]:
    early = base.run.zero_grad == "after-step"
    position = "before-backward" if early else "after-step"
    name = "zero_grad before backward" if early else "zero_grad after the step"
    how = f'zero_grad="{position}"'
    yield replace(base, name=name, how=how, run=replace(base.run, zero_grad=position))


def _outputs(base: _Way) -> Iterator[_Way]:
    if base.run.outputs == "kept":
        how = "del out before the next call"
        run = replace(base.run, outputs="dropped")
        yield replace(base, name="outputs dropped", how=how, run=run)


def _micro_batches(report: Report, base: _Way) -> Iterator[_Way]:
    symbol = report.analysis.batch_symbol or ""
    size = base.sizes.get(symbol, 0)
    for parts in MICRO_BATCHES:
        if size % parts or size < parts:
            continue
        run = replace(base.run, accumulate=parts * base.run.accumulate)
        micro = {**base.sizes, symbol: size // parts}
        name = f"micro-batches of {size // parts}"
        how = f"{symbol}={size // parts}, accumulate={run.accumulate}"
        yield replace(base, name=name, how=how, run=run, sizes=micro)


def _attentions(report: Report, base: _Way) -> Iterator[_Way]:
    """Kernels of attention that run where PyTorch would choose another."""
    if base.run.attention:
        return
    chosen = _kernels(report.memory, base)
    for kernel, backend in _BACKENDS.items() if chosen else ():
        if set(chosen) == {kernel}:
            continue
        way = replace(base, run=replace(base.run, attention=kernel))
        found = _kernels(_core.MemoryModel(report.analysis, way.run.core()), way)
        if found == chosen or kernel not in found:
            continue
        how = f"sdpa_kernel(SDPBackend.{backend})"
        yield replace(way, name=f"{kernel} attention", how=how)


def _kernels(memory: _core.MemoryModel, way: _Way) -> tuple[str, ...]:
    return tuple(layer[2] for layer in memory.at(way.sizes).layers if layer[2])


def _shardings(report: Report, base: _Way, ranks: int) -> Iterator[_Way]:
    units = block_patterns(report.graph)
    for kind, name, how in (
        ("ddp", "DDP", "DistributedDataParallel"),
        ("ddp-views", "DDP, gradients in buckets", "gradient_as_bucket_view=True"),
        ("zero-1", "ZeRO-1", "ZeroRedundancyOptimizer, or zero_optimization stage 1"),
        ("zero-2", "ZeRO-2", "zero_optimization stage 2"),
        ("fsdp2", "ZeRO-3, FSDP2", "fully_shard on each block and the model"),
    ):
        run = replace(base.run, sharding=Sharding(kind, ranks, units))
        yield replace(base, name=f"{name} over {ranks}", how=how, run=run)
    symbol = report.analysis.batch_symbol or ""
    size = base.sizes.get(symbol, 0)
    enough = _core.count_units(report.graph, list(units)) >= ranks
    if base.run.accumulate == 1 and enough and size >= ranks and size % ranks == 0:
        micro = {**base.sizes, symbol: size // ranks}
        run = replace(base.run, sharding=Sharding("pipeline", ranks, units))
        how = f"{symbol}={size // ranks}, torch.distributed.pipelining.Schedule1F1B"
        yield replace(base, name=f"pipeline over {ranks}", how=how, run=run, sizes=micro)


def _together(base: _Way, best: _Way | None) -> _Way | None:
    """What changes no result: checkpoints, one kernel for the step, segments that grow."""
    run = _expandable(base.run if best is None else best.run)
    names = ["expandable segments"] if best is None else [best.name, "expandable segments"]
    optimizer = run.optimizer
    if optimizer is not None and optimizer.update != "fused":
        run = replace(run, optimizer=replace(optimizer, update="fused"))
        names.append("fused optimizer")
    if len(names) < 2:
        return None
    return replace(base, name="together", how=", ".join(names), run=run)


def _expandable(run: Run) -> Run:
    settings = f"{run.settings},{EXPANDABLE}" if run.settings else EXPANDABLE
    return replace(run, settings=settings)


def _checkpoint(report: Report, base: _Way, blocks: dict[str, int]) -> _Way | None:
    """Repeated modules run again in backward, in groups of the size that leaves the least alive."""
    if not blocks or base.run.checkpoint:
        return None
    best: tuple[int, _Way] | None = None
    for group in (g for g in GROUPS if g <= max(blocks.values())):
        suffix = f":{group}" if group > 1 else ""
        patterns = tuple(f"{path}.*{suffix}" if path else f"*{suffix}" for path in blocks)
        name = "checkpoint each block" if group == 1 else f"checkpoint every {group} blocks"
        how = f"checkpoint={list(patterns) if len(patterns) > 1 else patterns[0]!r}"
        way = replace(base, name=name, how=how, run=replace(base.run, checkpoint=patterns))
        live = _peak(report, way).live
        if best is None or live < best[0]:
            best = live, way
    return None if best is None else best[1]


def _signed(size: int) -> str:
    return f"{'+' if size > 0 else '-' if size < 0 else ''}{format_bytes(abs(size))}"
