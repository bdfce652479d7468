"""G3 and G4: a tile of several digits goes through shared memory.

    load    units in the order of the source: runs of it are read whole        src -> slots
    --- barrier ---
    store   units in the order of the destination: its runs are written whole  slots -> dst

A tile holds the digits that lie dense in the source and those that lie dense in the destination.
Where they are too many, up to two of them, A and B, are cut into chunks (G4) and the edges masked.
The slot of a unit is a sum over its digits whose strides the host chooses, so that neighbours in
either order lie in different banks where that can be had.

A unit is an item, or a block of k x k items where both dense digits are whole vectors of k items:

    read     row j, of k items along the source        at src + j * rows[0]
    turn     in registers
    written  row j, of k items along the destination   at dst + j * rows[1], slot + j * rows[2]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.inner import PACKED_CODE, inner_offset, left_of_chunks, within_chunks
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.kernels.turn import turn_block
from shapewright.cuda.target import Function, Target, words_of

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

THREADS = 256
SHARED_BYTES = 16896  # 16 KiB and room for padding
TILE_BYTES = {1: 8192, 2: 8192, 4: 8192, 8: 16384, 16: 16384}  # by bytes of an item that is a unit
BLOCK_TILE_BYTES = 16384
MOST_WORDS = 16  # that a thread has in registers at once

# Bytes of an item -> of the vectors that its blocks may have, widest first.
VECTORS = {1: (8, 4), 2: (8, 4), 4: (16, 8), 8: (16,), 16: ()}


def unit_bytes(item_bytes: int, vector: int) -> int:
    """Of an item, or of a block of vectors."""
    return vector * (vector // item_bytes)


def tile_units(item_bytes: int, vector: int) -> int:
    """Most units of a tile."""
    room = TILE_BYTES[item_bytes] if vector == item_bytes else BLOCK_TILE_BYTES
    return room // unit_bytes(item_bytes, vector)


def units_at_once(item_bytes: int, vector: int) -> int:
    """That a thread holds in registers."""
    words = words_of(vector) * (vector // item_bytes)
    return min(4, MOST_WORDS // words, tile_units(item_bytes, vector) // THREADS)


def tile_slots(vector: int) -> int:
    """Most slots, of a vector each, of a tile with its padding."""
    return min(SHARED_BYTES // vector, 1 << PACKED_CODE.slot_bits)


def packed_params(tile_rank: int, outer_rank: int) -> tuple[Param, ...]:
    """What `packed` takes after `src` and `dst`."""
    return (
        *outer_params(outer_rank),
        Param("units", "u32"),
        Param("chunks", "u32", 4),
        Param("rows", "u32", 3),
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
    target: Target, item_bytes: int, vector: int, tile_rank: int, outer_rank: int
) -> tuple[Function, ...]:
    """The phases, of (block, thread, shared, regs, src, dst, *packed_params)."""
    side = vector // item_bytes
    words = words_of(vector)
    at_once = units_at_once(item_bytes, vector)
    rounds = tile_units(item_bytes, vector) // (THREADS * at_once)
    load, store = target.load[vector], target.store[vector]
    shared_load, shared_store = target.shared_load[vector], target.shared_store[vector]
    advance = target.advance
    offsets = outer_offsets(target, outer_rank)
    offset_of = inner_offset(target, tile_rank)
    what_is_left = left_of_chunks(target)
    inside = within_chunks(target, PACKED_CODE)
    turn = turn_block(target, item_bytes, vector)
    slot_mask = PACKED_CODE.slot_mask

    @target.jit
    def fetch(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        units: Any, chunks: Any, rows: Any,
        load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
        store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
    ) -> None:  # fmt: skip
        src_at, _, a, b = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        left_a, left_b = what_is_left(chunks, a, b)
        src_block = advance(src, src_at)
        row = u64(i64(i32(rows[0])))
        for r in range(rounds):
            for k in range(at_once):
                unit = u32(thread + u32((r * at_once + k) * THREADS))
                offset, code = offset_of(unit, load_size, load_magic, load_stride, load_unit)
                if unit < units and inside(code, left_a, left_b):
                    for j in range(side):
                        load(src_block, offset + u64(j) * row, regs, u32((k * side + j) * words))
            for k in range(at_once):
                turn(regs, u32(k * side * words))
                unit = u32(thread + u32((r * at_once + k) * THREADS))
                _, code = offset_of(unit, load_size, load_magic, load_stride, load_unit)
                slot = u32(u32(code & u32(slot_mask)) * u32(vector))
                if unit < units and inside(code, left_a, left_b):
                    for j in range(side):
                        at = u32(slot + u32(u32(j) * rows[2]))
                        shared_store(shared, at, regs, u32((k * side + j) * words))

    @target.jit
    def flush(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        units: Any, chunks: Any, rows: Any,
        load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
        store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
    ) -> None:  # fmt: skip
        _, dst_at, a, b = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        left_a, left_b = what_is_left(chunks, a, b)
        dst_block = advance(dst, dst_at)
        row = u64(i64(i32(rows[1])))
        for r in range(rounds * at_once):
            unit = u32(thread + u32(r * THREADS))
            offset, code = offset_of(unit, store_size, store_magic, store_stride, store_unit)
            if unit < units and inside(code, left_a, left_b):
                slot = u32(u32(code & u32(slot_mask)) * u32(vector))
                for j in range(side):
                    shared_load(shared, u32(slot + u32(u32(j) * rows[2])), regs, u32(j * words))
                for j in range(side):
                    store(dst_block, offset + u64(j) * row, regs, u32(j * words))

    return fetch, flush


def packed_kernel(item_bytes: int, vector: int, tile_rank: int, outer_rank: int) -> Kernel:
    """Items of 1 to 16 bytes in vectors, so many digits in the tile and so many among blocks."""

    def phases(target: Target) -> tuple[Function, ...]:
        return packed_phases(target, item_bytes, vector, tile_rank, outer_rank)

    return Kernel(
        name=f"packed_{item_bytes}_{vector}_{tile_rank}_{outer_rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *packed_params(tile_rank, outer_rank),
        ),
        phases=phases,
        reg_words=packed_words(item_bytes, vector),
        shared_words=SHARED_BYTES // 4,
        vector_bytes=vector,
    )


def packed_words(item_bytes: int, vector: int) -> int:
    """Words of registers that `packed_phases` needs."""
    units = units_at_once(item_bytes, vector)
    return units * (vector // item_bytes) * words_of(vector)
