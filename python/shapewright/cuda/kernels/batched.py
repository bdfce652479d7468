"""G6: many arrays in one launch, each a packed move of its own.

    map     for each block of work: (which array, which of its tiles)        2 x u32
    table   for each array: addresses of src and dst, then what `packed` is passed

Block b looks itself up and goes on as `packed` does. `src` and `dst` are the origin that the
addresses in the table count from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param
from shapewright.cuda.kernels.packed import (
    ROUND,
    SHARED_BYTES,
    THREADS,
    packed_params,
    packed_phases,
)
from shapewright.cuda.target import Function, Target, words_of

u32, u64 = np.uint32, np.uint64

TILE_RANK = OUTER_RANK = 4
MAP_BYTES = 8
# Rows of the table, in bytes: two addresses, the u64 parameters, then those of 32 bits.
LONGS = [p for p in packed_params(TILE_RANK, OUTER_RANK) if p.kind == "u64"]
SHORTS = [p for p in packed_params(TILE_RANK, OUTER_RANK) if p.kind == "u32"]
LONG_COUNT = 2 + sum(p.count for p in LONGS)
SHORT_COUNT = sum(max(1, p.count) for p in SHORTS)
ROW_BYTES = -(-(8 * LONG_COUNT + 4 * SHORT_COUNT) // 16) * 16

OUTER_SRC, OUTER_DST = 16, 16 + 8 * OUTER_RANK
OUTER_SIZE = 16 * (1 + OUTER_RANK)
OUTER_MAGIC, OUTER_SHIFT = OUTER_SIZE + 16, OUTER_SIZE + 32
CHUNKS = OUTER_SIZE + 48
TILE = CHUNKS + 20
STEP = 4 * TILE_RANK


def batched_kernel(item_bytes: int) -> Kernel:
    """Items of 1 to 16 bytes."""

    def phases(target: Target) -> tuple[Function, ...]:
        fetch_packed, flush_packed = packed_phases(target, item_bytes, TILE_RANK, OUTER_RANK)
        advance, numbers = target.advance, target.numbers
        two_words, two_longs = numbers("u32", 2), numbers("u64", 2)
        longs, words, five = (
            numbers("u64", OUTER_RANK),
            numbers("u32", TILE_RANK),
            numbers("u32", 5),
        )

        def of_row(packed: Function) -> Function:
            """A phase of `packed`, passed what stands in the array's row."""

            @target.jit
            def run(
                block: Any, thread: Any, shared: Any, regs: Any,
                src: Any, dst: Any, table: Any, map: Any,
            ) -> None:  # fmt: skip
                array, tile = two_words(map, u64(block) * u64(MAP_BYTES))
                row = advance(table, u64(array) * u64(ROW_BYTES))
                addresses = two_longs(row, u64(0))
                chunks = five(row, u64(CHUNKS))
                packed(
                    tile, thread, shared, regs,
                    advance(src, addresses[0]), advance(dst, addresses[1]),
                    words(row, u64(OUTER_SIZE)), words(row, u64(OUTER_MAGIC)),
                    words(row, u64(OUTER_SHIFT)), longs(row, u64(OUTER_SRC)),
                    longs(row, u64(OUTER_DST)),
                    chunks[0], chunks[1], chunks[2], chunks[3], chunks[4],
                    words(row, u64(TILE)), words(row, u64(TILE + STEP)),
                    words(row, u64(TILE + 2 * STEP)), words(row, u64(TILE + 3 * STEP)),
                    words(row, u64(TILE + 4 * STEP)), words(row, u64(TILE + 5 * STEP)),
                    words(row, u64(TILE + 6 * STEP)), words(row, u64(TILE + 7 * STEP)),
                )  # fmt: skip

            return run

        return of_row(fetch_packed), of_row(flush_packed)

    return Kernel(
        name=f"batched_{item_bytes}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            Param("table", "memory"),
            Param("map", "memory"),
        ),
        phases=phases,
        reg_words=ROUND * words_of(item_bytes),
        shared_words=SHARED_BYTES // 4,
        loops=True,
        vector_bytes=item_bytes,
    )


def table_row(src: int, dst: int, values: Any) -> bytes:
    """A row of the table; `values` are those of `packed`, in its order."""
    named = dict(zip(packed_params(TILE_RANK, OUTER_RANK), values, strict=True))

    def flat(params: Any) -> list[int]:
        rows = [named[p] if p.count else (named[p],) for p in params]
        return [number for row in rows for number in row]

    longs = np.array([src % (1 << 64), dst % (1 << 64), *flat(LONGS)], np.uint64)
    shorts = np.array(flat(SHORTS), np.uint32)
    return (longs.tobytes() + shorts.tobytes()).ljust(ROW_BYTES, b"\0")
