"""Calls of PyTorch's functions and of tensors' methods, taken before they are traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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
            return handle(func, args, kwargs or {})

    with Intercepted():
        yield
