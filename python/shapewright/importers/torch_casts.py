"""Casts that do nothing here, and something in another precision.

PyTorch answers `x.float()` of floats with `x` itself. Traced so, the two would have one name, and
nobody could tell which of them lives on where autocast makes them different tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shapewright.importers.torch_intercept import intercepted

_CASTS = {"to", "float", "half", "bfloat16", "double", "type", "type_as"}


@contextmanager
def casts_apart(traced: Any) -> Iterator[None]:
    """Within, a cast makes a tensor of its own, over the same elements where nothing changes."""
    import torch

    def cast(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tracker = traced.tracker
        is_cast = getattr(func, "__name__", "") in _CASTS and bool(args)
        if is_cast and isinstance(args[0], torch.Tensor) and tracker.get(args[0]) is not None:
            args = (_alias(torch, traced, args[0]), *args[1:])
        return func(*args, **kwargs)

    with intercepted(cast):
        yield


def _alias(torch: Any, traced: Any, tensor: Any) -> Any:
    """Another tensor over the same elements, by the same name in the graph."""
    from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing

    with disable_proxy_modes_tracing():
        alias = torch.ops.aten.alias.default(tensor)
    if traced.lifetimes is None:
        traced.tracker[alias] = traced.tracker[tensor]
    else:
        with traced.lifetimes.ignored():
            traced.tracker[alias] = traced.tracker[tensor]
    return alias
