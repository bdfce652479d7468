"""What is launched for a layout: divisions, large sizes, blocks, parameters."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

pytest.importorskip("numba")

from cuda_moves import steps_of
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import batched_values, plan_cast
from shapewright.cuda.kernels import RANKS, kernel_named, ranks_for
from shapewright.cuda.kernels.batched import ROW_BYTES, table_row
from shapewright.cuda.kernels.inner import small_magic_of
from shapewright.cuda.kernels.outer import magic_of
from shapewright.cuda.layout import Digit, Layout, canonical, with_items_of
from shapewright.cuda.step import MOST_BLOCKS, Step


def test_division_by_multiplication_is_exact() -> None:
    rng = np.random.default_rng(0)
    divisors = [*range(1, 2000), *(2**k + d for k in range(11, 31) for d in (-1, 0, 1)), 2**31]
    numbers = np.unique(
        np.concatenate([rng.integers(0, 2**31, 500), np.arange(50), 2**31 - 1 - np.arange(50)])
    )
    for divisor in divisors:
        magic, shift = magic_of(divisor)
        assert magic < 2**32
        near = numbers // divisor * divisor
        for n in (numbers, near, np.maximum(near - 1, 0)):
            assert np.array_equal((((n * magic) >> 32) + n) >> shift, n // divisor), divisor


def test_division_within_a_tile_is_exact() -> None:
    numbers = np.arange(2**13, dtype=np.int64)
    for divisor in range(1, 2**13 + 1):
        magic = small_magic_of(divisor)
        assert magic < 2**32
        assert np.array_equal((numbers * magic) >> 31, numbers // divisor), divisor


@pytest.mark.parametrize(
    ("shape", "axes", "item", "kernel"),
    [
        ((4096, 4096), (1, 0), 4, "tile_4_16_16_16_3"),
        ((4096, 4096), (1, 0), 1, "tile_1_4_32_8_3"),
        ((8, 1024, 12, 64), (0, 2, 1, 3), 2, "direct_16"),
        ((64, 56, 56, 64), (0, 3, 1, 2), 2, "tile_2_16"),
        ((4801, 4801), (1, 0), 4, "tile_4_4"),
        ((4801, 4801), (1, 0), 8, "tile_8_8"),
        ((4804, 4804), (1, 0), 1, "tile_1_4"),
        ((4801, 4801), (1, 0), 1, "direct_1"),
        ((9001, 9001), (1, 0), 1, "packed_1"),
        ((32, 224, 224, 3), (0, 3, 1, 2), 1, "split_1_3"),
        ((32, 2048, 7, 7), (0, 2, 3, 1), 1, "gather_1_1"),
        ((32, 7, 7, 2048), (0, 3, 1, 2), 2, "scatter_2_2"),
        ((32, 1024, 14, 14), (0, 2, 3, 1), 1, "gather_1_4"),
        ((32, 1024, 14, 14), (0, 2, 3, 1), 2, "packed_2_8"),
        ((1000, 1000, 5), (0, 1, 2), 4, "copy_16"),
    ],
)
def test_choice(shape: tuple[int, ...], axes: tuple[int, ...], item: int, kernel: str) -> None:
    strides = [item * prod(shape[k + 1 :]) for k in range(len(shape))]
    out_shape = [shape[axis] for axis in axes]
    digits = [
        Digit(shape[axis], strides[axis], item * prod(out_shape[k + 1 :]))
        for k, axis in enumerate(axes)
    ]
    (step,) = plan_move(canonical(digits, item), 1 << 20, 1 << 30)
    assert step.kernel.startswith(kernel)


def moved_by(step: Step) -> int:
    """Items that a `direct` or `packed` step moves, none counted twice."""
    kernel = kernel_named(step.kernel)
    names = [param.name for param in kernel.params if param.kind != "memory"]
    named = dict(zip(names, step.values, strict=True))
    if "items" in named:
        assert prod(named["outer_size"]) == named["items"]  # type: ignore[arg-type]
        return int(named["items"])
    chunk_a, size_a, chunk_b, size_b = named["chunks"]  # type: ignore[misc]
    whole = int(named["units"]) // (chunk_a * chunk_b)  # type: ignore[arg-type]
    chunks = -(-size_a // chunk_a) * -(-size_b // chunk_b)
    blocks = prod(named["outer_size"])  # type: ignore[arg-type]
    assert blocks % chunks == 0
    return whole * size_a * size_b * (blocks // chunks)


@pytest.mark.parametrize("size", [2**31 - 1, 2**31, 2**31 + 5, 5_000_000_007])
def test_more_than_two_to_the_31_elements(size: int) -> None:
    strided = Layout(4, (Digit(size, 8, 4),))
    steps = plan_move(strided, 0, 0)
    assert all(step.blocks < MOST_BLOCKS for step in steps)
    assert sum(moved_by(step) for step in steps) == size
    starts = sorted((step.dst_offset, step.src_offset) for step in steps)
    assert starts[0] == (0, 0)
    assert all(src == 2 * dst for dst, src in starts)
    (dense,) = plan_move(Layout(1, (Digit(size, 1, 1),)), 0, 0)
    assert dense.kernel == "copy_16"
    casts = plan_cast(Layout(4, (Digit(size, 8, 2),), dst_item_bytes=2), "f32", "f16", "plain")
    assert sum(moved_by(step) for step in casts) == size


def test_a_transpose_of_eight_billion_items_is_one_launch() -> None:
    rows, cols = 100_000, 80_000
    layout = canonical([Digit(cols, 4, 4 * rows), Digit(rows, 4 * cols, 4)], 4)
    (step,) = plan_move(layout, 0, 0)
    assert step.kernel.startswith("tile_4")


def test_runs_off_alignment_get_narrow_items() -> None:
    layout = Layout(12, (Digit(5, 24, 12),))
    assert with_items_of(layout, 0, 0).item_bytes == 4
    assert with_items_of(layout, 2, 0).item_bytes == 2
    assert with_items_of(layout, 0, 1).item_bytes == 1
    assert with_items_of(Layout(2, (Digit(64, 2, 2), Digit(9, 256, 128))), 16, 32).item_bytes == 16
    assert with_items_of(Layout(2, (Digit(63, 2, 2), Digit(9, 256, 128))), 16, 32).item_bytes == 2


def test_copies_with_ends() -> None:
    for src, dst, size in ((3, 3, 100_000), (3, 19, 5), (8, 0, 4096), (1, 0, 77), (5, 1, 16384)):
        (step,) = plan_move(Layout(1, (Digit(size, 1, 1),)), src, dst)
        width = int(step.kernel.split("_")[1])
        vectors, head, tail = (int(v) for v in step.values)  # type: ignore[arg-type]
        assert head + vectors * width + tail == size
        assert not vectors or (dst + step.dst_offset) % width == 0
        assert not vectors or (src + step.src_offset) % width == 0


def test_ranks_hold_what_they_are_asked_for() -> None:
    for tile in range(13):
        for outer in range(25):
            ranks = ranks_for(tile, outer)
            assert ranks in RANKS
            assert ranks[0] >= tile
            assert ranks[1] >= outer


def test_rows_of_a_batch_are_whole() -> None:
    found = batched_values(canonical([Digit(9, 4, 28), Digit(7, 36, 4)], 4))
    assert found is not None
    tiles, values = found
    assert tiles == 1
    assert len(table_row(values)) == ROW_BYTES


def test_no_steps_for_nothing() -> None:
    assert steps_of(np.empty((0, 3)), np.empty((0, 3))) == []
    assert plan_move(Layout(4, (Digit(0, 4, 4),)), 0, 0) == []
    (one,) = plan_move(canonical([], 4), 4, 8)
    assert one.kernel.startswith("copy")
