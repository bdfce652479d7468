"""Truths that no input decides: of a tensor made of sizes alone, computed at those of the trace."""

from __future__ import annotations

from typing import Any

_MAX_NODES = 64
_MAX_ELEMENTS = 1 << 20


class _Unknown(Exception):
    """An input decides, or it would take too long to tell."""


def known_truth(node: Any) -> bool | None:
    """What `bool` of a node of the trace is in every run; None where an input decides."""
    from torch.utils._python_dispatch import _disable_current_modes

    try:
        with _disable_current_modes():
            return bool(_computed(node, {}))
    except Exception:  # an operator that does not run on its own
        return None


def _computed(value: Any, done: dict[Any, Any]) -> Any:
    import torch

    if isinstance(value, (list, tuple)):
        return type(value)(_computed(item, done) for item in value)
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value.node.hint
    if not isinstance(value, torch.fx.Node):
        return value
    if value in done:
        return done[value]
    made = value.meta.get("val")
    if isinstance(made, (int, float, torch.SymInt, torch.SymFloat, torch.SymBool)):
        return _computed(made, done)
    is_large = isinstance(made, torch.Tensor) and _elements(made) > _MAX_ELEMENTS
    if value.op != "call_function" or is_large or len(done) >= _MAX_NODES:
        raise _Unknown
    done[value] = None
    args = _computed(tuple(value.args), done)
    kwargs = {name: _computed(item, done) for name, item in value.kwargs.items()}
    if "device" in kwargs:
        kwargs["device"] = torch.device("cpu")
    called: Any = value.target
    done[value] = called(*args, **kwargs)
    return done[value]


def _elements(tensor: Any) -> int:
    count = 1
    for size in tensor.shape:
        count *= size if isinstance(size, int) else size.node.hint
    return count
