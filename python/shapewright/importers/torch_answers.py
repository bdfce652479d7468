"""Answers to what only a run could tell: `tensor.item()`, `if tensor:`. Each is noted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from shapewright.importers.torch_scope import is_machinery

if TYPE_CHECKING:
    from shapewright.importers.torch_trace import Traced


@contextmanager
def answering(traced: Traced) -> Iterator[None]:
    """Reads of an element give False or 1; the rest of the model is traced as it is."""
    import torch
    from torch.overrides import TorchFunctionMode

    tensor = torch.Tensor
    truths = {tensor.__bool__}
    numbers = {tensor.item, tensor.__int__, tensor.__index__, tensor.__float__}

    class Answers(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func in truths or func in numbers or func is tensor.tolist:
                dtype = args[0].dtype
                if func is tensor.tolist:
                    answer: Any = _nested(args[0].shape, _one(torch, dtype))
                elif func in truths:
                    answer = False
                elif func is tensor.__float__:
                    answer = 1.0
                else:
                    answer = 1 if func is not tensor.item else _one(torch, dtype)
                traced.assumed.append((func.__name__, repr(answer), _calling_line()))
                return answer
            return func(*args, **(kwargs or {}))

    with Answers():
        yield


def _one(torch: Any, dtype: Any) -> Any:
    if dtype is torch.bool:
        return False
    return 1.0 if dtype.is_floating_point else 1


def _nested(shape: Any, leaf: Any) -> Any:
    if not len(shape):
        return leaf
    return [_nested(shape[1:], leaf) for _ in range(int(shape[0]))]


def _calling_line() -> str:
    """The innermost line outside of PyTorch and of the importer."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not is_machinery(path):
            return f"{PurePath(path).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
