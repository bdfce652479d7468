"""Modules that hold another one and change nothing of what it computes."""

from __future__ import annotations

from typing import Any

from shapewright.errors import ShapewrightError

# By the name of their class, for some are in packages that take long to import: what users call
# them, and where the model is.
_WRAPPERS = {
    "torch._dynamo.eval_frame.OptimizedModule": ("torch.compile", "_orig_mod"),
    "torch.nn.parallel.data_parallel.DataParallel": ("DataParallel", "module"),
    "torch.nn.parallel.distributed.DistributedDataParallel": ("DistributedDataParallel", "module"),
}


def unwrapped(module: Any) -> tuple[Any, list[str]]:
    """The model inside `torch.compile`, `DataParallel` and the like, and their names from outside.

    Raises `ShapewrightError` for what cannot be traced: a TorchScript module, one whose weights are
    packed, one whose parameters have no size yet.
    """
    import torch

    names: list[str] = []
    while (
        wrapper := _WRAPPERS.get(f"{type(module).__module__}.{type(module).__name__}")
    ) is not None:
        name, inside = wrapper
        names.append(name)
        module = getattr(module, inside)
    if isinstance(module, torch.jit.ScriptModule):
        message = "a TorchScript module has no Python code that could be traced with open sizes"
        hint = "pass the nn.Module that it was made from, or an ExportedProgram"
        raise ShapewrightError(message, code="source-unsupported", hint=hint)
    for path, part in module.named_modules():
        _demand_open_weights(path, part)
    return module, names


def _demand_open_weights(path: str, part: Any) -> None:
    import torch

    kind = f"{path or 'the model'} ({type(part).__name__})"
    objects = [v for v in vars(part).values() if isinstance(v, torch.ScriptObject)]
    if any("quantized" in str(value._type()) for value in objects):
        message = f"{kind} holds its quantized weights packed, which cannot be traced"
        hint = "pass the model that it was quantized from"
        raise ShapewrightError(message, code="source-unsupported", hint=hint)
    own = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
    for name, tensor in own:
        if torch.nn.parameter.is_lazy(tensor):
            message = f"{kind} gives its {name} a size in its first call, which has not been"
            hint = "call the model once with a small batch"
            raise ShapewrightError(message, code="source-unsupported", hint=hint)
