"""G2: a matrix of blocks turned in registers, their places exchanged in shared memory.

k = 16 / item bytes; a thread reads k rows of 16 bytes, a block of k x k items, and turns it:

    source, B down, A along          shared, A down, B along           destination
    c0 c1 .. -> 16 B each            row k*c + j, groups of 16 B       16 B a lane, A down
    r0 [block]                       group r ^ (c & 7): the eight
    r1                               lanes that share a wavefront
    ..                               meet all banks once

Both sides move 16 bytes a lane. A tile is 8 to 32 blocks a side. Sizes along A and B are multiples
of k; where the tile sticks out, whole vectors are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.kernels.turn import turn_block
from shapewright.cuda.target import Function, Target

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

# Bytes of an item -> threads along A and along B.
SHAPES = {
    1: ((8, 8),),
    2: ((8, 16), (16, 8)),
    4: ((8, 32), (16, 16), (32, 8)),
    8: ((8, 32), (16, 16), (32, 8)),
    16: ((8, 32), (16, 16), (32, 8)),
}
BLOCKS_EACH = {1: 1, 2: 1, 4: 1, 8: 2, 16: 4}  # turned by a thread, one below the other
VECTOR = 16
SWIZZLE = 7


def tile_sides(item_bytes: int, cols: int, rows: int) -> tuple[int, int]:
    """Items along A and along B of a tile that `cols` x `rows` threads turn."""
    side = VECTOR // item_bytes
    return side * cols, side * rows * BLOCKS_EACH[item_bytes]


def tile_kernel(item_bytes: int, cols: int, rows: int, outer_rank: int) -> Kernel:
    """Items of 1 to 16 bytes, cols x rows threads, so many digits among blocks."""
    blocks_each = BLOCKS_EACH[item_bytes]
    side = VECTOR // item_bytes
    vectors = side * blocks_each
    high = rows * blocks_each  # blocks down the tile
    tile_a, tile_b = tile_sides(item_bytes, cols, rows)
    step = cols // blocks_each  # rows of the destination that all threads write at once

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[VECTOR], target.store[VECTOR]
        shared_load, shared_store = target.shared_load[VECTOR], target.shared_store[VECTOR]
        advance = target.advance
        offsets = outer_offsets(target, outer_rank)
        turn = turn_block(target, item_bytes)

        @target.jit
        def fetch(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            size_a: Any, size_b: Any, src_pitch: Any, dst_pitch: Any,
        ) -> None:  # fmt: skip
            src_at, _, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            left_a, left_b = u32(size_a - u32(a * u32(tile_a))), u32(size_b - u32(b * u32(tile_b)))
            c, r = u32(thread % u32(cols)), u32(thread // u32(cols))
            src_block = advance(src, src_at + u64(c * u32(VECTOR)))
            if left_a >= u32(tile_a) and left_b >= u32(tile_b):
                for u in range(blocks_each):
                    for j in range(side):
                        row = u32(u32(r * u32(side)) + u32(u * rows * side + j))
                        offset = u64(i64(i32(row)) * i64(i32(src_pitch)))
                        load(src_block, offset, regs, u32((u * side + j) * 4))
            elif u32(c * u32(side)) < left_a:
                for u in range(blocks_each):
                    for j in range(side):
                        row = u32(u32(r * u32(side)) + u32(u * rows * side + j))
                        if row < left_b:
                            offset = u64(i64(i32(row)) * i64(i32(src_pitch)))
                            load(src_block, offset, regs, u32((u * side + j) * 4))
            for u in range(blocks_each):
                turn(regs, u32(u * side * 4))
            first = u32(c * u32(side * high * VECTOR))
            for u in range(blocks_each):
                group = u32(u32(r + u32(u * rows)) ^ u32(c & u32(SWIZZLE)))
                at = u32(first + u32(group * u32(VECTOR)))
                for j in range(side):
                    k = u32((u * side + j) * 4)
                    shared_store(shared, u32(at + u32(j * high * VECTOR)), regs, k)

        @target.jit
        def flush(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            size_a: Any, size_b: Any, src_pitch: Any, dst_pitch: Any,
        ) -> None:  # fmt: skip
            _, dst_at, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            left_a, left_b = u32(size_a - u32(a * u32(tile_a))), u32(size_b - u32(b * u32(tile_b)))
            group, first = u32(thread % u32(high)), u32(thread // u32(high))
            dst_block = advance(dst, dst_at + u64(group * u32(VECTOR)))
            for v in range(vectors):
                row = u32(first + u32(v * step))
                turned = u32(group ^ u32(u32(row // u32(side)) & u32(SWIZZLE)))
                at = u32(u32(u32(row * u32(high)) + turned) * u32(VECTOR))
                shared_load(shared, at, regs, u32(v * 4))
            if left_a >= u32(tile_a) and left_b >= u32(tile_b):
                for v in range(vectors):
                    row = u32(first + u32(v * step))
                    offset = u64(i64(i32(row)) * i64(i32(dst_pitch)))
                    store(dst_block, offset, regs, u32(v * 4))
            elif u32(group * u32(side)) < left_b:
                for v in range(vectors):
                    row = u32(first + u32(v * step))
                    if row < left_a:
                        offset = u64(i64(i32(row)) * i64(i32(dst_pitch)))
                        store(dst_block, offset, regs, u32(v * 4))

        return fetch, flush

    return Kernel(
        name=f"tile_{item_bytes}_{cols}_{rows}_{outer_rank}",
        threads=cols * rows,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *outer_params(outer_rank),
            Param("size_a", "u32"),
            Param("size_b", "u32"),
            Param("src_pitch", "u32"),
            Param("dst_pitch", "u32"),
        ),
        phases=phases,
        reg_words=vectors * 4,
        shared_words=vectors * 4 * cols * rows,
    )
