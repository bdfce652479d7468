"""Recurrent layers as one operation each.

PyTorch traces `lstm` step by step, which fixes the length of the sequence and takes seconds. Their
results have simple shapes, so they are made here and the call is recorded whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shapewright.importers.torch_intercept import intercepted, record_call

_LAYERS = {"lstm", "gru", "rnn_tanh", "rnn_relu"}


@contextmanager
def whole_recurrent_layers(tracer: Any) -> Iterator[None]:
    """Within, each call of a recurrent layer is one node of the trace."""
    import torch

    def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "")
        if name in _LAYERS and not kwargs and len(args) == 9:
            return _recorded(torch, tracer, name, args)
        return func(*args, **kwargs)

    with intercepted(call):
        yield


def _recorded(torch: Any, tracer: Any, name: str, args: tuple[Any, ...]) -> Any:
    from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing

    is_packed = isinstance(args[1], torch.Tensor) and args[1].dim() == 1  # sizes of batches
    data, states = args[0], args[2 if is_packed else 1]
    several = list(states) if isinstance(states, (list, tuple)) else [states]
    is_both_ways = args[-1] if is_packed else args[-2]
    width = int(several[0].shape[-1]) * (2 if is_both_ways else 1)
    with disable_proxy_modes_tracing(), torch.no_grad():
        out = data.new_empty([*data.shape[:-1], width])
        made = (out, *(torch.empty_like(state) for state in several))
    overload = "data" if is_packed else "input"
    target = getattr(getattr(torch.ops.aten, name), overload)
    record_call(tracer, target, args, made)
    return made
