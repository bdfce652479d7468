"""rearrange_many, pad_stack, unpad_stack against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapewright as sw
from random_layouts import Array, random_bytes, restride, same_bits


def ragged(rng: np.random.Generator, count: int, rank: int, dtype: str) -> list[Array]:
    shapes = [tuple(int(n) for n in rng.integers(0, 12, rank)) for _ in range(count)]
    return [restride(rng, shape, dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["u1", "f4", "c16"])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_rearrange_many(count: int, dtype: str) -> None:
    rng = np.random.default_rng(1)
    xs = ragged(rng, count, 3, dtype)
    want = [np.ascontiguousarray(x.transpose(2, 0, 1)) for x in xs]
    ys = sw.rearrange_many(xs, "a b c -> c a b")
    assert all(same_bits(y, w) for y, w in zip(ys, want, strict=True))
    outs = [restride(rng, w.shape, dtype) for w in want]
    ys = sw.rearrange_many(iter(xs), "a b c -> c a b", outs)
    assert all(y is out for y, out in zip(ys, outs, strict=True))
    assert all(same_bits(y, w) for y, w in zip(ys, want, strict=True))


def test_rearrange_many_of_all_sizes_with_a_cast() -> None:
    rng = np.random.default_rng(2)
    shapes = [(1, 1), (2000, 1500), (7, 9), (1200, 1), (3, 1000)]
    xs = [random_bytes(rng, shape, "u1") for shape in shapes]
    for threads in (None, 1, 3):
        ys = sw.rearrange_many(xs, "a b -> b a", dtype="f32", threads=threads)
        for x, y in zip(xs, ys, strict=True):
            assert same_bits(y, np.ascontiguousarray(x.T.astype("f4")))


def test_rearrange_many_takes_sizes() -> None:
    (y,) = sw.rearrange_many([np.arange(6)], "(a b) -> b a", b=2)
    assert same_bits(y, np.ascontiguousarray(np.arange(6).reshape(3, 2).T))


def padded(xs: list[Array], shape: tuple[int, ...], fill: Any) -> Array:
    out = np.full((len(xs), *shape), fill, xs[0].dtype)
    for i, x in enumerate(xs):
        index: Any = (i, *(slice(n) for n in x.shape))
        out[index] = x
    return out


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("fill", [0, 3])
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8", "c8"])
def test_pad_stack(dtype: str, fill: int, rank: int) -> None:
    rng = np.random.default_rng(3)
    for count in (1, 2, 40):
        xs = ragged(rng, count, rank, dtype)
        longest = tuple(max(x.shape[a] for x in xs) for a in range(rank))
        assert same_bits(sw.pad_stack(xs, fill=fill), padded(xs, longest, fill))
        shape = tuple(n + 3 for n in longest)
        want = padded(xs, shape, fill)
        assert same_bits(sw.pad_stack(xs, shape, fill), want)
        out = restride(rng, want.shape, dtype)
        assert sw.pad_stack(xs, shape, fill, out) is out
        assert same_bits(out, want)


def test_pad_stack_of_large_entries() -> None:
    rng = np.random.default_rng(4)
    xs = [random_bytes(rng, (int(n), 700), "f4") for n in (900, 1, 1500)]
    assert same_bits(sw.pad_stack(xs, fill=-1.5), padded(xs, (1500, 700), -1.5))


@pytest.mark.parametrize("fill", [300, -1])
def test_pad_stack_refuses_a_fill_that_does_not_fit(fill: int) -> None:
    with pytest.raises(OverflowError):
        sw.pad_stack([np.zeros(3, "u1")], fill=fill)


def test_unpad_stack_undoes_pad_stack() -> None:
    rng = np.random.default_rng(5)
    for rank in (1, 2, 3):
        xs = [np.ascontiguousarray(x) for x in ragged(rng, 30, rank, "i2")]
        batch = sw.pad_stack(xs)
        back = sw.unpad_stack(batch, [x.shape for x in xs])
        assert all(same_bits(x, y) for x, y in zip(xs, back, strict=True))
        assert not any(np.shares_memory(batch, y) for y in back)


def test_unpad_stack_takes_integers() -> None:
    batch = np.arange(24).reshape(2, 4, 3)
    ys = sw.unpad_stack(batch, np.array([2, 4]))
    assert same_bits(ys[0], batch[0, :2].copy())
    assert same_bits(ys[1], batch[1].copy())
