"""A report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Sequence

from shapewright.report.layers import table_rows
from shapewright.report.nominal import Shown, shown_at
from shapewright.report.text import (
    DIFFERENCE_HEADINGS,
    LAYER_HEADINGS,
    difference_rows,
    heading,
    layer_cells,
    memory_rows,
    shortened,
)
from shapewright.report.verdict import check_verdict
from shapewright.results import Report


def report_markdown(report: Report) -> str:
    """The whole report; the verdict is the last line."""
    shown = shown_at(report) if report.ok else Shown(None, {}, "the model has errors")
    parts = [f"**{_escape(heading(report))}**"]
    if shown.bound is not None:
        rows = [layer_cells(row) for row in table_rows(shown.bound, symbolic=bool(shown.assumed))]
        parts.append(table(LAYER_HEADINGS, rows))
        if shown.assumed:
            parts.append(f"shares at {_escape(shown.at)}")
    parts += [f"```\n{finding}\n```" for finding in report.findings]
    if report.contract:
        rows_of_contract = [(shortened(c.text), c.node) for c in report.contract]
        parts.append(table(("contract", "from"), rows_of_contract))
    if report.domain:
        rows_of_domain = [(shortened(c.text), c.node) for c in report.domain]
        parts.append(table(("holds for", "asked at"), rows_of_domain))
    if report.differences:
        parts.append(table(DIFFERENCE_HEADINGS, difference_rows(report)))
    parts.append(_escape(str(report.coverage)))
    if report.ok:
        parts.append(table(("memory", ""), memory_rows(report, shown)))
    parts.append(f"**{_escape(check_verdict(report, shown).text)}**")
    return "\n\n".join(parts)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are code, so that names and expressions stay as they are."""
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(_code(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _code(cell: str) -> str:
    return f"`{cell.replace('|', '&#124;')}`" if cell else ""


def _escape(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "*_`|<>" else letter for letter in text)
