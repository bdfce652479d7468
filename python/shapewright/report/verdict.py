"""The one line that a report comes down to, and the exit code that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from shapewright.fit import Fit
from shapewright.memory import Peak, larger
from shapewright.options import Budget
from shapewright.report.nominal import Shown, shown_at
from shapewright.results import Report
from shapewright.units import format_against, format_bytes
from shapewright.what_if import WhatIf


@dataclass(frozen=True)
class Verdict:
    """`status` is one of consistent, fits, faulty, too-large, inconclusive."""

    status: str
    text: str

    def exit_code(self, *, strict: bool) -> int:
        """0 fits and consistent; 1 faulty or too large; 3 inconclusive, with `strict` only."""
        if self.status in {"faulty", "too-large"}:
            return 1
        return 3 if strict and self.status == "inconclusive" else 0


def check_verdict(report: Report, shown: Shown | None = None) -> Verdict:
    """What `check` comes down to."""
    if not report.ok:
        return _faulty(report)
    shown = shown or shown_at(report)
    limits = report.question.limits
    if limits is None:
        return Verdict("consistent", f"CONSISTENT  {_memory_text(report, shown)}")
    if shown.assumed and (verdict := _bounded_verdict(report, shown, limits.likely)):
        return verdict
    if shown.bound is None:
        return Verdict("inconclusive", f"INCONCLUSIVE  {shown.reason}")
    peak = shown.bound.peak
    if shown.assumed:
        return _open_verdict(peak, shown, limits.likely)
    return peak_verdict(peak, limits, report.place(peak.node))


def peak_verdict(peak: Peak, limits: Budget, where: str) -> Verdict:
    """A peak held against a budget; both ends of its bounds must agree."""
    if peak.on_gpu and peak.upper is not None:
        return _gpu_verdict(peak, limits, where)
    budget = limits.likely
    if peak.upper is not None and peak.upper <= budget:
        limit, needed = format_against(budget, peak.upper)
        return Verdict("fits", f"FITS  peak {needed} of {limit}{where}")
    if peak.lower > budget:
        limit, needed = format_against(budget, peak.lower)
        return Verdict("too-large", f"DOES NOT FIT  peak {needed} of {limit}{where}")
    low = format_bytes(peak.lower)
    high = format_bytes(peak.upper) if peak.upper is not None else "no upper bound"
    text = f"INCONCLUSIVE  peak between {low} and {high}, budget {format_bytes(budget)}{where}"
    return Verdict("inconclusive", text)


def _gpu_verdict(peak: Peak, limits: Budget, where: str) -> Verdict:
    """A replay in PyTorch's allocator decides; the most that libraries take is said beside it."""
    budget = limits.likely
    if not peak.runs_in(budget):
        needed = max(peak.capacity or 0, peak.live)
        if needed <= budget:  # it runs in so much, but not in the budget
            text = f"DOES NOT FIT  {format_bytes(budget)} fragment, {format_bytes(needed)} run"
            return Verdict("too-large", text + where)
        limit, text = format_against(budget, needed)
        return Verdict("too-large", f"DOES NOT FIT  needs {text} of {limit}{where}")
    limit, text = format_against(budget, peak.capacity or peak.live)
    fits = f"FITS  needs {text} of {limit}{where}"
    if peak.runs_in(limits.safe, safe=True):
        return Verdict("fits", f"{fits}, whatever libraries take")
    most = format_bytes(peak.capacity_upper or 0)
    return Verdict("fits", f"{fits}; {most} if libraries take the most they may")


def fit_verdict(answer: Fit) -> Verdict:
    """What `fit` comes down to."""
    label, peak, after = answer.symbol, answer.peak, answer.next
    following = f"{label}={answer.next_value}"
    if peak is None:
        if after is None:
            text = f"DOES NOT FIT  {following} needs more than 64 bits can count"
            return Verdict("too-large", text)
        limit, needed = format_against(answer.budget, answer.budget + (answer.short or 0))
        where = _stop(answer)
        text = f"{following} needs {needed} of {limit}{where}"
        if answer.untraced:
            return Verdict("inconclusive", f"INCONCLUSIVE  {text}; {_end(answer)}")
        return Verdict("too-large", f"DOES NOT FIT  {text}")
    if peak.on_gpu:
        return Verdict("fits", _spare_text(answer))
    sizes = [peak.live] if after is None else [peak.live, after.live]
    limit, needed, *more = format_against(answer.budget, *sizes)
    text = f"FITS  {label}={answer.value}  peak {needed} of {limit}{answer.report.place(peak.node)}"
    if answer.next_value is None:
        return Verdict("fits", f"{text}; {_end(answer)}")
    needs = more[0] if more else "more than 64 bits can count"
    return Verdict("fits", f"{text}; {following} needs {needs}")


