"""G6: many arrays in one launch, each a packed move of its own.

    map     for each block: where its array is read and written     2 x u64
                            its row of the table, which tile        2 x u32
    table   what `packed` is passed, a row for arrays of equal layout

Block b looks itself up and goes on as `packed` does. `src` and `dst` are the origin that the
addresses in the map count from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param
from shapewright.cuda.kernels.packed import (
    SHARED_BYTES,
    THREADS,
    packed_params,
    packed_phases,
    packed_words,
)
from shapewright.cuda.target import Function, Target

u32, u64 = np.uint32, np.uint64

TILE_RANK = OUTER_RANK = 4
MAP_BYTES = 24
# Rows of the table, in bytes: the u64 parameters, then those of 32 bits.
LONGS = [p for p in packed_params(TILE_RANK, OUTER_RANK) if p.kind == "u64"]
SHORTS = [p for p in packed_params(TILE_RANK, OUTER_RANK) if p.kind == "u32"]
LONG_COUNT = sum(p.count for p in LONGS)
SHORT_COUNT = sum(max(1, p.count) for p in SHORTS)
ROW_BYTES = -(-(8 * LONG_COUNT + 4 * SHORT_COUNT) // 16) * 16

OUTER_SRC, OUTER_DST = 0, 8 * OUTER_RANK
OUTER_SIZE = 16 * OUTER_RANK
OUTER_MAGIC, OUTER_SHIFT = OUTER_SIZE + 16, OUTER_SIZE + 32
CHUNKS = OUTER_SIZE + 48
TILE = CHUNKS + 32
STEP = 4 * TILE_RANK


def batched_kernel(item_bytes: int) -> Kernel:
    """Items of 1 to 16 bytes."""

    def phases(target: Target) -> tuple[Function, ...]:
        fetch_packed, flush_packed = packed_phases(
            target, item_bytes, item_bytes, TILE_RANK, OUTER_RANK
        )
        advance, numbers = target.advance, target.numbers
        two_words, two_longs = numbers("u32", 2), numbers("u64", 2)
        longs, words, eight = (
            numbers("u64", OUTER_RANK),
            numbers("u32", TILE_RANK),
            numbers("u32", 8),
        )

        def of_row(packed: Function) -> Function:
            """A phase of `packed`, passed what stands in the array's row."""

            @target.jit
            def run(
                block: Any, thread: Any, shared: Any, regs: Any,
                src: Any, dst: Any, table: Any, map: Any,
            ) -> None:  # fmt: skip
                entry = advance(map, u64(block) * u64(MAP_BYTES))
                addresses = two_longs(entry, u64(0))
                layout, tile = two_words(entry, u64(16))
                row = advance(table, u64(layout) * u64(ROW_BYTES))
                tile_of = eight(row, u64(CHUNKS))
                packed(
                    tile, thread, shared, regs,
                    advance(src, addresses[0]), advance(dst, addresses[1]),
                    words(row, u64(OUTER_SIZE)), words(row, u64(OUTER_MAGIC)),
                    words(row, u64(OUTER_SHIFT)), longs(row, u64(OUTER_SRC)),
                    longs(row, u64(OUTER_DST)),
                    tile_of[0], tile_of[1:5], tile_of[5:],
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
        reg_words=packed_words(item_bytes, item_bytes),
        shared_words=SHARED_BYTES // 4,
        vector_bytes=item_bytes,
    )


def table_row(values: Any) -> bytes:
    """A row of the table; `values` are those of `packed`, in its order."""
    named = dict(zip(packed_params(TILE_RANK, OUTER_RANK), values, strict=True))

    def flat(params: Any) -> list[int]:
        rows = [named[p] if p.count else (named[p],) for p in params]
        return [number for row in rows for number in row]

    longs = np.array(flat(LONGS), np.uint64)
    shorts = np.array(flat(SHORTS), np.uint32)
    return (longs.tobytes() + shorts.tobytes()).ljust(ROW_BYTES, b"\0")
