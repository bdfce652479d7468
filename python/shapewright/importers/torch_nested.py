"""Encoders that drop what a padding mask hides: `nn.TransformerEncoder` in evaluation.

Rows of several lengths have no trace. Here they stay as long as the longest, whose length is a
symbol that only a run can tell, and each operation on them is recorded whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapewright.importers.torch_functions import calling_line
from shapewright.importers.torch_intercept import intercepted, record_call

if TYPE_CHECKING:
    from shapewright.importers.torch_trace import Traced


@dataclass
class Nested:
    """What of a trace stands for nested tensors."""

    symbols: dict[Any, str] = field(default_factory=dict)  # by node: the length of its longest row
    lines: dict[str, str] = field(default_factory=dict)  # by symbol: where it was dropped


@contextmanager
def nested_rows(traced: Traced, taken: Collection[str]) -> Iterator[None]:
    """Within, masks are taken to hide the ends of rows alone, as padding does.

    `taken` are names that no symbol may get.
    """
    import torch

    def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "")
        if name == "_nested_tensor_from_mask_left_aligned":
            return True
        if name == "_nested_tensor_from_mask":
            line = calling_line()
            symbol = _new_symbol({*taken, *traced.nested.lines})
            traced.nested.lines[symbol] = line
            return _recorded(torch, traced, name, args[:2], args[0].shape, symbol)
        known = _symbol_of(traced, args[0]) if args else None
        if known is None:
            return func(*args, **kwargs)
        if name == "_transformer_encoder_layer_fwd":
            return _recorded(torch, traced, name, args, args[0].shape, known)
        if name == "to_padded_tensor":
            return _recorded(torch, traced, name, args[:2], args[2], None)
        return func(*args, **kwargs)

    with intercepted(call):
        yield


def _new_symbol(taken: Collection[str]) -> str:
    names = ("longest", *(f"longest{i}" for i in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)


def _symbol_of(traced: Traced, value: Any) -> str | None:
    import torch

    proxy = traced.tracker.get(value) if isinstance(value, torch.Tensor) else None
    return None if proxy is None else traced.nested.symbols.get(proxy.proxy.node)


def _recorded(
    torch: Any, traced: Traced, name: str, args: Any, shape: Any, symbol: str | None
) -> Any:
    from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing

    with disable_proxy_modes_tracing(), torch.no_grad():
        made = args[0].new_empty(shape)
    target = getattr(torch.ops.aten, name).default
    node = record_call(traced.tracer, target, args, made)
    if symbol is not None:
        traced.nested.symbols[node] = symbol
    return made
