"""Parameters of the packed kernels: one array, one that is cast, and a row of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapewright.cuda.blocks import Blocked
from shapewright.cuda.kernels import kernel_named, ranks_for
from shapewright.cuda.kernels.batched import OUTER_RANK as BATCHED_OUTER_RANK
from shapewright.cuda.kernels.batched import TILE_RANK as BATCHED_TILE_RANK
from shapewright.cuda.kernels.cast import compute_type
from shapewright.cuda.kernels.element import BYTES
from shapewright.cuda.kernels.inner import PACKED_CODE, Code, small_magic_of
from shapewright.cuda.kernels.packed import packed_params, tile_slots, tile_units
from shapewright.cuda.layout import MOST_SIZE, Layout
from shapewright.cuda.step import MODULUS, Step, blocks_of, values_of
from shapewright.cuda.tiling import Cut, Tiling, linear_tiling, packed_tiling

TILE_RANK, OUTER_RANK = 12, 24  # of the largest packed kernels
RUN_BYTES = (128, 64, 32)  # that a packed tile reads and writes, if it can be made so
BANK_BYTES = 4


def dense_tiling(layout: Blocked, tile_rank: int = TILE_RANK) -> Tiling | None:
    """A tile of what is dense on either side, with the longest runs that fit; None if none do."""
    units = tile_units(layout.item_bytes, layout.vector)
    for run in RUN_BYTES:
        tiling = packed_tiling(layout.units, units, PACKED_CODE.most_chunk, tile_rank, run)
        if tiling is not None:
            return tiling
    return None


def any_tiling(layout: Blocked, tile_rank: int = TILE_RANK) -> Tiling:
    """`dense_tiling`, or a tile in the order of the destination."""
    tiling = dense_tiling(layout, tile_rank)
    if tiling is not None and _slots_of(layout, tiling) is not None:
        return tiling
    units = tile_units(layout.item_bytes, layout.vector)
    return linear_tiling(layout.units, units, PACKED_CODE.most_chunk, tile_rank)


def packed_values(
    layout: Blocked, tiling: Tiling, tile_rank: int, outer_rank: int
) -> dict[str, Any] | None:
    """Values of `packed_params` by name; None where the tile has no room in shared memory."""
    found = _slots_of(layout, tiling)
    if found is None:
        return None
    slots, row_slot = found
    units = code_units(tiling, PACKED_CODE)
    named: dict[str, Any] = {
        **tiling.outer_values(outer_rank),
        **tiling.chunk_values(),
        "rows": (layout.row_src, layout.row_dst, row_slot * layout.vector),
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


def packed_step(layout: Blocked) -> Step | None:
    """A packed move, or None where no tile of what is dense can be had."""
    tiling = dense_tiling(layout)
    if tiling is None or len(tiling.block_digits) > OUTER_RANK:
        return None
    ranks = ranks_for(len(tiling.inside), len(tiling.block_digits))
    named = packed_values(layout, tiling, *ranks)
    if named is None:
        return None
    name = f"packed_{layout.item_bytes}_{layout.vector}_{ranks[0]}_{ranks[1]}"
    return tiled_step(name, tiling, layout.units, named)


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
    items = Blocked.of_items(layout)
    tiling = any_tiling(items)
    if len(tiling.block_digits) > OUTER_RANK:
        return None
    tile_rank, outer_rank = ranks_for(len(tiling.inside), len(tiling.block_digits))
    named = packed_values(items, tiling, tile_rank, outer_rank)
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
    items = Blocked.of_items(layout)
    tiling = any_tiling(items, BATCHED_TILE_RANK)
    if len(tiling.block_digits) > BATCHED_OUTER_RANK:
        return None
    named = packed_values(items, tiling, BATCHED_TILE_RANK, BATCHED_OUTER_RANK)
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


def _slots_of(layout: Blocked, tiling: Tiling) -> tuple[dict[Cut, int], int] | None:
    """Slots from one unit to the next along each digit, and from one row of a block to the next.

    Of items: dense in the order of loads, but that neighbours in the destination lie an odd number
    of banks apart. Of blocks: what is written lies together, then the rows, then an odd number of
    vectors to the next block that is read.
    """
    slots = _block_slots if layout.vector > layout.item_bytes else _item_slots
    for is_padded in (True, False):
        found, rows, used = slots(layout, tiling, is_padded)
        if used <= tile_slots(layout.vector):
            return found, rows
    return None


def _item_slots(
    layout: Blocked, tiling: Tiling, is_padded: bool
) -> tuple[dict[Cut, int], int, int]:
    unit = max(1, BANK_BYTES // layout.item_bytes)
    first_stored = next(iter(_stores(tiling)), None)
    found, stride = {}, 1
    for cut in _loads(tiling):
        if is_padded and cut == first_stored and stride > 1:
            stride = -(-stride // unit) * unit
            stride += unit * (stride // unit % 2 == 0)
        found[cut] = stride
        stride *= cut.chunk
    return found, 0, stride


def _block_slots(
    layout: Blocked, tiling: Tiling, is_padded: bool
) -> tuple[dict[Cut, int], int, int]:
    found, rows = {}, 1
    written = next((c for c in _stores(tiling) if c.digit.dst == layout.vector), None)
    if written is not None:
        found[written] = 1
        rows = written.chunk
    stride = rows * layout.side
    if is_padded and stride % 2 == 0:
        stride += 1
    for cut in _loads(tiling):
        if cut != written:
            found[cut] = stride
            stride *= cut.chunk
    return found, rows, stride


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
