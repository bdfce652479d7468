"""Native kernels of attention and encoder layers, which PyTorch leaves where it is traced.

`nn.MultiheadAttention` and `nn.TransformerEncoderLayer` decide for themselves; here they are told
what they would be told in a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_TRACED_ASKED = "_is_make_fx_tracing"
_OTHER_DEVICE = "_privateuse1_backend_name"


def runs_in_mode() -> bool:
    """Whether the caller has a mode on that sees every call: PyTorch takes no fast path then."""
    import torch

    depth: Any = getattr(torch._C, "_len_torch_function_stack", None)
    return depth is None or bool(depth())


@contextmanager
def fast_paths(module: Any) -> Iterator[None]:
    """Within, no tracer is seen, and a device that holds no elements takes what a CPU takes."""
    import torch
    from torch.nn.modules import activation
    from torch.utils import backend_registration

    overrides: Any = torch.overrides
    asked: Any = activation.__dict__.get(_TRACED_ASKED)
    device: Any = backend_registration.__dict__.get(_OTHER_DEVICE)
    if asked is None or device is None:  # another version of PyTorch
        yield
        return
    in_mode = overrides.has_torch_function
    is_meta = any(p.device.type == "meta" for p in module.parameters())
    overrides.has_torch_function = _has_own_function
    setattr(activation, _TRACED_ASKED, lambda: False)
    if is_meta:
        setattr(backend_registration, _OTHER_DEVICE, "meta")
    try:
        yield
    finally:
        setattr(backend_registration, _OTHER_DEVICE, device)
        setattr(activation, _TRACED_ASKED, asked)
        overrides.has_torch_function = in_mode


def _has_own_function(values: Iterable[Any]) -> bool:
    """`torch.overrides.has_torch_function` without the modes that watch the trace."""
    import torch

    plain = (torch._C._disabled_torch_function_impl, torch.Tensor.__torch_function__)
    own = (getattr(type(value), "__torch_function__", None) for value in values)
    return any(function is not None and function not in plain for function in own)
