"""From a layout to launches: the first family in `FAMILIES` that takes it."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from shapewright.cuda.blocks import Blocked, blocked, dense_digits
from shapewright.cuda.choose_packed import packed_step
from shapewright.cuda.choose_span import span_step
from shapewright.cuda.choose_walk import walk_step
from shapewright.cuda.choose_weave import weave_step
from shapewright.cuda.kernels import TILE_OUTER_RANKS, direct_rank_for, kernel_named
from shapewright.cuda.kernels.copy import block_vectors
from shapewright.cuda.kernels.direct import MOST_ITEMS, block_items
from shapewright.cuda.kernels.packed import VECTORS
from shapewright.cuda.kernels.tile import SHAPES, tile_sides
from shapewright.cuda.layout import MOST_SIZE, SECTOR, Digit, Layout, with_items_of
from shapewright.cuda.step import MOST_BLOCKS, Step, blocks_of, outer_values, values_of
from shapewright.cuda.tiling import Cut

LEAST_TILE_RUN = 64  # bytes along A and B for G2 to be tried
VECTOR = 16  # bytes of the widest access
LEAST_RUN = 128  # bytes that lie together on both sides, and need no shared memory
LEAST_PACKED = 32 << 20  # bytes moved item by item; fewer stay in the cache, which forgives more
LEAST_TILE_USE, FULL_TILE_USE = 0.4, 0.9  # of the threads of its tiles
LONG_TILE = 0.02  # of use that a tile of one to two costs
PARTIAL = 0.8  # of use that a write of one sector, off its alignment, costs


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
    kernel, each = kernel_named(f"copy_{vector}"), block_vectors(vector)
    return Step(
        kernel=kernel.name,
        blocks=max(1, -(-vectors // each) + (vectors % each == 0 and tail > 0)),
        src_offset=layout.src_offset + head,
        dst_offset=layout.dst_offset + head,
        values=values_of(kernel, {"vectors": vectors, "head": head, "tail": tail}),
    )


def _tile(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """A tile of vectors of 16 bytes; of bytes, those of 4 where few blocks are in part empty."""
    if layout.item_bytes == 1 and len(layout.digits) <= 3:
        step = _tile_of(layout, src_address, dst_address, 4, FULL_TILE_USE)
        if step is not None:
            return step
    return _tile_of(layout, src_address, dst_address, VECTOR, LEAST_TILE_USE)


def _narrow_tile(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """A tile where rows lie off the alignment of 16 bytes."""
    vector = _narrow_vector(layout.item_bytes)
    return _tile_of(layout, src_address, dst_address, vector, LEAST_TILE_USE)


def _tile_of(
    layout: Layout, src_address: int, dst_address: int, vector: int, least_use: float
) -> Step | None:
    item = layout.item_bytes
    side = vector // item
    dense = dense_digits(layout)
    if dense is None:
        return None
    along_a, along_b = dense
    others = [d for d in layout.digits if d not in dense]
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
    _, use, (cols, rows) = max(
        (*_worth(along_a, along_b, item, tile_sides(item, vector, *shape)), shape)
        for shape in SHAPES[item, vector]
    )
    if use < least_use:
        return None
    tile_a, tile_b = tile_sides(item, vector, cols, rows)
    a, b = Cut(along_a, tile_a).chunks, Cut(along_b, tile_b).chunks
    digits = sorted((a, b, *others), key=lambda d: d.dst)
    rank = next(rank for rank in TILE_OUTER_RANKS if len(digits) <= rank)
    kernel = kernel_named(f"tile_{item}_{vector}_{cols}_{rows}_{rank}")
    named = outer_values(digits, rank, a, b) | {
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


def _worth(
    along_a: Digit, along_b: Digit, item: int, sides: tuple[int, int]
) -> tuple[float, float]:
    """(Worth, how much of the tiles lies inside). A side longer than the other costs a little, and
    so do sectors written in part, where rows of the destination lie off them."""
    tile_a, tile_b = sides
    size_a, size_b = along_a.size, along_b.size
    covered = -(-size_a // tile_a) * tile_a * -(-size_b // tile_b) * tile_b
    use = size_a * size_b / covered
    partial = SECTOR / (tile_b * item) if along_a.dst % SECTOR else 0
    return use - LONG_TILE * abs(log2(tile_a / tile_b)) - PARTIAL * partial, use


def _narrow_vector(item: int) -> int:
    return max(4, item)


def _wide_blocks(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """Packed, blocks turned in registers, in vectors that no narrow tile has."""
    for vector in VECTORS[layout.item_bytes]:
        if vector > _narrow_vector(layout.item_bytes):
            step = _blocks(layout, src_address, dst_address, vector)
            if step is not None:
                return step
    return None


def _narrow_blocks(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    vector = _narrow_vector(layout.item_bytes)
    if vector not in VECTORS[layout.item_bytes]:
        return None
    return _blocks(layout, src_address, dst_address, vector)


def _blocks(layout: Layout, src_address: int, dst_address: int, vector: int) -> Step | None:
    units = blocked(layout, src_address, dst_address, vector)
    return None if units is None else packed_step(units)


def _items(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """Packed, item by item."""
    inner, item = layout.digits[0], layout.item_bytes
    if inner.src == inner.dst == item and (item < VECTOR or inner.size * item >= LEAST_RUN):
        return None  # runs on both sides as it is
    if layout.items * item < LEAST_PACKED and item < VECTOR:
        return None
    return packed_step(Blocked.of_items(layout))


def _direct(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    rank = direct_rank_for(len(layout.digits))
    if rank is None or layout.items > MOST_ITEMS:
        return None
    kernel = kernel_named(f"direct_{layout.item_bytes}_{rank}")
    return Step(
        kernel=kernel.name,
        blocks=-(-layout.items // block_items(layout.item_bytes)),
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel, outer_values(layout.digits, rank) | {"items": layout.items}),
    )


FAMILIES: tuple[Callable[[Layout, int, int], Step | None], ...] = (
    _copy,
    weave_step,
    span_step,
    _tile,
    _wide_blocks,
    _narrow_tile,
    _narrow_blocks,
    _items,
    walk_step,
    _direct,
)
