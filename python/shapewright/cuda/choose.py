"""From a layout to launches: the first family in `FAMILIES` that takes it."""

from __future__ import annotations

from collections.abc import Callable

from shapewright.cuda.choose_packed import (
    OUTER_RANK,
    TILE_RANK,
    code_units,
    dense_tiling,
    packed_values,
    padded,
    tiled_step,
)
from shapewright.cuda.kernels import TILE_OUTER_RANKS, kernel_named, ranks_for
from shapewright.cuda.kernels.copy import VECTORS
from shapewright.cuda.kernels.direct import ITEMS as DIRECT_ITEMS
from shapewright.cuda.kernels.inner import DIRECT_CODE, small_magic_of
from shapewright.cuda.kernels.tile import SHAPES, tile_sides
from shapewright.cuda.layout import MOST_SIZE, Layout, with_items_of
from shapewright.cuda.step import MOST_BLOCKS, Step, blocks_of, outer_values, values_of
from shapewright.cuda.tiling import Cut, linear_tiling

LEAST_TILE_RUN = 64  # bytes along A and B for G2 to be tried
VECTOR = 16  # bytes of the widest access
LEAST_RUN = 32  # bytes that lie together on both sides, and need no shared memory
LEAST_TILE_USE = 0.6  # of the threads of its tiles


def plan_move(layout: Layout, src_address: int, dst_address: int) -> list[Step]:
    """Launches that move every item once. Only the addresses modulo 16 matter."""
    if 0 in (digit.size for digit in layout.digits):
        return []
    return _steps(with_items_of(layout, src_address, dst_address), src_address, dst_address)


def _steps(layout: Layout, src_address: int, dst_address: int) -> list[Step]:
    if all(digit.size < MOST_SIZE for digit in layout.digits) or _is_run(layout):
        for family in FAMILIES:
            step = family(layout, src_address, dst_address)
            if step is not None and step.blocks < MOST_BLOCKS:
                return [step]
    return [s for half in layout.halves() for s in _steps(half, src_address, dst_address)]


def _is_run(layout: Layout) -> bool:
    return all(d.src == d.dst == layout.item_bytes for d in layout.digits) and (
        len(layout.digits) <= 1
    )


def _copy(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    if not _is_run(layout):
        return None
    src, dst = src_address + layout.src_offset, dst_address + layout.dst_offset
    run = layout.items * layout.item_bytes
    apart = (src - dst) % VECTOR
    vector = apart & -apart if apart else VECTOR
    head = min(-dst % vector, run)
    vectors, tail = divmod(run - head, vector)
    kernel = kernel_named(f"copy_{vector}")
    return Step(
        kernel=kernel.name,
        blocks=max(1, -(-vectors // VECTORS) + (vectors % VECTORS == 0 and tail > 0)),
        src_offset=layout.src_offset + head,
        dst_offset=layout.dst_offset + head,
        values=values_of(kernel, {"vectors": vectors, "head": head, "tail": tail}),
    )


def _tile(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    for item, vector in SHAPES:
        if item == layout.item_bytes:
            step = _tile_of(layout, src_address, dst_address, vector)
            if step is not None:
                return step
    return None


def _tile_of(layout: Layout, src_address: int, dst_address: int, vector: int) -> Step | None:
    item = layout.item_bytes
    side = vector // item
    along_b = next((d for d in layout.digits if d.dst == item), None)
    along_a = next((d for d in layout.digits if d.src == item), None)
    if along_a is None or along_b is None or along_a == along_b:
        return None
    others = [d for d in layout.digits if d not in (along_a, along_b)]
    addresses = (
        src_address + layout.src_offset,
        dst_address + layout.dst_offset,
        along_b.src,
        along_a.dst,
        *(stride for d in others for stride in (d.src, d.dst)),
    )
    fits = (
        not any(address % vector for address in addresses)
        and not along_a.size % side
        and not along_b.size % side
        and min(along_a.size, along_b.size) * item >= LEAST_TILE_RUN
        and max(abs(along_b.src), along_a.dst) < MOST_SIZE
        and len(others) + 2 <= TILE_OUTER_RANKS[-1]
    )
    if not fits:
        return None
    use, (cols, rows) = max(
        (_use(along_a.size, along_b.size, tile_sides(item, vector, *shape)), shape)
        for shape in SHAPES[item, vector]
    )
    if use < LEAST_TILE_USE:
        return None
    tile_a, tile_b = tile_sides(item, vector, cols, rows)
    digits = (Cut(along_a, tile_a).chunks, Cut(along_b, tile_b).chunks, *others)
    rank = next(rank for rank in TILE_OUTER_RANKS if len(digits) <= rank)
    kernel = kernel_named(f"tile_{item}_{vector}_{cols}_{rows}_{rank}")
    named = outer_values(digits, rank) | {
        "size_a": along_a.size,
        "size_b": along_b.size,
        "src_pitch": along_b.src,
        "dst_pitch": along_a.dst,
    }
    return Step(
        kernel=kernel.name,
        blocks=blocks_of(digits),
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel, named),
    )


def _use(size_a: int, size_b: int, sides: tuple[int, int]) -> float:
    """How much of the tiles lies inside; the squarer tile wins where that is equal."""
    tile_a, tile_b = sides
    covered = -(-size_a // tile_a) * tile_a * -(-size_b // tile_b) * tile_b
    return size_a * size_b / covered - abs(tile_a - tile_b) * 1e-6


def _packed(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    inner, item = layout.digits[0], layout.item_bytes
    if inner.src == inner.dst == item and inner.size * item >= LEAST_RUN:
        return None  # whole sectors on both sides as it is
    tiling = dense_tiling(layout)
    if tiling is None or len(tiling.block_digits) > OUTER_RANK:
        return None
    ranks = ranks_for(len(tiling.inside), len(tiling.block_digits))
    named = packed_values(layout, tiling, *ranks)
    if named is None:
        return None
    name = f"packed_{item}_{ranks[0]}_{ranks[1]}"
    return tiled_step(name, tiling, layout, named)


def _direct(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    item = layout.item_bytes
    tiling = linear_tiling(layout, DIRECT_ITEMS, DIRECT_CODE.most_chunk, TILE_RANK)
    if len(tiling.block_digits) > OUTER_RANK:
        return None
    tile_rank, outer_rank = ranks_for(len(tiling.inside), len(tiling.block_digits))
    kernel = kernel_named(f"direct_{item}_{tile_rank}_{outer_rank}")
    cuts = tiling.inside
    units = code_units(tiling, DIRECT_CODE)
    named = {
        **outer_values(tiling.block_digits, outer_rank),
        **tiling.chunk_values(),
        "size": padded((c.chunk for c in cuts), 1, tile_rank),
        "magic": padded((small_magic_of(c.chunk) for c in cuts), 1 << 31, tile_rank),
        "src_stride": padded((c.digit.src for c in cuts), 0, tile_rank),
        "dst_stride": padded((c.digit.dst for c in cuts), 0, tile_rank),
        "unit": padded((units[c] for c in cuts), 0, tile_rank),
    }
    return tiled_step(kernel.name, tiling, layout, named)


FAMILIES: tuple[Callable[[Layout, int, int], Step | None], ...] = (_copy, _tile, _packed, _direct)
