"""Random chains of operations on Views are what NumPy makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

import shapewright as sw
from shapewright._core import View
from strided_pieces import ITEM, Ints, Source, dense, run_view

FILL_VALUE = -7
Pair = tuple[View, Ints]


def numbered(*shape: int) -> Ints:
    return np.arange(np.prod(shape, dtype=int), dtype=np.int32).reshape(shape)


def factors(rng: random.Random, n: int) -> list[int]:
    """Sizes that multiply to n, some of them 1."""
    out = []
    while n > 1 and rng.random() < 0.8:
        d = rng.choice([d for d in range(1, n + 1) if n % d == 0])
        out.append(d)
        n //= d
    out.append(n)
    rng.shuffle(out)
    return out


def random_source(rng: random.Random, shape: list[int]) -> Source:
    """Any strides: permuted, with gaps, backward, repeated."""
    if rng.random() < 0.4:
        return dense(numbered(*shape))
    order = list(range(len(shape)))
    rng.shuffle(order)
    strides, step = [0] * len(shape), 1
    for a in order:
        strides[a] = step
        step *= shape[a] + rng.choice([0, 0, 1])
    strides = [rng.choice([s, s, -s, 0]) for s in strides]
    offset = sum(-s * (n - 1) for n, s in zip(shape, strides, strict=True) if s < 0 and n > 0)
    buffer = np.arange(max(step, 1) + 3, dtype=np.int32)
    return Source(buffer, ITEM * offset, tuple(shape), tuple(ITEM * s for s in strides))


def do_reshape(rng: random.Random, v: View, x: Ints) -> Pair:
    shape = factors(rng, x.size) if x.size else [0, rng.randrange(4)]
    target = list(shape)
    if x.size and rng.random() < 0.3:
        target[rng.randrange(len(target))] = -1
    return v.reshape(target), x.reshape(shape)


def do_permute(rng: random.Random, v: View, x: Ints) -> Pair:
    perm = list(range(x.ndim))
    rng.shuffle(perm)
    signed = [a - x.ndim if rng.random() < 0.2 else a for a in perm]
    return v.permute(signed), x.transpose(perm)


def do_flip(rng: random.Random, v: View, x: Ints) -> Pair:
    if x.ndim == 0:
        return v, x
    axis = rng.randrange(-x.ndim, x.ndim)
    return v.flip(axis), np.flip(x, axis)


def do_slice(rng: random.Random, v: View, x: Ints) -> Pair:
    if x.ndim == 0:
        return v, x
    axis = rng.randrange(x.ndim)
    n = x.shape[axis]
    start = rng.choice([None, None, 1, -1, *range(-n - 2, n + 3)])
    stop = rng.choice([None, None, n, -1, *range(-n - 2, n + 3)])
    step = rng.choice([1, 1, 1, 2, 3, 5, -1, -2, -3, 100])
    at = (slice(None),) * axis + (slice(start, stop, step),)
    return v.slice(axis, start, stop, step), x[at]


def do_select(rng: random.Random, v: View, x: Ints) -> Pair:
    if x.ndim == 0 or 0 in x.shape:
        return v, x
    axis = rng.randrange(x.ndim)
    i = rng.randrange(-x.shape[axis], x.shape[axis])
    return v.select(axis, i), np.take(x, i, axis)


def do_expand(rng: random.Random, v: View, x: Ints) -> Pair:
    shape = [rng.choice([0, 1, 2, 3]) if n == 1 else n for n in x.shape]
    if rng.random() < 0.5:
        shape = [rng.choice([1, 2, 3]), *shape]
    return v.expand(shape), np.broadcast_to(x, shape)


def do_pad(rng: random.Random, v: View, x: Ints) -> Pair:
    pads = [(rng.choice([0, 0, 1, 2]), rng.choice([0, 0, 1, 3])) for _ in x.shape]
    return v.pad(pads), np.pad(x, pads, constant_values=FILL_VALUE) if pads else x


def do_roll(rng: random.Random, v: View, x: Ints) -> Pair:
    if x.ndim == 0:
        return v, x
    axis, shift = rng.randrange(x.ndim), rng.randrange(-20, 20)
    return v.roll(axis, shift), np.roll(x, shift, axis)


OPERATIONS: dict[str, Callable[[random.Random, View, Ints], Pair]] = {
    "reshape": do_reshape,
    "permute": do_permute,
    "flip": do_flip,
    "slice": do_slice,
    "select": do_select,
    "expand": do_expand,
    "pad": do_pad,
    "roll": do_roll,
}
BIJECTIONS = ["reshape", "permute", "flip", "roll"]
MOST_ELEMENTS = 3000


def random_shape(rng: random.Random) -> list[int]:
    shape = [rng.choice([1, 2, 3, 4, 6, 8, 9, 12, 14, 25]) for _ in range(rng.randrange(5))]
    if rng.random() < 0.03:
        shape.append(0)
    while np.prod(shape) > 500:
        shape.pop()
    return shape


def random_chain(rng: random.Random, names: list[str], v: View, x: Ints) -> Pair:
    likely = [*names, "reshape", "reshape", "permute", "permute"]
    for _ in range(rng.randrange(9)):
        after = OPERATIONS[rng.choice(likely)](rng, v, x)
        if after[1].size > MOST_ELEMENTS:
            break
        v, x = after
    return v, x


def random_out(rng: random.Random, shape: tuple[int, ...]) -> Source:
    order = list(range(len(shape)))
    rng.shuffle(order)
    big = [n + rng.choice([0, 0, 2]) for n in shape]
    buffer = np.full(np.prod(big, dtype=int), -99, np.int32)
    array = buffer.reshape([big[a] for a in order]).transpose(np.argsort(order))
    return Source(buffer, 0, shape, array.strides)


def random_params(rng: random.Random, rank: int) -> list[int]:
    return [rng.choice([0, 0, 1, 5]) for _ in range(rank)]


def param_indices(shape: tuple[int, ...], params: list[int]) -> Ints:
    grid = np.indices(shape)
    return np.asarray(sum((grid[a] * p for a, p in enumerate(params)), np.zeros(shape, np.int32)))


@pytest.mark.parametrize("seed", range(40))
def test_chains_agree_with_numpy(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        source = random_source(rng, random_shape(rng))
        view, expected = random_chain(rng, list(OPERATIONS), source.view, source.array)
        assert view.shape == list(expected.shape)
        out = random_out(rng, expected.shape) if rng.random() < 0.4 else None
        params = random_params(rng, expected.ndim)
        got, param = run_view(view, [source], fill=FILL_VALUE, out=out, params=params)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(param, param_indices(expected.shape, params))


@pytest.mark.parametrize("seed", range(20))
def test_joins_agree_with_numpy(seed: int) -> None:
    rng = random.Random(1000 + seed)
    for _ in range(25):
        sources, pairs = [], []
        for _ in range(rng.randrange(1, 4)):
            source = random_source(rng, random_shape(rng))
            sources.append(source)
            pairs.append(random_chain(rng, list(OPERATIONS), source.view, source.array))
        # All cut to one shape, so that they fit.
        rank = max(x.ndim for _, x in pairs)
        pairs = [
            (v.reshape([1] * (rank - x.ndim) + v.shape), x[(None,) * (rank - x.ndim)])
            for v, x in pairs
        ]
        axis = rng.randrange(-rank, rank) if rank else 0
        least = np.min([x.shape for _, x in pairs], axis=0) if rank else []
        cut = []
        for v, x in pairs:
            for a, n in enumerate(least):
                if a != axis % rank:
                    v, x = v.slice(a, 0, int(n)), np.take(x, range(n), a)
            cut.append((v, x))
        if rank and rng.random() < 0.6:
            view = View.concatenate([v for v, _ in cut], axis)
            expected = np.concatenate([x for _, x in cut], axis)
        else:
            view = View.stack([v for v, _ in cut[:1] * 2], axis)
            expected = np.stack([x for _, x in cut[:1] * 2], axis)
            sources = sources[:1] * 2
        view, expected = random_chain(rng, list(OPERATIONS), view, expected)
        got, _ = run_view(view, sources, fill=FILL_VALUE)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("seed", range(10))
def test_inverse_undoes(seed: int) -> None:
    rng = random.Random(2000 + seed)
    undone = 0
    for _ in range(50):
        x = numbered(*random_shape(rng))
        view, y = random_chain(rng, BIJECTIONS, View.dense(x.shape, ITEM), x)
        try:
            back = view.inverse(ITEM)
        except sw.LayoutError as refused:
            if refused.code != "layout-no-inverse":
                raise
            continue
        undone += 1
        got, _ = run_view(back, [dense(y)])
        np.testing.assert_array_equal(got, x)
    assert undone > 25


@pytest.mark.parametrize("step", [2, 3, 5, 7, -3])
def test_steps_along_interleaved_arrays(step: int) -> None:
    x, y = numbered(20), numbered(20) + 100
    view = View.stack([dense(x).view, dense(y).view], 1).reshape([40])
    got, _ = run_view(view.slice(0, None, None, step), [dense(x), dense(y)])
    np.testing.assert_array_equal(got, np.stack([x, y], 1).reshape(-1)[::step])
