"""Modules that cast or move parts of themselves while they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any


@contextmanager
def idle_moves() -> Iterator[None]:
    """Within, `part.to(...)` that changes nothing does nothing.

    PyTorch puts each parameter into its own place anew, which it cannot do with a tracer's.
    """
    import torch

    module: Any = torch.nn.Module
    moved = module.to

    def to(part: Any, *args: Any, **kwargs: Any) -> Any:
        device, dtype, _, layout = torch._C._nn._parse_to(*args, **kwargs)
        tensors = list(chain(part.parameters(), part.buffers()))
        is_idle = layout is None and all(
            device in (None, t.device) and (dtype in (None, t.dtype) or not _is_cast(t))
            for t in tensors
        )
        return part if is_idle else moved(part, *args, **kwargs)

    module.to = to
    try:
        yield
    finally:
        module.to = moved


def _is_cast(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())
