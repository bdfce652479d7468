"""The figures that the project promises, beside what was measured, as a table and a picture."""

from __future__ import annotations

from html import escape
from pathlib import Path
from statistics import geometric_mean
from typing import Any

NOT_MEASURED = "not measured"
WIDE = ("u16", "i16", "f16", "bf16", "f32", "f64", "c64")
LARGE = 64 << 20  # bytes past which the cost of a launch is nothing beside the move
# The driver's copy is the one promised against; ours is faster in places, and the limit then.
LIMITS = {"the driver's copy": ("copy",), "the faster copy": ("copy", "our copy")}
RIVALS = ("torch", "torch compiled", "cupy", "jax")


def lines_of(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, promised, measured), one a figure."""
    rows = results.get("rows", [])
    table = [
        (f"transposes of {what} against {limit}: {how}", promised, _score(rows, dtypes, limit, how))
        for limit in LIMITS
        for what, dtypes, how, promised in (
            ("2, 4, 8 bytes", WIDE, "geomean", ">= 0.92"),
            ("2, 4, 8 bytes", WIDE, "worst", ">= 0.5"),
            ("bytes", ("u8",), "geomean", ">= 0.85"),
        )
    ]
    for rival in RIVALS:
        ratios = [
            row["times"][rival]["us"] / row["times"]["ours"]["us"]
            for row in rows
            if rival in row["times"] and (row["times"][rival]["is_graph"] or row["bytes"] >= LARGE)
        ]
        text = f"{geometric_mean(ratios):.2f}x, worst {min(ratios):.2f}x" if ratios else ""
        table.append((f"against {rival}", ">= 1.5x, worst 0.95x", text or NOT_MEASURED))
    for key, what, promised in (
        ("many_squares", "4,096 of 64x64 against a loop", ">= 20x"),
        ("many_squares_into", "the same into tensors that are there", ">= 20x"),
        ("ragged_images", "256 ragged images to f16", ">= 5x"),
    ):
        found = results.get(key.removesuffix("_into"))
        times = "times_into" if key.endswith("_into") else "times"
        table.append((what, promised, f"{found[times]:.1f}x" if found else NOT_MEASURED))
    cost = results.get("launch_cost", {})
    for key, promised in (
        ("permute into out, us", "<= 8"),
        ("permute, us", "<= 8"),
        ("first call of a kind, s", "<= 2"),
        ("from the disk cache, s", "<= 0.05"),
    ):
        table.append((f"host: {key}", promised, f"{cost[key]:.3g}" if cost else NOT_MEASURED))
    wrong = results.get("wrong")
    table.insert(0, ("wrong results", "0", NOT_MEASURED if wrong is None else str(len(wrong))))
    return table


def _score(rows: list[dict[str, Any]], dtypes: tuple[str, ...], limit: str, how: str) -> str:
    scores = [
        min(row["times"][copy]["us"] for copy in LIMITS[limit]) / row["times"]["ours"]["us"]
        for row in rows
        if row["dtype"] in dtypes
    ]
    if not scores:
        return NOT_MEASURED
    return f"{geometric_mean(scores) if how == 'geomean' else min(scores):.3f} of {len(scores)}"


def text_of(results: dict[str, Any]) -> str:
    table = [("what", "promised", "measured"), *lines_of(results)]
    widths = [max(len(row[k]) for row in table) for k in range(3)]
    rows = ["  ".join(f"{row[k]:<{widths[k]}}" for k in range(3)).rstrip() for row in table]
    return "\n".join([results["machine"], *rows])


def draw(results: dict[str, Any], path: Path) -> None:
    """A point a case: bytes of an item across, fraction of the copy up."""
    rows = results.get("rows", [])
    columns = sorted({row["dtype"] for row in rows})
    width, height, left = 120 + 90 * max(1, len(columns)), 360, 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="8" y="18" font-weight="bold">Time of a copy / time of the transpose: '
        f"{escape(results['machine'])}</text>",
    ]
    for tick in (0.25, 0.5, 0.75, 1.0):
        y = 320 - 270 * tick
        lines.append(
            f'<line x1="{left}" x2="{width - 10}" y1="{y:.0f}" y2="{y:.0f}" stroke="#bbb"/>'
            f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{tick:g}</text>'
        )
    for k, dtype in enumerate(columns):
        x = left + 45 + 90 * k
        lines.append(f'<text x="{x}" y="345" text-anchor="middle">{dtype}</text>')
        members = [row["score"] for row in rows if row["dtype"] == dtype]
        for i, score in enumerate(members):
            shift = (i % 9 - 4) * 5
            y = 320 - 270 * min(score, 1.1)
            lines.append(f'<circle cx="{x + shift}" cy="{y:.1f}" r="2.5" fill="#2f6f9f"/>')
    if not rows:
        lines.append(f'<text x="{left + 20}" y="180">{NOT_MEASURED}</text>')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "</svg>"]) + "\n")
