"""The largest size that fits, solved on the memory of a report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from shapewright import _core
from shapewright.errors import InconclusiveError, ShapeError, ShapewrightError
from shapewright.memory import Peak, make_peak, needed_of, sizes_hinted
from shapewright.options import Budget
from shapewright.results import Report
from shapewright.units import parse_headroom


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer of `fit`; sizes in bytes.

    `value` fits and the next size does not: `next` is its peak, None at the symbol's upper bound.
    `value` is 0 if nothing fits. `binding` is the peak that stops it, with its node and what is
    alive; `slack` is what is left. On a GPU, where PyTorch's allocator decides, `slack` counts from
    the least capacity that runs, `binding` lies at the request that is refused, and `untried` says
    how many sizes above `value` were given up without a replay. `untraced` is what of the report's
    domain ends the search: beyond it a PyTorch module takes another branch, which is not looked at.
    Its text says all that in a line.
    """

    value: int
    peak: Peak | None
    next: Peak | None
    binding: Peak | None
    slack: int
    symbol: str
    budget: int
    next_value: int | None
    report: Report = field(repr=False, compare=False)
    safe: bool = False
    untried: int = 0
    untraced: str = ""

    def __str__(self) -> str:
        from shapewright.report.verdict import fit_verdict

        return fit_verdict(self).text

    @property
    def short(self) -> int | None:
        """Bytes that the next size misses; None if there is none, or it is not known."""
        if self.next is None:
            return None
        needed = needed_of(self.next, safe=self.safe)
        return None if needed is None else needed - self.budget

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
            "short": self.short,
            "safe": self.safe,
            "untried": self.untried,
            "untraced": self.untraced or None,
        }


def solve_fit(
    report: Report,
    *,
    limits: Budget | None,
    safe: bool,
    solve: str,
    where: dict[str, int],
    tie: dict[str, str],
    multiple_of: int,
    headroom: str | int | float,
) -> Fit:
    """The largest size; on a CPU, and with `safe`, whatever masks hide where a module asks."""
    if limits is None:
        message = "fit needs to know how much memory there is"
        hint = "budget='24GiB' or device='a100-80gb'"
        raise ShapewrightError(message, code="budget-missing", hint=hint)
    if not report.ok:
        refuse_faulty(report)

    budget = limits.safe if safe else limits.likely
    usable = budget - parse_headroom(headroom, budget)

    def largest(of: Report) -> Fit:
        fixed = {name: size for name, size in of.question.sizes.items() if name != solve}
        with sizes_hinted():
            core = of.memory.fit(
                solve, {**fixed, **where}, tie, multiple_of, usable, with_most=safe
            )
        return _answer(of, core, solve, usable, safe=safe)

    found = largest(report)
    hidden = report.question.hidden
    if hidden is None or (report.question.run.on_gpu and not safe):
        return found
    other = hidden()
    if other is None:
        message = "the live peak has no upper bound: the model asks whether masks hide something"
        hint = "leave the mask out of inputs"
        raise InconclusiveError(message, code="peak-unbounded", hint=hint)
    return min(found, largest(other), key=lambda fit: fit.value)


def _answer(report: Report, core: _core.Fit, solve: str, usable: int, *, safe: bool) -> Fit:
    """What the core found, as data."""
    profile = report.question.profile
    at_value, at_next = core.peak, core.next
    peak = None if at_value is None else make_peak(at_value, profile)
    after = None if at_next is None else make_peak(at_next, profile)
    needed = None if peak is None else needed_of(peak, safe=safe)
    return Fit(
        value=core.value,
        peak=peak,
        next=after,
        binding=_binding(at_next, after, usable, safe=safe),
        slack=core.slack if needed is None else usable - needed,
        symbol=solve,
        budget=usable,
        next_value=core.next_value,
        report=report,
        safe=safe,
        untried=core.num_untried,
        untraced=_untraced(report, solve, core.value, core.next_value),
    )


def _untraced(report: Report, solve: str, value: int, after: int | None) -> str:
    """What of the domain keeps a larger answer out: one may be on another branch."""
    if value > 0 and after is not None:
        return ""
    beside = value + 1 if value > 0 else max((after or 1) - 1, 1)
    return " and ".join(c.text for c in report.domain if not c.holds({solve: beside}))


def _binding(
    core: _core.Peak | None, after: Peak | None, usable: int, *, safe: bool
) -> Peak | None:
    """What stops the next size: the request that is refused, or where the most is alive."""
    failure = None if core is None else core.failure(usable, safe)
    if after is None or failure is None:
        return after
    node, phase, _, _, live_set = failure
    return replace(after, node=node, phase=phase, rows=live_set)


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
