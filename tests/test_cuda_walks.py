"""Moves of many digits, a tile at a time: random layouts on the CPU twins, patches of images."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from cuda_counts import counts_of
from cuda_moves import aligned_bytes, expected, memory_of, move, steps_of
from shapewright.cuda import choose
from shapewright.cuda.choose_walk import LEAST_UNITS, walk_step
from shapewright.cuda.kernels.walk import MOST_UNITS, OUTER_RANK, TILE_RANK
from shapewright.cuda.layout import Digit, Layout, canonical, with_items_of
from shapewright.cuda.twin import ORDERS

LAYOUTS = 150  # random ones of each size of items
SIZES = (1, 2, 3, 4, 5, 7, 11)

# Qwen2-VL's patches: time, channel, 37 x 2 x 14 rows, 37 x 2 x 14 columns.
PATCHES = (2, 3, 37, 2, 14, 37, 2, 14), (2, 5, 3, 6, 1, 0, 4, 7)


def check(x: Any, out: Any, order: Any) -> list[str]:
    want = expected(x, out)
    names = move(x, out, order)
    assert np.array_equal(want, memory_of(out)), f"{x.dtype} {x.shape} {x.strides}: {names}"
    return names


@pytest.mark.parametrize("item", [1, 2, 4, 8])
def test_random_digits(item: int) -> None:
    rng = np.random.default_rng([49, item])
    taken = 0
    while taken < LAYOUTS:
        shape = [int(n) for n in rng.choice(SIZES, rng.integers(8, 11))]
        if not LEAST_UNITS <= prod(shape) <= 40_000:
            continue
        x = aligned_bytes(rng, tuple(shape), f"u{item}").transpose(rng.permutation(len(shape)))
        for axis in range(x.ndim):
            if rng.random() < 0.2:
                x = np.flip(x, axis)
        out = aligned_bytes(rng, x.shape, f"u{item}")
        if [step.kernel for step in steps_of(x, out)] == [f"walk_{item}"]:
            check(x, out, ORDERS[taken % len(ORDERS)])
            taken += 1


def patches(item: int) -> Layout:
    shape, axes = PATCHES
    strides = [item * prod(shape[k + 1 :]) for k in range(len(shape))]
    sizes = [shape[axis] for axis in axes]
    digits = [
        Digit(shape[axis], strides[axis], item * prod(sizes[k + 1 :]))
        for k, axis in enumerate(axes)
    ]
    return with_items_of(canonical(digits, item), 0, 0)


@pytest.mark.parametrize("item", [2, 4])
def test_patches(item: int) -> None:
    """The same accesses as item by item before; it is the arithmetic that was too much."""
    shape, axes = PATCHES
    rng = np.random.default_rng(50)
    x = aligned_bytes(rng, shape, f"u{item}").transpose(axes)
    assert check(x, aligned_bytes(rng, x.shape, f"u{item}"), "forward") == [f"walk_{2 * item}"]
    layout = patches(item)
    before, now = choose._direct(layout, 0, 0), walk_step(layout, 0, 0)
    assert before is not None
    assert before.kernel == f"direct_{2 * item}_12"
    assert now is not None
    assert counts_of(now).sectors == pytest.approx(counts_of(before).sectors, rel=0.02)
    assert counts_of(now).instructions == pytest.approx(counts_of(before).instructions, rel=0.05)


def test_what_is_walked() -> None:
    few = canonical([Digit(3, 2 * 3**k, 3 ** (5 - k)) for k in range(6)], 1)
    assert walk_step(few, 0, 0) is None
    small = canonical([Digit(2, 3 * 2**k, 2 ** (6 - k)) for k in range(7)], 1)
    assert walk_step(small, 0, 0) is None
    far = canonical([Digit(5, (1 << 30) + k, 5 ** (6 - k)) for k in range(7)], 1)
    assert walk_step(far, 0, 0) is None
    many = canonical([Digit(5, 7 * 5**k, 5 ** (TILE_RANK + OUTER_RANK - k)) for k in range(10)], 1)
    assert walk_step(many, 0, 0) is None
    step = walk_step(canonical([Digit(5, 7 * 5**k, 5 ** (8 - k)) for k in range(9)], 1), 0, 0)
    assert step is not None
    assert step.blocks * 5**TILE_RANK == 5**9
    assert LEAST_UNITS <= 5**TILE_RANK <= MOST_UNITS
