"""Runs what `View.lower` gives, piece by piece, with NumPy; slow, and checks what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapewright._core import FILL, View

Ints = NDArray[np.int32]
Digits = Sequence[tuple[int, int, int, int]]
ITEM = 4


@dataclass(frozen=True)
class Source:
    """An array somewhere in a buffer: `offset` bytes lead to its first element."""

    buffer: Ints
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def array(self) -> Ints:
        return strided(self.buffer, self.offset, self.shape, self.strides)

    @property
    def view(self) -> View:
        return View(list(self.shape), list(self.strides))


def dense(array: Ints) -> Source:
    array = np.array(array, order="C")
    return Source(array.reshape(-1), 0, array.shape, array.strides)


def strided(
    buffer: NDArray[Any], offset: int, shape: Sequence[int], strides: Sequence[int]
) -> NDArray[Any]:
    """As as_strided, but an element outside of the buffer is an error."""
    if 0 in shape:
        return np.empty(shape, buffer.dtype)
    least = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s < 0)
    most = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s > 0)
    assert least >= 0
    assert most + ITEM <= buffer.nbytes
    return np.ndarray(tuple(shape), buffer.dtype, buffer, offset, tuple(strides))


def fill_in(digits: Digits, offset: int, values: Ints, out: Source, written: Ints) -> None:
    """Writes one piece and counts what it writes."""
    shape = [d[0] for d in digits]
    strides = [d[2] for d in digits]
    strided(out.buffer, out.offset + offset, shape, strides)[...] = values
    np.add.at(
        written,
        (out.offset + offset) // ITEM
        + sum(
            (
                np.arange(n).reshape([-1 if i == k else 1 for i in range(len(shape))]) * (s // ITEM)
                for k, (n, s) in enumerate(zip(shape, strides, strict=True))
            ),
            start=np.zeros([1] * len(shape), np.int64),
        ),
        1,
    )


def run_view(
    view: View,
    sources: Sequence[Source],
    *,
    fill: int = -1,
    out: Source | None = None,
    params: Sequence[int] = (),
) -> tuple[Ints, Ints]:
    """The result, and for each of its elements the index of its parameter."""
    if out is None:
        out = dense(np.full(view.shape, -99, np.int32))
    row = view.lower(ITEM, strides=list(out.strides), params=list(params))
    shape, passes, why = row
    assert tuple(shape) == out.shape
    assert bool(why) == (len(passes) > 1)
    indices = Source(np.zeros_like(out.buffer), out.offset, out.shape, out.strides)
    for k, (scratch_bytes, pieces) in enumerate(passes):
        is_last = k + 1 == len(passes)
        target = out if is_last else dense(np.full(scratch_bytes // ITEM, -98, np.int32))
        written = np.zeros_like(target.buffer)
        for source, src_offset, dst_offset, param_offset, digits in pieces:
            sizes = [d[0] for d in digits]
            assert min(sizes, default=2) >= 2
            values = np.full(sizes, fill, np.int32)
            if source != FILL:
                src = sources[source]
                values = strided(src.buffer, src.offset + src_offset, sizes, [d[1] for d in digits])
            fill_in(digits, dst_offset, values, target, written)
            if is_last:
                grid = np.indices(sizes)
                param = param_offset + sum(grid[i] * d[3] for i, d in enumerate(digits))
                strided(indices.buffer, out.offset + dst_offset, sizes, [d[2] for d in digits])[
                    ...
                ] = param
        region = strided(written, target.offset, target.shape, target.strides)
        assert (region == 1).all(), "a destination is written never or twice"
        assert written.sum() == region.size
        sources = [target]
    return out.array, indices.array
