"""`transpose_inplace`: the last two axes swapped inside an array's own memory."""

from __future__ import annotations

from typing import Any

from shapewright import _core
from shapewright.units import parse_bytes


def transpose_inplace(
    x: Any, *, max_scratch: int | str | None = None, threads: int | None = None
) -> Any:
    """Swaps the last two axes of an array in its own memory and gives a view of the result.

    >>> import numpy as np
    >>> x = np.arange(6).reshape(2, 3)
    >>> y = transpose_inplace(x)
    >>> y
    array([[0, 3],
           [1, 4],
           [2, 5]])
    >>> y.base is not None and y.ctypes.data == x.ctypes.data
    True

    `x` is dense in C order and writable, of shape (..., m, n) and any dtype; afterwards its memory
    holds the dense (..., n, m) array, so `x` itself and other views of it read scrambled. The
    result is of the kind of `x`.

    `max_scratch` bounds the memory used besides, in bytes or as text such as `"1MiB"`. What is used
    without it is no more than 16 MiB and an eighth of the array, or 256 KiB if that is more. The
    least is 128 bytes for each item of the shorter side of a matrix. Square matrices are read and
    written once, others twice, and three times where neither side divides into panels that fit the
    scratch.

    Raises `LayoutError` for an array that is read-only or not dense, or a scratch that is too
    short; nothing is moved then.
    """
    scratch = None if max_scratch is None else parse_bytes(max_scratch, "max_scratch")
    _core.transpose_inplace(x, scratch, threads)
    if not hasattr(x, "reshape"):
        import numpy as np

        x = np.asarray(x)
    *lead, rows, cols = x.shape
    return x.reshape((*lead, cols, rows))
