"""G1 and G5: items read where they are and written in the order of the destination.

    tile   digits of the layout, 1024 items: thread t has items t, t + 256, t + 512, t + 768
    block  the other digits

With items of 16 bytes this moves runs (G1); with others it is the gather that takes any layout
(G5). Offsets of a thread's items are worked out once for all blocks of work it does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.inner import DIRECT_CODE, inner_offset, within_chunks
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.target import Function, Target, words_of

u32 = np.uint32

THREADS = 256
IN_FLIGHT = 4
ITEMS = THREADS * IN_FLIGHT


def direct_kernel(item_bytes: int, tile_rank: int, outer_rank: int) -> Kernel:
    """Items of 1 to 16 bytes, so many digits in the tile and so many among blocks."""
    words = words_of(item_bytes)

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[item_bytes], target.store[item_bytes]
        advance = target.advance
        offsets = outer_offsets(target, outer_rank)
        offset_of = inner_offset(target, tile_rank)
        inside = within_chunks(target, DIRECT_CODE)

        @target.jit
        def run(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            items: Any, chunk_a: Any, size_a: Any, chunk_b: Any, size_b: Any,
            size: Any, magic: Any, src_stride: Any, dst_stride: Any, unit: Any,
        ) -> None:  # fmt: skip
            src_at, dst_at, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            left_a, left_b = u32(size_a - u32(a * chunk_a)), u32(size_b - u32(b * chunk_b))
            src_block, dst_block = advance(src, src_at), advance(dst, dst_at)
            for k in range(IN_FLIGHT):
                item = u32(thread + u32(k * THREADS))
                offset, code = offset_of(item, size, magic, src_stride, unit)
                if item < items and inside(code, left_a, left_b):
                    load(src_block, offset, regs, u32(k * words))
            for k in range(IN_FLIGHT):
                item = u32(thread + u32(k * THREADS))
                offset, code = offset_of(item, size, magic, dst_stride, unit)
                if item < items and inside(code, left_a, left_b):
                    store(dst_block, offset, regs, u32(k * words))

        return (run,)

    return Kernel(
        name=f"direct_{item_bytes}_{tile_rank}_{outer_rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *outer_params(outer_rank),
            Param("items", "u32"),
            Param("chunk_a", "u32"),
            Param("size_a", "u32"),
            Param("chunk_b", "u32"),
            Param("size_b", "u32"),
            Param("size", "u32", tile_rank),
            Param("magic", "u32", tile_rank),
            Param("src_stride", "u32", tile_rank),
            Param("dst_stride", "u32", tile_rank),
            Param("unit", "u32", tile_rank),
        ),
        phases=phases,
        reg_words=IN_FLIGHT * words,
        loops=True,
        vector_bytes=item_bytes,
    )
