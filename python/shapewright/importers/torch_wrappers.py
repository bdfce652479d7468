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

    Raises `ShapewrightError` for a TorchScript module, of which Python code traces nothing.
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
    return module, names
