"""Stops a run that cannot fit before its first step."""

from __future__ import annotations

import sys
from typing import Any

from shapewright.api import check
from shapewright.errors import WillNotFit
from shapewright.memory import Peak
from shapewright.options import budget_of
from shapewright.units import format_bytes


def guard(
    model: Any,
    batch: Any,
    *,
    optimizer: Any = None,
    budget: str | int | None = None,
    **options: Any,
) -> Peak:
    """Raises `WillNotFit` before step 0 if training `model` on `batch` cannot fit; else its peak.

    >>> sw.guard(model, batch, optimizer=adamw)  # doctest: +SKIP

    It raises only if the lower bound, tensors alone, exceeds what there is: a run that it lets pass
    may fail, one that it stops could not have run. What there is: `budget`, else what
    `torch.cuda.mem_get_info` has free, with what this process's allocator holds already. Without
    either nothing is checked against. `optimizer` is one of torch.optim or a name; the others are
    options of `check`.
    """
    asked: dict[str, Any] = {"mode": "train", **options}
    if optimizer is not None:
        from shapewright.importers.torch_optimizer import optimizer_of

        asked["optimizer"] = optimizer_of(optimizer)
    peak = check(model, batch, **asked).at().peak
    available = _available(budget)
    if available is not None and peak.lower > available:
        raise _will_not_fit(peak, available)
    return peak


def _available(budget: str | int | None) -> int | None:
    limits = budget_of(None, budget, on_gpu=True)
    if limits is not None:
        return limits.likely
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    free, _ = torch.cuda.mem_get_info()
    # What is cached or already holds the model is this run's to use.
    return int(free) + int(torch.cuda.memory_reserved())


def _will_not_fit(peak: Peak, available: int) -> WillNotFit:
    needed, limit = format_bytes(peak.lower), format_bytes(available)
    largest = peak.live_set[0] if peak.live_set else None
    facts = {"needed": str(peak.lower), "budget": str(available), "phase": peak.phase}
    if largest is not None:
        facts["largest"] = f"{largest.value}, {format_bytes(largest.bytes)}: {largest.why}"
    return WillNotFit(
        f"training needs at least {needed}, and there are {limit}",
        code="will-not-fit",
        facts=facts,
        node=peak.node or "",
        hint="a smaller batch, or what report.what_if() ranks",
    )
