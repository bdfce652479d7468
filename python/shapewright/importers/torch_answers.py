"""Answers to what only a run could tell: `if tensor:`, `tensor.item()`. Each is noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapewright.importers.torch_functions import calling_line
from shapewright.importers.torch_intercept import intercepted
from shapewright.importers.torch_known import known_truth

_MOST_HIDDEN = 1024

if TYPE_CHECKING:
    from shapewright.importers.torch_trace import Traced


@contextmanager
def answering(traced: Traced, *, numbers: bool, hides: bool) -> Iterator[None]:
    """A tensor asked for its truth is one that `all` made, or none; with `numbers`, elements are 1.

    A mask that is asked whether all of it holds most often does: there is nothing to hide. With
    `hides` it does not. What no input decides is computed.
    """
    import torch

    tensor = torch.Tensor
    elements = {tensor.item, tensor.__int__, tensor.__index__, tensor.__float__, tensor.tolist}

    comparisons = {tensor.__contains__, torch.equal, torch.allclose, torch.is_nonzero}

    def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func is tensor.__bool__:
            node = _node_of(traced, args[0])
            if _name(node) == "_is_all_true":  # of a check that refuses what does not hold
                return True
            known = None if node is None else known_truth(node)
            if known is not None:
                return known
            answer: Any = node is not None and _is_all(node) and not _hidden(traced, hides)
        elif func in comparisons:
            answer = False
        elif func is torch.div and _are_sizes(args, kwargs):
            return args[0] // args[1]
        elif numbers and func in elements:
            answer = _elements(torch, tensor, func, args[0])
        else:
            return func(*args, **kwargs)
        traced.assumed.append((func.__name__, repr(answer), calling_line()))
        return answer

    with intercepted(call):
        yield


def _are_sizes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """`torch.div(x.size(1), 2, rounding_mode="floor")`: a tensor whose element only a run knows."""
    import torch

    rounds = kwargs.get("rounding_mode") in ("floor", "trunc")
    return rounds and len(args) == 2 and all(isinstance(a, (int, torch.SymInt)) for a in args)


def _node_of(traced: Traced, value: Any) -> Any:
    proxy = traced.tracker.get(value)
    return None if proxy is None else proxy.proxy.node


def _hidden(traced: Traced, hides: bool) -> bool:
    """Whether a mask is said to hide something; not for ever: `while not done.all()` has to end."""
    return hides and len(traced.assumed) < _MOST_HIDDEN


def _is_all(node: Any) -> bool:
    """`mask.all()`, or `mask.sum() == mask.numel()`, its faster spelling."""
    if _name(node) != "eq":
        return _name(node) == "all"
    total = node.args[0]
    counted = total.args[0] if _name(total) == "sum" else None
    return str(getattr(getattr(counted, "meta", {}).get("val"), "dtype", "")) == "torch.bool"


def _name(node: Any) -> str:
    return str(getattr(getattr(node, "target", None), "_opname", ""))


def _elements(torch: Any, tensor: Any, func: Any, value: Any) -> Any:
    one: Any = 1.0 if value.dtype.is_floating_point else 1
    one = False if value.dtype is torch.bool else one
    if func is tensor.tolist:
        return _nested(value.shape, one)
    if func is tensor.item:
        return one
    return 1.0 if func is tensor.__float__ else 1


def _nested(shape: Any, leaf: Any) -> Any:
    if not len(shape):
        return leaf
    return [_nested(shape[1:], leaf) for _ in range(int(shape[0]))]
