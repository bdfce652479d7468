"""G5 for many digits: a tile of those that come first in the destination, item by item.

    item t + 128 k of a tile     its digits by small divisions, as in kernels/inner.py
    the tile                     its digits once a block, as in kernels/outer.py

`direct` takes all digits of each item apart: 54 instructions of PTX an item where they are three,
254 where they are twelve. Here an item and its part in the tile's are 72.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.inner import inner_offset
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.target import Function, Target, words_of

u32, u64 = np.uint32, np.uint64

THREADS = 128
AT_ONCE = 4  # items of a thread
MOST_UNITS = 1024  # items of a tile
TILE_RANK, OUTER_RANK = 4, 5


def walk_kernel(item_bytes: int) -> Kernel:
    """Items of 1 to 8 bytes."""
    words = words_of(item_bytes)

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[item_bytes], target.store[item_bytes]
        advance = target.advance
        offsets = outer_offsets(target, OUTER_RANK)
        offset_of = inner_offset(target, TILE_RANK)

        @target.jit
        def run(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            units: Any, size: Any, magic: Any, src_stride: Any, dst_stride: Any,
        ) -> None:  # fmt: skip
            src_at, dst_at, _, _ = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            src_block, dst_block = advance(src, src_at), advance(dst, dst_at)
            first = u32(thread)
            while first < units:
                for k in range(AT_ONCE):
                    unit = u32(first + u32(k * THREADS))
                    if unit < units:
                        source, to = offset_of(unit, size, magic, src_stride, dst_stride)
                        load(src_block, source, regs, u32(k * words))
                        regs[AT_ONCE * words + k] = to
                for k in range(AT_ONCE):
                    if u32(first + u32(k * THREADS)) < units:
                        store(dst_block, u64(regs[AT_ONCE * words + k]), regs, u32(k * words))
                first = u32(first + u32(AT_ONCE * THREADS))

        return (run,)

    return Kernel(
        name=f"walk_{item_bytes}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *outer_params(OUTER_RANK),
            Param("units", "u32"),
            Param("size", "u32", TILE_RANK),
            Param("magic", "u32", TILE_RANK),
            Param("src_stride", "u32", TILE_RANK),
            Param("dst_stride", "u32", TILE_RANK),
        ),
        phases=phases,
        reg_words=AT_ONCE * (words + 1),
        vector_bytes=item_bytes,
    )
