"""Parameters of the kernels that split streams and join them: see kernels/weave.py."""

from __future__ import annotations

from dataclasses import replace

from shapewright.cuda.choose_packed import code_units, padded, tiled_step
from shapewright.cuda.kernels import WEAVE_RANKS
from shapewright.cuda.kernels.inner import WEAVE_CODE, small_magic_of
from shapewright.cuda.kernels.weave import ITEMS, STREAMS, UNITS, VECTOR
from shapewright.cuda.layout import MOST_SIZE, Digit, Layout
from shapewright.cuda.step import Step
from shapewright.cuda.tiling import linear_tiling


def weave_step(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """A split or a join, where the layout is one and everything lies on 16 bytes."""
    item = layout.item_bytes
    if item not in ITEMS:
        return None
    for stream in layout.digits:
        if stream.size not in STREAMS:
            continue
        run = stream.size * item
        for items in layout.digits:
            if stream.src == item and (items.src, items.dst) == (run, item):
                return _step(layout, stream, items, (src_address, dst_address), joins=False)
            if stream.dst == item and (items.src, items.dst) == (item, run):
                return _step(layout, stream, items, (src_address, dst_address), joins=True)
    return None


def _step(
    layout: Layout, stream: Digit, items: Digit, addresses: tuple[int, int], *, joins: bool
) -> Step | None:
    each = VECTOR // layout.item_bytes
    apart = stream.src if joins else stream.dst
    others = [d for d in layout.digits if d not in (stream, items)]
    places = (
        addresses[0] + layout.src_offset,
        addresses[1] + layout.dst_offset,
        apart,
        *(stride for d in others for stride in (d.src, d.dst)),
    )
    if items.size % each or any(place % VECTOR for place in places) or abs(apart) >= MOST_SIZE:
        return None
    units = Digit(items.size // each, items.src * each, items.dst * each)
    digits = sorted((d for d in (units, *others) if d.size > 1), key=lambda d: d.dst)
    grouped = replace(layout, item_bytes=VECTOR, digits=tuple(digits))
    tiling = linear_tiling(grouped, UNITS, UNITS, WEAVE_RANKS[0])
    tile_rank, outer_rank = WEAVE_RANKS
    if len(tiling.block_digits) > outer_rank:
        return None
    cuts, codes = tiling.inside, code_units(tiling, WEAVE_CODE)
    named = {
        **tiling.outer_values(outer_rank),
        **tiling.chunk_values(),
        "stream": apart,
        "size": padded((c.chunk for c in cuts), 1, tile_rank),
        "magic": padded((small_magic_of(c.chunk) for c in cuts), 1 << 31, tile_rank),
        "src_stride": padded((c.digit.src for c in cuts), 0, tile_rank),
        "dst_stride": padded((c.digit.dst for c in cuts), 0, tile_rank),
        "unit": padded((codes[c] for c in cuts), 0, tile_rank),
    }
    family = "join" if joins else "split"
    name = f"{family}_{layout.item_bytes}_{stream.size}_{tile_rank}_{outer_rank}"
    return tiled_step(name, tiling, grouped, named)
