"""G7: images of bytes, channels last, into planes of any type, by a table.

    load    the block's 4096 pixels as they lie, 16 bytes a lane     src -> shared
            value of each byte in each channel                       table -> shared
    --- barrier ---
    store   plane after plane, 16 bytes a lane: 16 / item bytes pixels, each looked up

A byte has 256 values, so that scale, bias and cast are one look-up in a table that the host makes
with NumPy; no arithmetic on floats is left to differ. Pixels of an image are a multiple of 16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param
from shapewright.cuda.target import Function, Target

u32, u64 = np.uint32, np.uint64

THREADS = 256
PIXELS = 4096  # of a block
VECTOR = 16
VALUES = 256


def image_kernel(item_bytes: int, channels: int) -> Kernel:
    """Items of 1, 2 or 4 bytes; 1 to 4 channels."""
    values_words = VALUES * channels
    per_vector = VECTOR // item_bytes
    per_word = 4 // item_bytes
    rounds = PIXELS // per_vector // THREADS

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[VECTOR], target.store[VECTOR]
        load_word = target.load[4]
        put, put_word = target.shared_store[VECTOR], target.shared_store[4]
        get_byte, get_word = target.shared_load[1], target.shared_load[4]
        advance = target.advance

        @target.jit
        def fetch(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any, table: Any,
            pixels: Any, groups: Any, magic: Any, shift: Any,
            src_image: Any, dst_image: Any, dst_plane: Any,
        ) -> None:  # fmt: skip
            high = u32((u64(block) * u64(magic)) >> u64(32))
            image = u32(u32(high + block) >> shift)
            first = u32(u32(block - u32(image * groups)) * u32(PIXELS))
            left = u32(pixels - first)
            start = u64(image) * src_image + u64(first) * u64(channels)
            src_block = advance(src, start)
            for k in range(channels):
                vector = u32(thread + u32(k * THREADS))
                if u32(vector * u32(VECTOR)) < u32(left * u32(channels)):
                    load(src_block, u64(u32(vector * u32(VECTOR))), regs, u32(4 * k))
            for k in range(channels):
                load_word(table, u64(u32(thread + u32(k * THREADS)) * u32(4)), regs, u32(16 + k))
            for k in range(channels):
                vector = u32(thread + u32(k * THREADS))
                put(
                    shared, u32(u32(vector * u32(VECTOR)) + u32(4 * values_words)), regs, u32(4 * k)
                )
                put_word(shared, u32(u32(thread + u32(k * THREADS)) * u32(4)), regs, u32(16 + k))

        @target.jit
        def flush(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any, table: Any,
            pixels: Any, groups: Any, magic: Any, shift: Any,
            src_image: Any, dst_image: Any, dst_plane: Any,
        ) -> None:  # fmt: skip
            high = u32((u64(block) * u64(magic)) >> u64(32))
            image = u32(u32(high + block) >> shift)
            first = u32(u32(block - u32(image * groups)) * u32(PIXELS))
            left = u32(pixels - first)
            start = u64(image) * dst_image + u64(first) * u64(item_bytes)
            for c in range(channels):
                plane = advance(dst, start + u64(c) * dst_plane)
                for r in range(rounds):
                    pixel = u32(u32(thread + u32(r * THREADS)) * u32(per_vector))
                    if pixel < left:
                        for w in range(4):
                            word = u32(0)
                            for k in range(per_word):
                                byte = u32(u32(pixel + u32(w * per_word + k)) * u32(channels))
                                at = u32(byte + u32(4 * values_words + c))
                                get_byte(shared, at, regs, u32(4))
                                value = u32(u32(regs[4] * u32(channels)) + u32(c))
                                get_word(shared, u32(value * u32(4)), regs, u32(5))
                                word = u32(word | u32(regs[5] << u32(8 * item_bytes * k)))
                            regs[w] = word
                        store(plane, u64(u32(pixel * u32(item_bytes))), regs, u32(0))

        return fetch, flush

    return Kernel(
        name=f"image_{item_bytes}_{channels}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            Param("table", "memory"),
            Param("pixels", "u32"),
            Param("groups", "u32"),
            Param("magic", "u32"),
            Param("shift", "u32"),
            Param("src_image", "u64"),
            Param("dst_image", "u64"),
            Param("dst_plane", "u64"),
        ),
        phases=phases,
        reg_words=16 + channels,
        shared_words=values_words + PIXELS * channels // 4,
    )
