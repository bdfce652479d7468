"""`permute` and `rearrange` as operators of PyTorch, for `torch.compile` and `torch.export`.

    from shapewright.integrations import torch_ops
    torch_ops.register()
    y = torch_ops.rearrange(x, "b (h w) c -> b c h w", h=14)

The same as `shapewright.permute` and `shapewright.rearrange` without `out`, casts and scales, on
the CPU and on a GPU, and differentiable: the gradient is the rearrangement turned round. They are
`torch.ops.shapewright.permute` and `torch.ops.shapewright.rearrange` once `register` has run. Under
`torch.compile` and `torch.export` the shape that `rearrange` sees is specialised.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import shapewright
from shapewright import _core


def permute(x: Any, axes: Sequence[int]) -> Any:
    """A dense tensor with the axes in a new order.

    `axes[i]` is the axis of `x` that becomes axis `i`; one below zero counts from the end. Errors
    are those of `shapewright.permute`.
    """
    import torch

    return torch.ops.shapewright.permute(x, list(axes))


def rearrange(x: Any, pattern: str, **sizes: int) -> Any:
    """A dense tensor, reshaped and transposed as a pattern of einops says.

    `sizes` are those of the axes inside parentheses that the shape does not tell. Errors are those
    of `shapewright.rearrange`.
    """
    import torch

    names, values = list(sizes), list(sizes.values())
    return torch.ops.shapewright.rearrange(x, pattern, names, values)


@cache
def register() -> None:
    """Makes the operators known to PyTorch. A second call does nothing."""
    import torch

    def permute(x: Any, axes: list[int]) -> Any:
        return shapewright.permute(x.detach(), axes)

    def rearrange(x: Any, pattern: str, names: list[str], sizes: list[int]) -> Any:
        return shapewright.rearrange(x.detach(), pattern, **dict(zip(names, sizes, strict=True)))

    make = torch.library.custom_op
    schema = "(Tensor x, int[] axes) -> Tensor"
    permute_op = make("shapewright::permute", permute, mutates_args=(), schema=schema)
    schema = "(Tensor x, str pattern, str[] names, int[] sizes) -> Tensor"
    rearrange_op = make("shapewright::rearrange", rearrange, mutates_args=(), schema=schema)
    permute_op.register_fake(lambda x, axes: x.new_empty([x.shape[axis] for axis in axes]))
    rearrange_op.register_fake(_fake_rearrange)
    permute_op.register_autograd(_permute_backward, setup_context=_keep_axes)
    rearrange_op.register_autograd(_rearrange_backward, setup_context=_keep_pattern)


def _fake_rearrange(x: Any, pattern: str, names: list[str], sizes: list[int]) -> Any:
    given = dict(zip(names, sizes, strict=True))
    shape = [int(size) for size in x.shape]
    strides = [1] * len(shape)  # only the shape of the view is asked for
    return x.new_empty(_core.pattern_view(pattern, given, shape, strides).shape)


def _keep_axes(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    x, axes = inputs
    ctx.inverse = sorted(range(x.ndim), key=lambda i: axes[i] % x.ndim)


def _permute_backward(ctx: Any, grad: Any) -> tuple[Any, ...]:
    return permute(grad, ctx.inverse), None


def _keep_pattern(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    x, pattern, names, sizes = inputs
    given = dict(zip(names, sizes, strict=True))
    ctx.pattern, ctx.sizes = _core.pattern_inverse(pattern, given, [int(n) for n in x.shape])


def _rearrange_backward(ctx: Any, grad: Any) -> tuple[Any, ...]:
    return rearrange(grad, ctx.pattern, **dict(ctx.sizes)), None, None, None
