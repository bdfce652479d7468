"""The GPU kernels built for the CPU, every access checked, against NumPy.

SHAPEWRIGHT_TWIN_LAYOUTS sets how many random layouts there are.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from random_layouts import DTYPES, random_bytes, random_shape, random_source, restride

pytest.importorskip("numba")

from cuda_moves import aligned_bytes, expected, memory_of, move
from shapewright.cuda import choose
from shapewright.cuda.kernels import all_names
from shapewright.cuda.kernels.packed import VECTORS
from shapewright.cuda.kernels.tile import SHAPES as SHAPES_OF_TILES
from shapewright.cuda.twin import ORDERS

LAYOUTS = int(os.environ.get("SHAPEWRIGHT_TWIN_LAYOUTS", "5000"))
BATCH = 250
ALIGNED = ("u1", "u2", "f4", "f8", "c16")

# (shape, axes): what each family is for, and its edges.
SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((70000,), (0,)),
    ((64, 128), (1, 0)),
    ((128, 256), (1, 0)),
    ((3, 80, 208), (0, 2, 1)),
    ((144, 3, 256), (2, 1, 0)),
    ((2, 96, 3, 112), (3, 1, 2, 0)),
    ((3, 2, 2, 96, 112), (4, 1, 2, 0, 3)),
    ((3, 2, 3, 2, 64, 128), (5, 1, 3, 2, 0, 4)),
    ((6, 512, 64), (1, 0, 2)),
    ((48, 3, 80, 2), (2, 0, 3, 1)),
    ((2401, 12), (1, 0)),
    ((75, 61), (1, 0)),
    ((140, 100), (1, 0)),
    ((252, 260), (1, 0)),
    ((3, 126, 132), (0, 2, 1)),
    ((2, 133, 3, 97), (3, 1, 2, 0)),
    ((3, 65, 131), (0, 2, 1)),
    ((50, 60, 3), (2, 0, 1)),
    ((2, 20, 64, 3), (0, 3, 1, 2)),
    ((3, 2, 160, 5), (1, 2, 3, 0)),
    ((2, 5, 48, 32), (0, 2, 1, 3)),
    ((4, 6, 96), (2, 1, 0)),
    ((3, 128, 128), (0, 2, 1)),
    ((2, 44, 44), (0, 2, 1)),
    ((24, 5, 40, 3), (2, 1, 0, 3)),
    ((40, 3, 5, 24), (3, 2, 0, 1)),
    ((36, 3, 5, 20), (3, 2, 0, 1)),
    ((5, 4, 3, 7, 8), (4, 2, 0, 3, 1)),
    ((3, 2, 3, 2, 3, 2, 3, 5), (7, 0, 6, 1, 5, 2, 4, 3)),
    ((2,) * 14, tuple(range(13, -1, -1))),
    ((2,) * 12, (0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11)),
)


def check(x: Any, out: Any, order: Any) -> list[str]:
    want = expected(x, out)
    names = move(x, out, order)
    got = memory_of(out)
    assert np.array_equal(want, got), f"{x.dtype} {x.shape} {x.strides} -> {out.strides}: {names}"
    return names


@pytest.mark.parametrize("dtype", ALIGNED)
def test_every_family_in_every_order(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "LEAST_PACKED", 0)
    rng = np.random.default_rng(41)
    names: set[str] = set()
    views = [aligned_bytes(rng, shape, dtype).transpose(axes) for shape, axes in SHAPES]
    views += [
        aligned_bytes(rng, (50, 96), dtype)[:, ::-3],
        aligned_bytes(rng, (7, 2000), dtype)[::2],
    ]
    for y in views:
        for order in ORDERS:
            names |= set(check(y, aligned_bytes(rng, y.shape, dtype), order))
    item = np.dtype(dtype).itemsize
    families = {name.split("_")[0] for name in names}
    assert families == {"copy", "direct", "packed", "tile"} | (
        {"join", "split"} if item < 16 else set()
    )
    vectors = {int(name.split("_")[2]) for name in names if name.startswith("packed")}
    assert vectors >= {*VECTORS[item], item}
    tiles = {tuple(map(int, name.split("_")[1:3])) for name in names if name.startswith("tile")}
    assert {row for row in SHAPES_OF_TILES if row[0] == item} <= tiles


@pytest.mark.parametrize("seed", range(-(-LAYOUTS // BATCH)))
def test_random_layouts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:  # items are packed, however few
        monkeypatch.setattr(choose, "LEAST_PACKED", 0)
    rng = np.random.default_rng([43, seed])
    for k in range(min(BATCH, LAYOUTS - seed * BATCH)):
        order = ORDERS[k % len(ORDERS)]
        if rng.random() < 0.5:  # at any address and any strides: narrow items
            dtype = DTYPES[int(rng.integers(len(DTYPES)))]
            x = random_source(rng, dtype)
            x = x.transpose(rng.permutation(x.ndim))
            is_dense = rng.random() < 0.5
            out = random_bytes(rng, x.shape, dtype) if is_dense else restride(rng, x.shape, dtype)
        else:  # dense and aligned: wide ones
            dtype = ALIGNED[int(rng.integers(len(ALIGNED)))]
            shape = random_shape(rng)
            if rng.random() < 0.4:
                shape = tuple(-(-n // 8) * 8 if n > 8 else n for n in shape)
            x = aligned_bytes(rng, shape, dtype).transpose(rng.permutation(len(shape)))
            out = aligned_bytes(rng, x.shape, dtype)
        check(x, out, order)


def test_names_are_all_built() -> None:
    assert len(all_names()) == len(set(all_names()))
