"""A module in half precision while it is traced: what `module.to(torch.bfloat16)` would run."""

from __future__ import annotations

from itertools import chain
from typing import Any

from shapewright.importers.torch_inputs import Call
from shapewright.importers.torch_types import torch_dtype
from shapewright.types import TensorType


def can_recast(module: Any) -> bool:
    """Whether halves of its state cost nothing: tensors of a CPU take no memory until written."""
    state = chain(module.parameters(), module.buffers())
    return all(tensor.device.type in {"cpu", "meta"} for tensor in state)


def recast(module: Any, call: Call, dtype: str) -> None:
    """Puts halves in the place of each f32 parameter, buffer and input; `left_alone` undoes it."""
    import torch

    half = torch_dtype(dtype)
    made: dict[int, Any] = {}

    def halved(tensor: Any) -> Any:
        if not isinstance(tensor, torch.Tensor) or tensor.dtype != torch.float32:
            return tensor
        if id(tensor) not in made:
            made[id(tensor)] = torch.empty_like(tensor, dtype=half, requires_grad=False)
            if isinstance(tensor, torch.nn.Parameter):
                made[id(tensor)] = torch.nn.Parameter(
                    made[id(tensor)], requires_grad=tensor.requires_grad
                )
        return made[id(tensor)]

    for part in module.modules():
        for table in (part._parameters, part._buffers):
            for name, tensor in list(table.items()):
                table[name] = halved(tensor)
    for part in module.modules():  # recurrent layers keep lists of their weights
        for held in vars(part).values():
            if type(held) is list:
                held[:] = [made.get(id(item), item) for item in held]
    call.types = [
        TensorType(dtype, type.shape) if type.dtype == "f32" else type for type in call.types
    ]
