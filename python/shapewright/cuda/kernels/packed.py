"""G3 and G4: a tile of several digits goes through shared memory.

    load    items in the order of the source: runs of it are read whole        src -> slot
    --- barrier ---
    store   items in the order of the destination: its runs are written whole  slot -> dst

A tile holds the digits that lie dense in the source and those that lie dense in the destination.
Where they are too many, up to two of them, A and B, are cut into chunks (G4) and the edges masked.
The slot of an item is a sum over its digits whose strides the host chooses, so that neighbours in
either order lie in different banks where that can be had.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.inner import PACKED_CODE, inner_offset, within_chunks
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.target import Function, Target, words_of

u32 = np.uint32

THREADS = 256
ROUND = 4  # items a thread has in registers at once
ROUNDS = {1: 8, 2: 4, 4: 2, 8: 2, 16: 1}
SHARED_BYTES = 16896  # 16 KiB and room for padding


def tile_items(item_bytes: int) -> int:
    """Most items of a tile."""
    return THREADS * ROUND * ROUNDS[item_bytes]


def tile_slots(item_bytes: int) -> int:
    """Most slots of a tile with its padding."""
    return min(SHARED_BYTES // item_bytes, 1 << PACKED_CODE.slot_bits)


def packed_params(tile_rank: int, outer_rank: int) -> tuple[Param, ...]:
    """What `packed` takes after `src` and `dst`."""
    return (
        *outer_params(outer_rank),
        Param("items", "u32"),
        Param("chunk_a", "u32"),
        Param("size_a", "u32"),
        Param("chunk_b", "u32"),
        Param("size_b", "u32"),
        Param("load_size", "u32", tile_rank),
        Param("load_magic", "u32", tile_rank),
        Param("load_stride", "u32", tile_rank),
        Param("load_unit", "u32", tile_rank),
        Param("store_size", "u32", tile_rank),
        Param("store_magic", "u32", tile_rank),
        Param("store_stride", "u32", tile_rank),
        Param("store_unit", "u32", tile_rank),
    )


def packed_phases(
    target: Target, item_bytes: int, tile_rank: int, outer_rank: int
) -> tuple[Function, ...]:
    """The phases, of (block, thread, shared, regs, src, dst, *packed_params)."""
    words = words_of(item_bytes)
    rounds = ROUNDS[item_bytes]
    load, store = target.load[item_bytes], target.store[item_bytes]
    shared_load, shared_store = target.shared_load[item_bytes], target.shared_store[item_bytes]
    advance = target.advance
    offsets = outer_offsets(target, outer_rank)
    offset_of = inner_offset(target, tile_rank)
    inside = within_chunks(target, PACKED_CODE)
    slot_mask = PACKED_CODE.slot_mask

    @target.jit
    def fetch(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        items: Any, chunk_a: Any, size_a: Any, chunk_b: Any, size_b: Any,
        load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
        store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
    ) -> None:  # fmt: skip
        src_at, _, a, b = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        left_a, left_b = u32(size_a - u32(a * chunk_a)), u32(size_b - u32(b * chunk_b))
        src_block = advance(src, src_at)
        for r in range(rounds):
            for k in range(ROUND):
                item = u32(thread + u32((r * ROUND + k) * THREADS))
                offset, code = offset_of(item, load_size, load_magic, load_stride, load_unit)
                if item < items and inside(code, left_a, left_b):
                    load(src_block, offset, regs, u32(k * words))
            for k in range(ROUND):
                item = u32(thread + u32((r * ROUND + k) * THREADS))
                _, code = offset_of(item, load_size, load_magic, load_stride, load_unit)
                slot = u32(u32(code & u32(slot_mask)) * u32(item_bytes))
                if item < items and inside(code, left_a, left_b):
                    shared_store(shared, slot, regs, u32(k * words))

    @target.jit
    def flush(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        items: Any, chunk_a: Any, size_a: Any, chunk_b: Any, size_b: Any,
        load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
        store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
    ) -> None:  # fmt: skip
        _, dst_at, a, b = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        left_a, left_b = u32(size_a - u32(a * chunk_a)), u32(size_b - u32(b * chunk_b))
        dst_block = advance(dst, dst_at)
        for r in range(rounds * ROUND):
            item = u32(thread + u32(r * THREADS))
            offset, code = offset_of(item, store_size, store_magic, store_stride, store_unit)
            if item < items and inside(code, left_a, left_b):
                slot = u32(u32(code & u32(slot_mask)) * u32(item_bytes))
                shared_load(shared, slot, regs, u32(0))
                store(dst_block, offset, regs, u32(0))

    return fetch, flush


def packed_kernel(item_bytes: int, tile_rank: int, outer_rank: int) -> Kernel:
    """Items of 1 to 16 bytes, so many digits in the tile and so many among blocks."""

    def phases(target: Target) -> tuple[Function, ...]:
        return packed_phases(target, item_bytes, tile_rank, outer_rank)

    return Kernel(
        name=f"packed_{item_bytes}_{tile_rank}_{outer_rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *packed_params(tile_rank, outer_rank),
        ),
        phases=phases,
        reg_words=ROUND * words_of(item_bytes),
        shared_words=SHARED_BYTES // 4,
        loops=True,
        vector_bytes=item_bytes,
    )
