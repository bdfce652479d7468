"""Recurrent layers and the CTC loss as one operation each.

PyTorch traces `lstm` step by step, which fixes the length of the sequence and takes seconds, and
`ctc_loss` not at all. Their results have simple shapes, so they are made here and the call is
recorded whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shapewright.errors import ShapewrightError
from shapewright.importers.torch_intercept import intercepted, record_call

_LAYERS = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


@contextmanager
def whole_calls(tracer: Any) -> Iterator[None]:
    """Within, each call of a recurrent layer and of `ctc_loss` is one node of the trace."""
    import torch

    def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "")
        if name in _LAYERS and not kwargs and len(args) == 9:
            return _recorded(torch, tracer, name, args)
        if name == "ctc_loss":
            return _ctc_loss(torch, tracer, *args, **kwargs)
        if name == "zeros" and any(isinstance(size, torch.Tensor) for size in args):
            raise _packed()
        return func(*args, **kwargs)

    with intercepted(call):
        yield


def _packed() -> ShapewrightError:
    """A recurrent layer makes its first states as large as the first step of a packed sequence."""
    message = "how many rows each step of a packed sequence has is known in a run alone"
    hint = "check the model without pack_padded_sequence: as if all rows were full"
    return ShapewrightError(message, code="trace-failed", hint=hint)


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


def _ctc_loss(
    torch: Any,
    tracer: Any,
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str | int = "mean",
    zero_infinity: bool = False,
) -> Any:
    from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing

    kind = _REDUCTIONS[reduction] if isinstance(reduction, str) else reduction
    is_each = kind == _REDUCTIONS["none"] and log_probs.dim() == 3
    with disable_proxy_modes_tracing(), torch.no_grad():
        made = log_probs.new_empty([log_probs.shape[1]] if is_each else [])
    given = all(isinstance(each, torch.Tensor) for each in (input_lengths, target_lengths))
    target = torch.ops.aten.ctc_loss.Tensor if given else torch.ops.aten.ctc_loss.IntList
    args = (log_probs, targets, input_lengths, target_lengths, blank, kind, zero_infinity)
    record_call(tracer, target, args, made)
    return made
