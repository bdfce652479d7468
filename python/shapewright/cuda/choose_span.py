"""Parameters of the kernels that gather lines and scatter them: see kernels/span.py."""

from __future__ import annotations

from dataclasses import dataclass

from shapewright.cuda.blocks import dense_digits
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.kernels.inner import small_magic_of
from shapewright.cuda.kernels.lines import VECTOR, WORD
from shapewright.cuda.kernels.span import LANES, MOST_VECTORS, OUTER_RANK, STEPS
from shapewright.cuda.layout import MOST_SIZE, SECTOR, Digit, Layout
from shapewright.cuda.step import Step, blocks_of, outer_values, values_of

LEAST_LANES = 2  # groups beside each other: a sector
USUAL_VECTORS = 512  # of a tile, where that is enough for all lanes
FULL_BLOCKS = 2 * 132  # of an H200's multiprocessors
WIDER = 8  # bytes: lines that these divide go in blocks of such vectors


@dataclass(frozen=True, slots=True)
class Span:
    """`line` is dense where lines lie one behind the other, `across` where vectors do."""

    line: Digit
    across: Digit
    scatters: bool  # lines are those of the destination


def span_step(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """Lines that are no multiple of 8 bytes, in groups that are whole vectors on both sides."""
    dense = dense_digits(layout)
    if dense is None or layout.item_bytes not in STEPS:
        return None
    a, b = dense
    places = src_address + layout.src_offset, dst_address + layout.dst_offset
    for span, behind, row in (
        (Span(a, b, scatters=False), b.src, a.dst),
        (Span(b, a, scatters=True), a.dst, b.src),
    ):
        if behind == span.line.size * layout.item_bytes:
            step = _step(layout, span, row, places)
            if step is not None:
                return step
    return None


def _step(layout: Layout, span: Span, row: int, places: tuple[int, int]) -> Step | None:
    """`row` is bytes from one item of a line to the next where vectors lie."""
    line, across = span.line, span.across
    line_bytes, lanes = line.size * layout.item_bytes, VECTOR // layout.item_bytes
    others = [d for d in layout.digits if d not in (line, across)]
    fits = (
        line_bytes >= SECTOR
        and line_bytes % WIDER
        and not across.size % lanes
        and not any(place % VECTOR for place in (*places, row))
        and not any(stride % VECTOR for d in others for stride in (d.src, d.dst))
        and abs(row) < MOST_SIZE
        and len(others) + 1 <= OUTER_RANK
    )
    all_groups = across.size // lanes
    shape = _groups_of(line.size, all_groups, blocks_of(others)) if fits else None
    if shape is None:
        return None
    beside, groups = shape
    each = lanes * groups
    chunks = Digit(-(-all_groups // groups), across.src * each, across.dst * each)
    digits = sorted((chunks, *others), key=lambda d: d.dst)
    family, step = "scatter" if span.scatters else "gather", min(line_bytes & -line_bytes, WORD)
    kernel = kernel_named(f"{family}_{layout.item_bytes}_{step}")
    words = -(-line_bytes // WORD)
    named = outer_values(digits, OUTER_RANK, chunks) | {
        "lines": (line.size, small_magic_of(line.size), pitch_of(line.size, beside)),
        "groups": (groups, all_groups),
        "words": (words, small_magic_of(words), beside.bit_length() - 1, words * groups),
        "row": row,
    }
    return Step(
        kernel=kernel.name,
        blocks=blocks_of(digits),
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel, named),
    )


def pitch_of(line: int, lanes: int) -> int:
    """Vectors from one group to the next: the fewest with which the words of a warp, `lanes` groups
    by 32 / `lanes` words, meet each bank once."""
    step = 2 * LANES // lanes
    return line + (step // 2 - line) % step


def _groups_of(line: int, all_groups: int, tiles: int) -> tuple[int, int] | None:
    """(Groups beside each other in a warp, groups of a tile), as many as fit; fewer where blocks
    are few. None where a tile would hold less than a sector's."""

    def fits(lanes: int, groups: int, most: int) -> bool:
        return groups * pitch_of(line, lanes) <= most

    def fills(groups: int) -> bool:
        return -(-all_groups // groups) * tiles >= FULL_BLOCKS

    lanes = LANES
    while lanes > all_groups or not fits(lanes, lanes, MOST_VECTORS) or not fills(lanes):
        if lanes == LEAST_LANES:
            break
        lanes //= 2
    if lanes > all_groups or not fits(lanes, lanes, MOST_VECTORS):
        return None
    groups = lanes
    while lanes == LANES and fits(lanes, 2 * groups, USUAL_VECTORS):
        if 2 * groups > all_groups or not fills(2 * groups):
            break
        groups *= 2
    return lanes, groups
