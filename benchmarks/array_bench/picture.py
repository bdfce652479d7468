"""The figures as horizontal bars: geomean of the limit for each set, its worst case, the rivals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from statistics import geometric_mean
from typing import Any, NamedTuple

from array_bench.bars import GROUPS, LABELS, Row

LEFT, WIDTH, ROW = 260, 540, 20  # pixels
COLOURS = {"1": "#2f6f9f", "all": "#7fb2d0", "rival": "#b9b4ab"}


class Stripe(NamedTuple):
    text: str
    value: float  # of the limit
    least: float | None
    colour: str


def stripes(rows: Sequence[Row]) -> list[Stripe]:
    found = []
    for group in GROUPS:
        members = [row for row in rows if group.takes(row)]
        for label in LABELS:
            scores = [row[f"score {label}"] for row in members if f"score {label}" in row]
            if scores:
                threads = "1 thread" if label == "1" else "all threads"
                text = f"{group.what}, {threads}"
                found.append(Stripe(text, geometric_mean(scores), min(scores), COLOURS[label]))
        for rival in ("torch", "numpy", "xla", "einops"):
            scores = [
                row["score 1"] * row["times"]["ours 1"]["us"] / row["times"][rival]["us"]
                for row in members
                if rival in row["times"]
            ]
            if scores:
                text = f"{rival}, 1 thread, {len(scores)} of {len(members)}"
                found.append(Stripe(text, geometric_mean(scores), None, COLOURS["rival"]))
    return found


def svg(results: dict[str, Any]) -> str:
    """A picture of its own: no script, no font, no file beside it."""
    found = stripes(results["rows"])
    scale = WIDTH / max(1.05, *(stripe.value for stripe in found)) if found else WIDTH
    height = 60 + ROW * len(found)
    machine = results["machine"]
    title = f"{machine['processor']}, {machine['threads']} threads, {results['date'][:10]}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="8" y="18" font-weight="bold">Time of the best plain copy / time of the call: '
        f"{escape(title)}</text>",
    ]
    for tick in (0.25, 0.5, 0.75, 1.0):
        x = LEFT + tick * scale
        dash = "" if tick == 1.0 else ' stroke-dasharray="2 3"'
        lines.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="42" y2="{height - 12}" stroke="#888"{dash}/>'
            f'<text x="{x:.1f}" y="38" text-anchor="middle" fill="#555">{tick:g}</text>'
        )
    for number, stripe in enumerate(found):
        y = 46 + ROW * number
        length = stripe.value * scale
        lines.append(
            f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(stripe.text)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{ROW - 5}" '
            f'fill="{stripe.colour}"/>'
            f'<text x="{LEFT + length + 4:.1f}" y="{y + 12}">{stripe.value:.2f}</text>'
        )
        if stripe.least is not None:
            x = LEFT + stripe.least * scale
            lines.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 1}" y2="{y + ROW - 4}" '
                'stroke="#c0392b" stroke-width="2"/>'
            )
    lines += [
        f'<text x="8" y="{height - 2}" fill="#555">bars: geometric means; red marks: the worst '
        "case</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def draw(results: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg(results))
