"""A model that loops over an open size in Python: its trace is given up, to be made at a small one.

Each turn of the loop is traced. The answer is for that size alone either way, and others are traced
when they are asked for.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shapewright.importers.torch_intercept import intercepted
from shapewright.importers.torch_scope import is_machinery

_MANY = 40  # times that one line of one call is run
_SHORT = 16


class Looping(BaseException):
    """Leaves the tracer; `sizes` are what the trace has made of the sizes that were left open."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.sizes = sizes

    def shortened(self, bounds: Mapping[str, tuple[int, int | None]]) -> dict[str, int]:
        """Small sizes instead, within the caller's bounds."""
        return {name: max(_SHORT, bounds.get(name, (1, None))[0]) for name in self.sizes}


@contextmanager
def not_looping(fixed: Callable[[], Mapping[str, int]]) -> Iterator[None]:
    """Within, raises `Looping` where a loop has a turn for each of a size; `fixed` tells which."""
    turns: Counter[int] = Counter()
    looked_at = 0

    def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal looked_at
        frame = sys._getframe(2)
        while frame.f_back is not None and is_machinery(frame.f_code.co_filename):
            frame = frame.f_back
        if id(frame) != looked_at:
            looked_at = id(frame)
            turns.clear()
        turns[frame.f_lasti] += 1
        if turns[frame.f_lasti] == _MANY:
            sizes = {name: size for name, size in fixed().items() if size > _MANY}
            if sizes:
                raise Looping(sizes)
        return func(*args, **kwargs)

    with intercepted(call):
        yield
