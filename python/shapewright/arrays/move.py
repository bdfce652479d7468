"""`permute`, `copy`, `rearrange` and `normalize_images`: one pass over memory each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from shapewright import _core
from shapewright.arrays.device import gpu, is_on_gpu
from shapewright.arrays.element import element_of
from shapewright.errors import LayoutError

Array = TypeVar("Array")

# Layout of images -> (pattern from NHWC, the shape that a value a channel has in the result).
IMAGE_LAYOUTS = {"NCHW": ("... h w c -> ... c h w", (-1, 1, 1)), "NHWC": ("... -> ...", (-1,))}


def permute(x: Array, axes: Sequence[int], *, out: Any = None, threads: int | None = None) -> Array:
    """Copies an array with its axes in a new order.

    >>> import numpy as np
    >>> permute(np.arange(6).reshape(2, 3), (1, 0))
    array([[0, 3],
           [1, 4],
           [2, 5]])

    `axes[i]` is the axis of `x` that becomes axis `i`; one below zero counts from the end. The
    result is dense, in C order, and of the kind of `x`; with `out`, it is written there and `out`
    returned. `out` has the result's shape and dtype, any strides, and shares no memory with `x`.

    Raises `LayoutError` for axes or an `out` that do not fit, `OverlapError` where memory is
    shared; nothing is written then.
    """
    if is_on_gpu(x):
        return gpu("move").permute(x, axes, out)  # type: ignore[no-any-return]
    return _core.permute(x, axes, out, threads)  # type: ignore[no-any-return]


def copy(src: Any, out: Any, *, threads: int | None = None) -> None:
    """Copies one array into another of its shape; casts where the dtypes differ.

    >>> import numpy as np
    >>> out = np.zeros((2, 3), "f4")
    >>> copy(np.arange(6).reshape(2, 3), out[:, ::-1])
    >>> out
    array([[2., 1., 0.],
           [5., 4., 3.]], dtype=float32)

    Casts round as NumPy's `astype` does, among bool, u8, i8, u16, i16, i32, i64, f16, bf16, f32 and
    f64. Raises `LayoutError` for shapes that differ, a cast there is not, or an `out` that is
    read-only, `OverlapError` where memory is shared; nothing is written then.
    """
    if is_on_gpu(src):
        gpu("move").copy(src, out)
        return
    _core.copy(src, out, threads)


def rearrange(
    x: Array,
    pattern: str,
    *,
    out: Any = None,
    dtype: Any = None,
    scale: Any = None,
    bias: Any = None,
    threads: int | None = None,
    **sizes: int,
) -> Array:
    """Reshapes and transposes as a pattern of einops says, casts and scales on the way.

    >>> import numpy as np
    >>> x = np.arange(12, dtype="u1").reshape(1, 6, 2)
    >>> rearrange(x, "b (h w) c -> b c h w", h=2, dtype="f32", scale=0.5)
    array([[[[0. , 1. , 2. ],
             [3. , 4. , 5. ]],
    <BLANKLINE>
            [[0.5, 1.5, 2.5],
             [3.5, 4.5, 5.5]]]], dtype=float32)

    `sizes` are those of the axes inside parentheses that the shape does not tell. `dtype` is a name
    such as "f32" or "bf16", or a dtype of any framework. `scale` and `bias` are numbers or arrays
    that broadcast to the result as NumPy broadcasts: the result is `x * scale + bias`, computed in
    float32, or in float64 where that is its dtype, each operation rounded, then cast as `astype`
    casts.

    Raises `PatternError` for a pattern that is malformed or does not match the array, `LayoutError`
    and `OverlapError` as `permute` does.
    """
    element = element_of(dtype) if dtype is not None else None
    result: Array
    if is_on_gpu(x):
        result = gpu("move").rearrange(x, pattern, sizes, out, element, scale, bias, False)
        return result
    result = _core.rearrange(x, pattern, sizes, out, element, scale, bias, False, threads)
    return result


def normalize_images(
    x_u8_nhwc: Array,
    mean: Any,
    std: Any,
    *,
    dtype: Any = "f32",
    layout: str = "NCHW",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Turns images of bytes into a network's input: `(x / 255 - mean) / std`, channels moved.

    >>> import numpy as np
    >>> x = np.full((1, 2, 2, 3), 255, "u1")
    >>> y = normalize_images(x, mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0))
    >>> y.shape, y[0, :, 0, 0]
    ((1, 3, 2, 2), array([2. , 1. , 0.5], dtype=float32))

    `x_u8_nhwc` ends in height, width, channels. `mean` and `std` hold one value a channel, or one
    for all. `layout` is that of the result: "NCHW" or "NHWC". Bit for bit what NumPy gives for that
    expression in float32 (float64 for that `dtype`), then cast to `dtype`.
    """
    if layout not in IMAGE_LAYOUTS:
        message = f"there is no image layout {layout!r}"
        raise LayoutError(message, code="image-layout", hint="NCHW and NHWC are there")
    pattern, of_channels = IMAGE_LAYOUTS[layout]
    means, stds = _channel_values(mean, of_channels), _channel_values(std, of_channels)
    element = element_of(dtype)
    result: Array
    if is_on_gpu(x_u8_nhwc):
        move = gpu("move")
        result = move.rearrange(x_u8_nhwc, pattern, {}, out, element, stds, means, True)
        return result
    result = _core.rearrange(x_u8_nhwc, pattern, {}, out, element, stds, means, True, threads)
    return result


def _channel_values(values: Any, shape: tuple[int, ...]) -> Any:
    import numpy as np

    return np.asarray(values).reshape(shape)
