"""Chains of reshapes, slices, pads and the like that become one pass over memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.arrays.element import element_of
from shapewright.errors import LayoutError


@dataclass(frozen=True, slots=True)
class Lazy:
    """An array as it will be once `run` is called; each method gives a new one.

    Made by `lazy` and `lazy_concat`.
    """

    sources: tuple[Any, ...]
    view: _core.View
    item_bytes: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(self.view.shape)

    def _step(self, view: _core.View) -> Lazy:
        return Lazy(self.sources, view, self.item_bytes)

    def reshape(self, *shape: int) -> Lazy:
        """The same elements in C order under another shape; one -1 stands for what is left."""
        return self._step(self.view.reshape(shape))

    def permute(self, *axes: int) -> Lazy:
        """The axes in a new order."""
        return self._step(self.view.permute(axes))

    def rearrange(self, pattern: str, **sizes: int) -> Lazy:
        """A pattern of einops."""
        return self._step(self.view.rearrange(pattern, sizes))

    def flip(self, *axes: int) -> Lazy:
        """Each of these axes backwards."""
        view = self.view
        for axis in axes:
            view = view.flip(axis)
        return self._step(view)

    def expand(self, *shape: int) -> Lazy:
        """Broadcast to a shape, as `numpy.broadcast_to` does."""
        return self._step(self.view.expand(shape))

    def pad(self, *widths: tuple[int, int]) -> Lazy:
        """Padded by (before, after) along each axis; `run` says with what."""
        return self._step(self.view.pad(widths))

    def roll(self, shift: int, axis: int) -> Lazy:
        """Shifted along an axis; what leaves at one end comes back at the other."""
        return self._step(self.view.roll(axis, shift))

    def __getitem__(self, index: Any) -> Lazy:
        """Integers, slices, `...` and `None`, as NumPy's basic indexing takes them."""
        view = self.view
        items = index if isinstance(index, tuple) else (index,)
        named = sum(item is not None and item is not Ellipsis for item in items)
        if items.count(Ellipsis) > 1 or named > len(view.shape):
            message = f"the index {index!r} names {named} axes of {len(view.shape)}"
            raise LayoutError(message, code="index-form", facts={"shape": str(self.shape)})
        if Ellipsis not in items:
            items = (*items, Ellipsis)
        axis = 0
        for item in items:
            if item is Ellipsis:
                axis += len(self.view.shape) - named
            elif item is None:
                view = view.reshape([*view.shape[:axis], 1, *view.shape[axis:]])
                axis += 1
            elif isinstance(item, slice):
                step = 1 if item.step is None else item.step
                view = view.slice(axis, item.start, item.stop, step)
                axis += 1
            elif hasattr(item, "__index__") and not isinstance(item, bool):
                view = view.select(axis, item.__index__())
            else:
                message = f"the index holds {item!r}, which is no integer, slice, ... or None"
                raise LayoutError(message, code="index-form", hint="index the result instead")
        return self._step(view)

    def explain(self) -> str:
        """Passes, pieces and their strides, one fact a line, and why there is a second pass."""
        return _core.explain_view(self.view, self.item_bytes, None)

    def run(
        self,
        out: Any = None,
        *,
        dtype: Any = None,
        scale: Any = None,
        bias: Any = None,
        fill: Any = 0,
        threads: int | None = None,
    ) -> Any:
        """Writes the result, a dense array of the kind of the first source, or into `out`.

        `dtype`, `scale` and `bias` act as in `rearrange`; `fill` is the value of pads, in the
        dtype of the source.
        """
        element = element_of(dtype)
        return _core.run_view(
            self.view, list(self.sources), fill, out, element, scale, bias, threads
        )


def lazy(x: Any) -> Lazy:
    """Starts a chain of reshapes, slices, pads and the like that will be one pass over memory.

    >>> import numpy as np
    >>> x = np.arange(6, dtype="u1").reshape(2, 3)
    >>> lazy(x).permute(1, 0)[::-1].pad((0, 0), (1, 0)).run(dtype="f32")
    array([[0., 2., 5.],
           [0., 1., 4.],
           [0., 0., 3.]], dtype=float32)
    """
    shape, strides, item_bytes, _ = _core.layout_of(x)
    return Lazy((x,), _core.View(shape, strides), item_bytes)


def lazy_concat(parts: Sequence[Any], axis: int = 0) -> Lazy:
    """Joins arrays or chains along an axis, to be written in the pass of the whole chain.

    >>> import numpy as np
    >>> x = np.arange(3)
    >>> lazy_concat([x, lazy(x).flip(0)]).run()
    array([0, 1, 2, 2, 1, 0])
    """
    chains = [part if isinstance(part, Lazy) else lazy(part) for part in parts]
    if not chains:
        message = "there is nothing to join"
        raise LayoutError(message, code="stack-empty")
    view = _core.View.concatenate([chain.view for chain in chains], axis)
    sources = tuple(source for chain in chains for source in chain.sources)
    return Lazy(sources, view, chains[0].item_bytes)
