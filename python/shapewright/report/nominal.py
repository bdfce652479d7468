"""Where a report with open symbols is shown: at the sizes given, and the smallest of the rest."""

from __future__ import annotations

from dataclasses import dataclass

from shapewright.errors import ShapewrightError
from shapewright.memory import BoundReport
from shapewright.results import Report


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
    assumed = {s.name: s.lower for s in report.symbols if s.name not in given}
    try:
        bound = report.at(**assumed)
        _ = bound.peak
    except ShapewrightError as error:
        return Shown(None, assumed, error.message)
    return Shown(bound, assumed)
