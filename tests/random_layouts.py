"""Arrays of random rank, sizes and strides: sliced, reversed, broadcast, off their alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

DTYPES = ("?", "i1", "u1", "i2", "u2", "f2", "i4", "u4", "f4", "i8", "f8", "c8", "c16", "V3", "V12")


def random_bytes(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    """An array of arbitrary bits, at an address that need not be a multiple of its item."""
    item = np.dtype(dtype).itemsize
    count = int(np.prod(shape, dtype=np.int64)) * item
    raw = rng.integers(0, 2 if np.dtype(dtype) == np.bool_ else 256, count + 16, dtype=np.uint8)
    offset = int(rng.integers(0, 16))
    x: Array = raw[offset : offset + count].view(dtype).reshape(shape)
    return x


def random_shape(rng: np.random.Generator, most_rank: int = 8) -> tuple[int, ...]:
    rank = int(rng.integers(0, most_rank + 1))
    longest = (400, 400, 60, 20, 9, 6, 5, 4, 3, 3, 2, 2, 2)[rank]
    sizes = [int(rng.integers(1, longest + 1)) for _ in range(rank)]
    if rank and rng.random() < 0.05:
        sizes[int(rng.integers(rank))] = 0
    return tuple(sizes)


def restride(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    """An array of this shape, each element in its own place: cut out of a larger one, axes in any
    order, some of them backwards."""
    order = rng.permutation(len(shape))
    steps = [int(rng.choice([1, 1, 1, 2, -1, -3])) for _ in shape]
    spare = [int(rng.choice([0, 0, 1, 5])) for _ in shape]
    whole = random_bytes(
        rng, tuple(shape[a] * abs(steps[a]) + spare[a] for a in order), dtype
    ).transpose(np.argsort(order))
    index = []
    for size, step, after in zip(shape, steps, spare, strict=True):
        reach = size * abs(step)
        start = after if step > 0 else after + reach - 1
        stop = start + size * step
        index.append(slice(start, stop if stop >= 0 else None, step) if size else slice(0, 0))
    return whole[(*index, ...)]


def random_source(rng: np.random.Generator, dtype: Any, most_rank: int = 8) -> Array:
    """An array to read from; some axes may repeat one element."""
    shape = random_shape(rng, most_rank)
    x = restride(rng, shape, dtype)
    for axis in range(x.ndim):
        if shape[axis] and rng.random() < 0.1:
            x = np.broadcast_to(x.take([0], axis), shape)
    return x


def same_bits(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
