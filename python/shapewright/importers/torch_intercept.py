"""Calls of PyTorch's functions and of tensors' methods, taken before they are traced; the trace may
get a node of its own for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

REFUSED = "shapewright_call"  # of an exception: the function that raised it, and its arguments

# Of (function, arguments, keywords): the result, of that call or of another.
Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


@contextmanager
def intercepted(handle: Handler) -> Iterator[None]:
    """Within, `handle` is called in place of each; what it calls itself goes its usual way."""
    from torch.overrides import TorchFunctionMode

    class Intercepted(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            try:
                return handle(func, args, kwargs or {})
            except Exception as error:  # the innermost call is the one that was refused
                error.__dict__.setdefault(REFUSED, (func, args, kwargs or {}))
                raise

    with Intercepted():
        yield


def record_call(tracer: Any, target: Any, args: tuple[Any, ...], made: Any) -> Any:
    """Puts a call into the trace as one node, which is returned; `made` are its results."""
    from torch.fx.experimental.proxy_tensor import track_tensor_tree

    proxy = tracer.create_proxy("call_function", target, _proxies(tracer, args), {})
    track_tensor_tree(made, proxy, constant=None, tracer=tracer)
    return proxy.node


def _proxies(tracer: Any, value: Any) -> Any:
    """Arguments of a call as the nodes that made them."""
    import torch

    if isinstance(value, torch.Tensor):
        return tracer.tensor_tracker[value].proxy
    if isinstance(value, (list, tuple)):
        return tuple(_proxies(tracer, item) for item in value)
    return value
