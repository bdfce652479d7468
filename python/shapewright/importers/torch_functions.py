"""Functions that take backward into their own hands, noted as they are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from shapewright.importers.torch_scope import is_machinery

_SEGMENT = "_checkpoint_without_reentrant_generator"


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

    base.apply = classmethod(apply)
    try:
        yield
    finally:
        base.apply = applied


@contextmanager
def checkpoints(found: list[str]) -> Iterator[None]:
    """Lines of the model that ask for a segment to be run again in backward."""
    from torch.utils import checkpoint

    library: Any = checkpoint
    plain = library.__dict__.get(_SEGMENT)
    nested = library.CheckpointFunction.__dict__.get("forward")
    if plain is None or nested is None:  # another version of PyTorch
        yield
        return

    def noted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            found.append(calling_line())
            return function(*args, **kwargs)

        return call

    setattr(library, _SEGMENT, noted(plain))
    library.CheckpointFunction.forward = staticmethod(noted(nested.__func__))
    try:
        yield
    finally:
        setattr(library, _SEGMENT, plain)
        library.CheckpointFunction.forward = nested


def calling_line() -> str:
    """The innermost line outside of PyTorch and of the importer: `model.py:12`."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not is_machinery(path):
            return f"{PurePath(path).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
