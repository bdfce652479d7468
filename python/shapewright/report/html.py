"""A report as HTML: a table and a drawn timeline; no scripts, so it opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from shapewright.memory import Event
from shapewright.report.layers import Row, table_rows
from shapewright.report.nominal import Shown, shown_at
from shapewright.report.text import LAYER_HEADINGS, detail_blocks, heading, layer_cells
from shapewright.report.verdict import check_verdict
from shapewright.results import Report
from shapewright.units import format_bytes

WIDTH, HEIGHT = 720, 160
MAX_POINTS = 600
MAX_BLOCK = 4000  # characters of one block: the fragment stays below 100 kB whatever the model

_STYLE = (
    ".sw{font:13px system-ui,sans-serif}.sw table{border-collapse:collapse}"
    ".sw td,.sw th{padding:2px 10px;text-align:left;border-bottom:1px solid #8884}"
    ".sw td:nth-child(n+3),.sw th:nth-child(n+3){text-align:right}"
    ".sw pre{font:12px ui-monospace,monospace;white-space:pre-wrap;margin:8px 0}"
)


def report_fragment(report: Report) -> str:
    """The report for a notebook: below 100 kB."""
    shown = shown_at(report) if report.ok else Shown(None, {}, "the model has errors")
    parts = [f"<style>{_STYLE}</style>", f"<p>{escape(heading(report))}</p>"]
    if shown.bound is not None:
        parts.append(_table(table_rows(shown.bound, symbolic=bool(shown.assumed))))
        parts.append(timeline_svg(shown.bound.timeline.events))
        if shown.assumed:
            parts.append(f"<p>shares at {escape(shown.at)}</p>")
    room = 60_000
    for _, block in detail_blocks(report, shown):
        text = block if len(block) <= MAX_BLOCK else block[:MAX_BLOCK] + "\n  ..."
        room -= len(text)
        if room < 0:
            parts.append("<p>more in report.to_json()</p>")
            break
        parts.append(f"<pre>{escape(text)}</pre>")
    parts.append(f"<p><b>{escape(check_verdict(report, shown).text)}</b></p>")
    return f'<div class="sw">{"".join(parts)}</div>'


def report_page(report: Report) -> str:
    """The same as a page of its own."""
    title = escape(report.question.source or "shapewright")
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    )
    return f"{head}<body>{report_fragment(report)}</body></html>\n"


def timeline_svg(events: Sequence[Event]) -> str:
    """Bytes alive over the steps of the model, as a filled curve that keeps every peak visible."""
    if not events:
        return ""
    points = _highest_of_each_column([event.live for event in events])
    top = max(max(points), 1)
    step = WIDTH / len(points)
    path = "".join(
        f"L{i * step:.1f} {HEIGHT - live / top * (HEIGHT - 16):.1f}H{(i + 1) * step:.1f}"
        for i, live in enumerate(points)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="bytes alive">'
        f'<path d="M0 {HEIGHT}{path}V{HEIGHT}Z" fill="#4c78a8" fill-opacity=".6"/>'
        f'<text x="4" y="12" font-size="11" fill="currentColor">{format_bytes(top)}</text></svg>'
    )


def _highest_of_each_column(live: Sequence[int]) -> list[int]:
    columns = min(MAX_POINTS, len(live))
    return [
        max(live[i * len(live) // columns : (i + 1) * len(live) // columns]) for i in range(columns)
    ]


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in LAYER_HEADINGS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_short(cell))}</td>" for cell in layer_cells(row)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _short(cell: str) -> str:
    return cell if len(cell) <= 200 else cell[:197] + "..."
