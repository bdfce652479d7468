"""Where a report with open symbols is shown: at the sizes given, and the smallest of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import lcm

from shapewright.errors import ShapewrightError
from shapewright.memory import BoundReport
from shapewright.results import Constraint, Report


@dataclass(frozen=True)
class Shown:
    """A report at the sizes it is shown at; `reason` says why there are none."""

    bound: BoundReport | None
    assumed: dict[str, int]  # symbols that nobody gave a size
    reason: str = ""

    @property
    def at(self) -> str:
        """`N=1, L=128`: the sizes, "" if the model has no open ones."""
        if self.bound is None:
            return ""
        return ", ".join(f"{name}={size}" for name, size in self.bound.sizes.items())


def shown_at(report: Report) -> Shown:
    """The report at its given sizes; where that breaks the contract, the reason."""
    given = report.question.sizes
    demands = _by_name((*report.contract, *report.domain))
    assumed = {
        s.name: _least(s.name, s.lower, demands.get(s.name, []))
        for s in report.symbols
        if s.name not in given
    }
    try:
        bound = report.at(**assumed)
        _ = bound.peak
    except ShapewrightError as error:
        return Shown(None, assumed, error.message)
    return Shown(bound, assumed)


def _by_name(contract: Iterable[Constraint]) -> dict[str, list[Constraint]]:
    """What is demanded of each symbol, where it stands alone on a side."""
    demands: dict[str, list[Constraint]] = {}
    for constraint in contract:
        for name in {str(side) for side in (constraint.lhs, constraint.rhs)}:
            demands.setdefault(name, []).append(constraint)
    return demands


def _least(name: str, lower: int, contract: Iterable[Constraint]) -> int:
    """The smallest size from `lower` on that what is demanded of this symbol alone leaves."""
    step = 1
    for constraint in contract:
        fixed = _fixed(constraint, name)
        if fixed is not None:
            return fixed
        if not isinstance(constraint.lhs, int) or str(constraint.rhs) != name:
            continue
        if constraint.kind == "at-most":
            lower = max(lower, constraint.lhs)
        elif constraint.kind == "divides":
            step = lcm(step, constraint.lhs)
    return -(-lower // step) * step


def _fixed(constraint: Constraint, name: str) -> int | None:
    """The one size that a constraint leaves a symbol."""
    sides = (constraint.lhs, constraint.rhs)
    if constraint.kind != "equal" or name not in map(str, sides):
        return None
    return next((size for size in sides if isinstance(size, int)), None)
