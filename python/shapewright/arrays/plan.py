"""A rearrangement as an object: to look at, to turn round, to apply many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapewright import _core
from shapewright.arrays.device import gpu, is_on_gpu
from shapewright.arrays.element import ItemType, item_type
from shapewright.errors import LayoutError


@dataclass(frozen=True, slots=True)
class RearrangePlan:
    """What `plan_rearrange` gives: call it with an array, and with an `out` if there is one."""

    pattern: str
    sizes: dict[str, int] = field(hash=False)
    source_shape: tuple[int, ...]
    shape: tuple[int, ...]  # of the result
    dtype: ItemType
    out_dtype: ItemType
    view: _core.View = field(repr=False, compare=False)

    def __call__(self, x: Any, out: Any = None, *, threads: int | None = None) -> Any:
        """Rearranges an array of the shape and dtype planned for, whatever its strides."""
        on_gpu = is_on_gpu(x)
        if on_gpu:
            shape, name = gpu("view").shape_and_dtype(x)
        else:
            shape, _, _, name = _core.layout_of(x)
        if tuple(shape) != self.source_shape or name != self.dtype.name:
            planned = f"{self.dtype.name}{list(self.source_shape)}"
            given = f"{name}{list(shape)}"
            message = f"the plan is for {planned}, not for {given}"
            raise LayoutError(message, code="plan-mismatch", facts={"plan": planned, "x": given})
        element = None if self._cast is None else self._cast[1]
        if on_gpu:
            move = gpu("move")
            return move.rearrange(x, self.pattern, self.sizes, out, element, None, None, False)
        return _core.rearrange(
            x, self.pattern, self.sizes, out, element, None, None, False, threads
        )

    @property
    def _cast(self) -> tuple[int, int] | None:
        source, target = self.dtype.element, self.out_dtype.element
        return None if source is None or target is None or source == target else (source, target)

    def explain(self) -> str:
        """Digits, pieces, passes, kernel and bytes, one fact a line."""
        return _core.explain_view(self.view, self.dtype.bytes, self._cast)

    def inverse(self) -> RearrangePlan:
        """The plan that brings the result of this one back."""
        pattern, sizes = _core.pattern_inverse(self.pattern, self.sizes, self.source_shape)
        named: dict[str, Any] = dict(sizes)
        return plan_rearrange(
            pattern, self.shape, self.out_dtype.name, out_dtype=self.dtype.name, **named
        )


def plan_rearrange(
    pattern: str,
    shape: Sequence[int],
    dtype: Any,
    *,
    strides: Sequence[int] | None = None,
    out_dtype: Any = None,
    **sizes: int,
) -> RearrangePlan:
    """Plans a rearrangement of arrays of one shape and dtype without an array at hand.

    >>> p = plan_rearrange("b (h w) c -> b c h w", (8, 196, 768), "f32", h=14)
    >>> p.shape
    (8, 768, 14, 14)
    >>> p.inverse().shape
    (8, 196, 768)

    `strides`, in bytes, are those of the array that `explain` speaks of; without them it is dense.
    The plan takes arrays of any strides. Errors are those of `rearrange`.
    """
    source = item_type(dtype)
    result = source if out_dtype is None else item_type(out_dtype)
    if result != source and (source.element is None or result.element is None):
        message = f"no cast from {source.name} to {result.name}"
        raise LayoutError(message, code="cast-unsupported")
    if strides is None:
        strides = [source.bytes] * len(shape)
        for axis in range(len(shape) - 1, 0, -1):
            strides[axis - 1] = strides[axis] * shape[axis]
    view = _core.pattern_view(pattern, sizes, shape, strides)
    return RearrangePlan(
        pattern=pattern,
        sizes=sizes,
        source_shape=tuple(shape),
        shape=tuple(view.shape),
        dtype=source,
        out_dtype=result,
        view=view,
    )
