"""The largest size that fits, solved on the memory of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from shapewright.errors import ShapeError, ShapewrightError
from shapewright.memory import Peak, make_peak, sizes_hinted
from shapewright.results import Report
from shapewright.units import parse_headroom


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer of `fit`; sizes in bytes.

    `value` fits and the next size does not: `next` is its peak, None at the symbol's upper bound.
    `value` is 0 if nothing fits. `binding` is the peak that stops it, with its node and what is
    alive; `slack` is what is left.
    """

    value: int
    peak: Peak | None
    next: Peak | None
    binding: Peak | None
    slack: int
    symbol: str
    budget: int
    next_value: int | None

    @property
    def fits(self) -> bool:
        """Whether any size fits."""
        return self.value > 0

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "symbol": self.symbol,
            "value": self.value,
            "budget": self.budget,
            "slack": self.slack,
            "peak": self.peak.to_dict() if self.peak else None,
            "next_value": self.next_value,
            "next": self.next.to_dict() if self.next else None,
        }


def solve_fit(
    report: Report,
    *,
    budget: int | None,
    solve: str,
    where: dict[str, int],
    tie: dict[str, str],
    multiple_of: int,
    headroom: str | int | float,
) -> Fit:
    """Asks the core for the largest size."""
    if budget is None:
        message = "fit needs to know how much memory there is"
        hint = "budget='24GiB' or device='a100-80gb'"
        raise ShapewrightError(message, code="budget-missing", hint=hint)
    if not report.ok:
        refuse_faulty(report)
    usable = budget - parse_headroom(headroom, budget)
    fixed = {name: size for name, size in report.question.sizes.items() if name != solve}
    with sizes_hinted():
        core = report.memory.fit(solve, {**fixed, **where}, tie, multiple_of, usable)
    after = None if core.next is None else make_peak(core.next, report.question.profile)
    return Fit(
        value=core.value,
        peak=None if core.peak is None else make_peak(core.peak, report.question.profile),
        next=after,
        binding=after,
        slack=core.slack,
        symbol=solve,
        budget=usable,
        next_value=core.next_value,
    )


def refuse_faulty(report: Report) -> NoReturn:
    """The memory of a model that cannot run is no answer."""
    first = next(finding for finding in report.findings if finding.severity == "error")
    raise ShapeError(
        first.message,
        code=first.code,
        facts=first.facts,
        node=first.node or "",
        hint=first.hint or "",
    )
