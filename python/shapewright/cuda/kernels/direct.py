"""G1 and G5: items read where they are and written in the order of the destination.

    item t + 256 k of block b, for k in 0 .. each:    number  = 256 * each * b + 256 * k + t
                                                      digits of the layout, as in kernels/outer.py

With items of 16 bytes this moves runs (G1), one a thread: many short threads come closer to the
bandwidth than few long ones. With others it is the gather that takes any layout (G5). No thread is
idle but in the last block, whatever the sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.target import Function, Target, words_of

u32 = np.uint32

THREADS = 256
IN_FLIGHT = {1: 4, 2: 4, 4: 4, 8: 2, 16: 1}  # items of a thread
MOST_ITEMS = (1 << 31) - THREADS * max(IN_FLIGHT.values())  # that an item's number may count


def block_items(item_bytes: int) -> int:
    """Items of a block."""
    return THREADS * IN_FLIGHT[item_bytes]


def direct_kernel(item_bytes: int, rank: int) -> Kernel:
    """Items of 1 to 16 bytes, so many digits."""
    words, each = words_of(item_bytes), IN_FLIGHT[item_bytes]

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[item_bytes], target.store[item_bytes]
        offsets = outer_offsets(target, rank)

        @target.jit
        def run(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            items: Any,
        ) -> None:  # fmt: skip
            first = u32(u32(block * u32(THREADS * each)) + thread)
            for k in range(each):
                item = u32(first + u32(k * THREADS))
                at, _, _, _ = offsets(
                    item, outer_size, outer_magic, outer_shift, outer_src, outer_dst
                )
                if item < items:
                    load(src, at, regs, u32(k * words))
            for k in range(each):
                item = u32(first + u32(k * THREADS))
                _, at, _, _ = offsets(
                    item, outer_size, outer_magic, outer_shift, outer_src, outer_dst
                )
                if item < items:
                    store(dst, at, regs, u32(k * words))

        return (run,)

    return Kernel(
        name=f"direct_{item_bytes}_{rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *outer_params(rank),
            Param("items", "u32"),
        ),
        phases=phases,
        reg_words=each * words,
        vector_bytes=item_bytes,
    )
