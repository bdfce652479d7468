"""Functions that take backward into their own hands, noted as they are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from shapewright.importers.torch_scope import is_machinery


@contextmanager
def custom_functions(found: dict[str, str]) -> Iterator[None]:
    """Names of the model's own autograd functions, with the line that calls each."""
    import torch

    base = torch.autograd.Function
    applied = base.__dict__["apply"]

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        source = sys.modules.get(cls.__module__)
        if not is_machinery(getattr(source, "__file__", None) or ""):
            found.setdefault(cls.__name__, calling_line())
        return applied.__get__(None, cls)(*args, **kwargs)

    base.apply = classmethod(apply)  # type: ignore[assignment]
    try:
        yield
    finally:
        base.apply = applied  # type: ignore[method-assign]


def calling_line() -> str:
    """The innermost line outside of PyTorch and of the importer: `model.py:12`."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not is_machinery(path):
            return f"{PurePath(path).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
