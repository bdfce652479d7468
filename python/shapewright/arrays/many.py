"""Many arrays in one parallel region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from shapewright import _core
from shapewright.arrays.device import gpu, is_on_gpu
from shapewright.arrays.element import element_of

Array = TypeVar("Array")


def rearrange_many(
    xs: Iterable[Array],
    pattern: str,
    outs: Sequence[Any] | None = None,
    *,
    dtype: Any = None,
    threads: int | None = None,
    **sizes: int,
) -> list[Array]:
    """Rearranges many arrays by one pattern; their shapes may differ.

    >>> import numpy as np
    >>> weights = [np.zeros((8, 3, 5, 5)), np.zeros((16, 8, 3, 3))]
    >>> [w.shape for w in rearrange_many(weights, "o i h w -> o h w i")]
    [(8, 5, 5, 3), (16, 3, 3, 8)]

    All is checked before anything is written: no `out` may share memory with any array of `xs` or
    with another `out`.
    """
    element = element_of(dtype)
    given = None if outs is None else list(outs)
    arrays = list(xs)
    if arrays and is_on_gpu(arrays[0]):
        return gpu("many").rearrange_many(arrays, pattern, sizes, given, element)  # type: ignore[no-any-return]
    return _core.rearrange_many(arrays, pattern, sizes, given, element, threads)


def pad_stack(
    xs: Iterable[Array],
    shape: Sequence[int] | None = None,
    fill: Any = 0,
    out: Any = None,
    *,
    threads: int | None = None,
) -> Array:
    """Stacks arrays of one rank and many shapes into one batch, padded after each axis.

    >>> import numpy as np
    >>> pad_stack([np.array([1, 2, 3]), np.array([4])], fill=-1)
    array([[ 1,  2,  3],
           [ 4, -1, -1]])

    `shape` is that of one entry of the batch; without it, each axis is as long as the longest.
    """
    sizes = None if shape is None else [int(size) for size in shape]
    arrays = list(xs)
    if arrays and is_on_gpu(arrays[0]):
        return gpu("many").pad_stack(arrays, sizes, fill, out)  # type: ignore[no-any-return]
    return _core.pad_stack(arrays, sizes, fill, out, threads)  # type: ignore[no-any-return]


def unpad_stack(
    b: Array, lengths: Iterable[int | Sequence[int]], *, threads: int | None = None
) -> list[Array]:
    """Takes a padded batch apart: entry `i` becomes a dense array of its own length.

    >>> import numpy as np
    >>> unpad_stack(np.array([[1, 2, 3], [4, -1, -1]]), [3, 1])
    [array([1, 2, 3]), array([4])]

    A length is that of axis 1 of the batch, or a tuple for as many axes from there.
    """
    shapes = [
        [int(size) for size in length] if isinstance(length, Sequence) else [int(length)]
        for length in lengths
    ]
    if is_on_gpu(b):
        return gpu("many").unpad_stack(b, shapes)  # type: ignore[no-any-return]
    return _core.unpad_stack(b, shapes, threads)