def _spare_text(answer: Fit) -> str:
    """`N=48 with 0.7 GiB spare of 8.0 GiB; N=49 fails by 0.4 GiB at layer4.2.conv3, backward`."""
    label, slack = answer.symbol, format_bytes(answer.slack)
    text = f"FITS  {label}={answer.value} with {slack} spare of {format_bytes(answer.budget)}"
    if answer.untried:
        text += f" ({answer.untried} larger ones were not tried)"
    following = f"{label}={answer.next_value}"
    if answer.next_value is None:
        return f"{text}; {_end(answer)}"
    if answer.next is None:
        return f"{text}; {following} needs more than 64 bits can count"
    short = answer.short or 0
    fails = f"fails by {format_bytes(short)}" if short > 0 else "fails"
    return f"{text}; {following} {fails}{_stop(answer)}"


def _end(answer: Fit) -> str:
    """Why there is no larger size, or, where nothing fits, no other."""
    if answer.untraced:
        return f"where {answer.untraced} does not hold, the model takes another branch"
    return f"no larger {answer.symbol} is allowed"


def _stop(answer: Fit) -> str:
    """` at layer4.2.conv3 (conv2d_52), backward`: what stops the next size."""
    if answer.binding is None:
        return ""
    report, binding = answer.report, answer.binding
    phase = f", {binding.phase}" if report.question.run.trains else ""
    return report.place(binding.node) + phase


def what_if_verdict(table: WhatIf) -> Verdict:
    """What `what-if` comes down to: the model as it is, and the first change that lets it fit."""
    best = table.changes[0] if table.changes else None
    text = f"needs {format_bytes(table.needed)}"
    if table.budget is None:
        saved = f"; at the least {format_bytes(best.needed)}: {best.name}" if best else ""
        return Verdict("consistent", f"CONSISTENT  {text}{saved}")
    text += f" of {format_bytes(table.budget)}"
    if table.peak.runs_in(table.budget):
        return Verdict("fits", f"FITS  {text} as it is")
    # The least of the changes that suffice.
    enough = [change for change in table.changes if change.fits]
    if enough:
        return Verdict("too-large", f"DOES NOT FIT  {text}; it would with {enough[-1].name}")
    return Verdict("too-large", f"DOES NOT FIT  {text}; none of the changes is enough")


def _faulty(report: Report) -> Verdict:
    errors = [finding for finding in report.findings if finding.severity == "error"]
    others = len(report.findings) - len(errors)
    first = errors[0]
    where = f" at {first.node}" if first.node else ""
    counts = f"{len(errors)} error{'s' * (len(errors) > 1)}"
    if others:
        counts += f", {others} other finding{'s' * (others > 1)}"
    return Verdict("faulty", f"FAULTY  {counts}; first: {first.code}{where}")


def _memory_text(report: Report, shown: Shown) -> str:
    if shown.bound is None:
        return f"no peak: {shown.reason}"
    peak = shown.bound.peak
    where = report.place(peak.node)
    sizes = f" with {shown.at}" if shown.at else ""
    if peak.exact:
        text = format_bytes(peak.live)
    elif peak.on_gpu and peak.upper is not None:
        low, high = format_bytes(peak.lower), format_bytes(peak.upper)
        text = f"{format_bytes(peak.live)} (between {low} and {high})"
    elif peak.upper is None:
        text = f"at least {format_bytes(peak.lower)}"
    else:
        text = f"between {format_bytes(peak.lower)} and {format_bytes(peak.upper)}"
    return f"peak {text}{where}{sizes}"


def _bounded_verdict(report: Report, shown: Shown, budget: int) -> Verdict | None:
    """What holds at every size that the bounds of the open symbols allow; None if that differs."""
    if report.domain:  # the others run too, another way
        return None
    least, most = report.formula("live_peak").range(**report.question.sizes)
    if report.question.hidden is not None:
        other = report.question.hidden()
        if other is None:
            return None
        low, high = other.formula("live_peak").range(**report.question.sizes)
        least, most = min(least, low), larger(most, high)
    spans = ", ".join(
        f"{s.name}={s.lower}.." + ("" if s.upper is None else str(s.upper))
        for s in report.symbols
        if s.name in shown.assumed
    )
    if most is not None and most <= budget and not report.question.run.on_gpu:
        limit, needed = format_against(budget, most)
        return Verdict("fits", f"FITS  peak at most {needed} of {limit} with {spans}")
    if least > budget:
        limit, needed = format_against(budget, least)
        return Verdict("too-large", f"DOES NOT FIT  peak at least {needed} of {limit} with {spans}")
    return None


def _open_verdict(peak: Peak, shown: Shown, budget: int) -> Verdict:
    """Sizes are open: one of them that fits says nothing of the others."""
    names = ", ".join(shown.assumed)
    flags = " ".join(f"--dim {name}=8" for name in shown.assumed)
    text = (
        f"INCONCLUSIVE  {names} open: {format_bytes(peak.live)} of {format_bytes(budget)} "
        f"with {shown.at}; give {flags}, or ask for the largest size with `shapewright fit`"
    )
    return Verdict("inconclusive", text)


def shape_verdict(report: Report) -> Verdict:
    """What `shapes` comes down to."""
    if not report.ok:
        return _faulty(report)
    coverage = report.coverage
    if coverage.unknown or coverage.rank_only:
        return Verdict("inconclusive", f"INCONCLUSIVE  {coverage}")
    return Verdict("consistent", f"CONSISTENT  {coverage}")
