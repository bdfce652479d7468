"""Parameters of the packed kernels: one array, one that is cast, and a row of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapewright.cuda.kernels import kernel_named, ranks_for
from shapewright.cuda.kernels.batched import OUTER_RANK as BATCHED_OUTER_RANK
from shapewright.cuda.kernels.batched import TILE_RANK as BATCHED_TILE_RANK
from shapewright.cuda.kernels.cast import compute_type
from shapewright.cuda.kernels.element import BYTES
from shapewright.cuda.kernels.inner import PACKED_CODE, Code, small_magic_of
from shapewright.cuda.kernels.packed import packed_params, tile_items, tile_slots
from shapewright.cuda.layout import MOST_SIZE, Layout
from shapewright.cuda.step import MODULUS, Step, blocks_of, outer_values, values_of
from shapewright.cuda.tiling import Cut, Tiling, linear_tiling, packed_tiling

TILE_RANK, OUTER_RANK = 12, 24  # of the largest direct and packed kernels
RUN_BYTES = (128, 64, 32)  # that a packed tile reads and writes, if it can be made so
BANK_BYTES = 4


def dense_tiling(layout: Layout, tile_rank: int = TILE_RANK) -> Tiling | None:
    """A tile of what is dense on either side, with the longest runs that fit; None if none do."""
    items = tile_items(layout.item_bytes)
    for run in RUN_BYTES:
        tiling = packed_tiling(layout, items, PACKED_CODE.most_chunk, tile_rank, run)
        if tiling is not None:
            return tiling
    return None


def any_tiling(layout: Layout, tile_rank: int = TILE_RANK) -> Tiling:
    """`dense_tiling`, or a tile in the order of the destination."""
    tiling = dense_tiling(layout, tile_rank)
    if tiling is not None and _slots_of(layout, tiling) is not None:
        return tiling
    items = tile_items(layout.item_bytes)
    return linear_tiling(layout, items, PACKED_CODE.most_chunk, tile_rank)


def packed_values(
    layout: Layout, tiling: Tiling, tile_rank: int, outer_rank: int
) -> dict[str, Any] | None:
    """Values of `packed_params` by name; None where the tile has no room in shared memory."""
    slots = _slots_of(layout, tiling)
    if slots is None:
        return None
    units = code_units(tiling, PACKED_CODE)
    named: dict[str, Any] = {
        **outer_values(tiling.block_digits, outer_rank),
        **tiling.chunk_values(),
    }
    for side, cuts in (("load", _loads(tiling)), ("store", _stores(tiling))):
        strides = [cut.digit.src if side == "load" else cut.digit.dst for cut in cuts]
        named |= {
            f"{side}_size": padded((c.chunk for c in cuts), 1, tile_rank),
            f"{side}_magic": padded((small_magic_of(c.chunk) for c in cuts), 1 << 31, tile_rank),
            f"{side}_stride": padded(strides, 0, tile_rank),
            f"{side}_unit": padded((slots[c] + units[c] for c in cuts), 0, tile_rank),
        }
    return named


def plan_cast(layout: Layout, src: str, dst: str, op: str) -> list[Step]:
    """Launches that change every item once, from one type to another by name."""
    if 0 in (digit.size for digit in layout.digits):
        return []
    step = _cast(layout, src, dst, op)
    if step is not None:
        return [step]
    return [s for half in layout.halves() for s in plan_cast(half, src, dst, op)]


def _cast(layout: Layout, src: str, dst: str, op: str) -> Step | None:
    if any(digit.size >= MOST_SIZE for digit in layout.digits):
        return None
    tiling = any_tiling(layout)
    if len(tiling.block_digits) > OUTER_RANK:
        return None
    tile_rank, outer_rank = ranks_for(len(tiling.inside), len(tiling.block_digits))
    named = packed_values(layout, tiling, tile_rank, outer_rank)
    assert named is not None
    size = BYTES[compute_type(dst)]
    outer = [digit.param * size for digit in tiling.block_digits]
    named["outer_param"] = padded(outer, 0, outer_rank)
    inner = [cut.digit.param * size for cut in _stores(tiling)]
    named["store_param"] = padded(inner, 0, tile_rank)
    return tiled_step(f"cast_{src}_{dst}_{op}_{tile_rank}_{outer_rank}", tiling, layout, named)


def batched_values(layout: Layout) -> tuple[int, tuple[Any, ...]] | None:
    """(tiles, values of `packed_params`) of one array in a batch; None where it has too many
    digits."""
    tiling = any_tiling(layout, BATCHED_TILE_RANK)
    if len(tiling.block_digits) > BATCHED_OUTER_RANK:
        return None
    named = packed_values(layout, tiling, BATCHED_TILE_RANK, BATCHED_OUTER_RANK)
    assert named is not None
    values = []
    for param in packed_params(BATCHED_TILE_RANK, BATCHED_OUTER_RANK):
        value, modulus = named[param.name], MODULUS[param.kind]
        values.append(tuple(v % modulus for v in value) if param.count else value % modulus)
    return blocks_of(tiling.block_digits), tuple(values)


def _loads(tiling: Tiling) -> list[Cut]:
    return sorted(tiling.inside, key=lambda cut: (cut.digit.src == 0, abs(cut.digit.src)))


def _stores(tiling: Tiling) -> list[Cut]:
    return sorted(tiling.inside, key=lambda cut: cut.digit.dst)


def _slots_of(layout: Layout, tiling: Tiling) -> dict[Cut, int] | None:
    """Slots from one item to the next along each digit: dense in the order of loads, but that
    neighbours in the destination lie an odd number of banks apart."""
    item = layout.item_bytes
    unit = max(1, BANK_BYTES // item)
    first_stored = next(iter(_stores(tiling)), None)
    apart, plain = {}, {}
    stride = dense = 1
    for cut in _loads(tiling):
        if cut == first_stored and stride > 1:
            stride = -(-stride // unit) * unit
            stride += unit * (stride // unit % 2 == 0)
        apart[cut], plain[cut] = stride, dense
        stride, dense = stride * cut.chunk, dense * cut.chunk
    if stride <= tile_slots(item):
        return apart
    return plain if dense <= tile_slots(item) else None


def code_units(tiling: Tiling, code: Code) -> dict[Cut, int]:
    """What a step along A or B adds to a code; 0 for whole digits."""
    units = dict.fromkeys(tiling.inside, 0)
    for cut, unit in zip(tiling.cuts, (code.a_unit, code.b_unit), strict=False):
        units[cut] = unit
    return units


def padded(values: Iterable[int], filling: int, count: int) -> tuple[int, ...]:
    """A row of a fixed length."""
    row = tuple(values)
    return row + (filling,) * (count - len(row))


def tiled_step(name: str, tiling: Tiling, layout: Layout, named: dict[str, Any]) -> Step:
    """The step of a kernel whose blocks are tiles."""
    return Step(
        kernel=name,
        blocks=blocks_of(tiling.block_digits),
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel_named(name), named),
        param_offset=layout.param_offset,
    )
