"""G2: a matrix of blocks turned in registers, their places exchanged in shared memory.

k = vector / item bytes; a thread reads k vectors, a block of k x k items, and turns it:

    source, B down, A along          shared, A down, B along           destination
    c0 c1 .. -> a vector each        row k*c + j, a vector a group     a vector a lane, A down
    r0 [block]                       group r ^ (c & mask): the lanes
    r1                               that share a wavefront meet all
    ..                               banks once

Vectors are of 16 bytes where all addresses allow, else of 4, of an item of 8. Both sides of a tile
are 128 bytes and more. Sizes along A and B are multiples of k; where the tile sticks out, whole
vectors are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.kernels.turn import turn_block
from shapewright.cuda.target import Function, Target

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

# Bytes of (item, vector) -> threads along A and along B.
SHAPES = {
    (1, 16): ((8, 8),),
    (1, 4): ((32, 8),),
    (2, 16): ((8, 16), (16, 8)),
    (2, 4): ((32, 8),),
    (4, 16): ((8, 32), (16, 16), (32, 8)),
    (4, 4): ((32, 8),),
    (8, 16): ((8, 32), (16, 16), (32, 8)),
    (8, 8): ((16, 16),),
    (16, 16): ((8, 32), (16, 16), (32, 8)),
}
# Blocks turned by a thread, one below the other; 1 where nothing is said.
BLOCKS_EACH = {(1, 4): 4, (2, 4): 4, (4, 4): 8, (8, 16): 2, (8, 8): 4, (16, 16): 4}
WAVEFRONT = 128  # bytes of all banks


def tile_sides(item_bytes: int, vector: int, cols: int, rows: int) -> tuple[int, int]:
    """Items along A and along B of a tile that `cols` x `rows` threads turn."""
    side = vector // item_bytes
    return side * cols, side * rows * BLOCKS_EACH.get((item_bytes, vector), 1)


def tile_kernel(item_bytes: int, vector: int, cols: int, rows: int, outer_rank: int) -> Kernel:
    """Items of 1 to 16 bytes, cols x rows threads, so many digits among blocks."""
    blocks_each = BLOCKS_EACH.get((item_bytes, vector), 1)
    side = vector // item_bytes
    words = vector // 4
    vectors = side * blocks_each
    high = rows * blocks_each  # blocks down the tile
    tile_a, tile_b = tile_sides(item_bytes, vector, cols, rows)
    step = cols // blocks_each  # rows of the destination that all threads write at once
    mask = WAVEFRONT // vector - 1

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[vector], target.store[vector]
        shared_load, shared_store = target.shared_load[vector], target.shared_store[vector]
        advance = target.advance
        offsets = outer_offsets(target, outer_rank)
        turn = turn_block(target, item_bytes, vector)

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
            src_block = advance(src, src_at + u64(c * u32(vector)))
            if left_a >= u32(tile_a) and left_b >= u32(tile_b):
                for u in range(blocks_each):
                    for j in range(side):
                        row = u32(u32(r * u32(side)) + u32(u * rows * side + j))
                        offset = u64(i64(i32(row)) * i64(i32(src_pitch)))
                        load(src_block, offset, regs, u32((u * side + j) * words))
            elif u32(c * u32(side)) < left_a:
                for u in range(blocks_each):
                    for j in range(side):
                        row = u32(u32(r * u32(side)) + u32(u * rows * side + j))
                        if row < left_b:
                            offset = u64(i64(i32(row)) * i64(i32(src_pitch)))
                            load(src_block, offset, regs, u32((u * side + j) * words))
            for u in range(blocks_each):
                turn(regs, u32(u * side * words))
            first = u32(c * u32(side * high * vector))
            for u in range(blocks_each):
                group = u32(u32(r + u32(u * rows)) ^ u32(c & u32(mask)))
                at = u32(first + u32(group * u32(vector)))
                for j in range(side):
                    k = u32((u * side + j) * words)
                    shared_store(shared, u32(at + u32(j * high * vector)), regs, k)

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
            dst_block = advance(dst, dst_at + u64(group * u32(vector)))
            for v in range(vectors):
                row = u32(first + u32(v * step))
                turned = u32(group ^ u32(u32(row // u32(side)) & u32(mask)))
                at = u32(u32(u32(row * u32(high)) + turned) * u32(vector))
                shared_load(shared, at, regs, u32(v * words))
            if left_a >= u32(tile_a) and left_b >= u32(tile_b):
                for v in range(vectors):
                    row = u32(first + u32(v * step))
                    offset = u64(i64(i32(row)) * i64(i32(dst_pitch)))
                    store(dst_block, offset, regs, u32(v * words))
            elif u32(group * u32(side)) < left_b:
                for v in range(vectors):
                    row = u32(first + u32(v * step))
                    if row < left_a:
                        offset = u64(i64(i32(row)) * i64(i32(dst_pitch)))
                        store(dst_block, offset, regs, u32(v * words))

        return fetch, flush

    return Kernel(
        name=f"tile_{item_bytes}_{vector}_{cols}_{rows}_{outer_rank}",
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
        reg_words=vectors * words,
        shared_words=vectors * words * cols * rows,
        vector_bytes=vector,
    )
