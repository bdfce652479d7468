"""One row of the model set: how a module is built, and what it is fed at which sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn

Sizes = Mapping[str, int]

DTYPES = {
    "f32": torch.float32,
    "bf16": torch.bfloat16,
    "c64": torch.complex64,
    "i64": torch.int64,
    "i32": torch.int32,
    "bool": torch.bool,
}
SIZE = re.compile(r"[\w\s+*/()-]+")


@dataclass(frozen=True)
class TorchModel:
    """A module in training mode as `build()` returns it, and its inputs by the names of `forward`.

    `bindings` are three sizes of every symbol; the live peak is measured at the first two.
    Integers are below `below`, so that they are legal indices. `loss` takes the output; None
    means the output's own `loss`, else the sum of its first floating tensor.
    """

    name: str
    kind: str
    build: Callable[[], nn.Module]
    inputs: Mapping[str, str]
    bindings: tuple[Sizes, ...]
    below: int = 2
    loss: Callable[[Any], torch.Tensor] | None = None

    def tensors(self, sizes: Sizes) -> dict[str, torch.Tensor]:
        """Real CPU tensors of the inputs at `sizes`, the same at every call."""
        random = torch.Generator().manual_seed(0)
        return {k: tensor(text, sizes, self.below, random) for k, text in self.inputs.items()}


def shape_of(text: str, sizes: Sizes) -> tuple[torch.dtype, list[int]]:
    """`"f32[N, 3, 2*H]"` at `{"N": 2, "H": 8}` is `(torch.float32, [2, 3, 16])`."""
    dtype, _, dims = text.rstrip("]").partition("[")
    shape = []
    for dim in filter(None, (part.strip() for part in dims.split(","))):
        assert SIZE.fullmatch(dim), dim
        shape.append(int(eval(dim, {"__builtins__": {}}, dict(sizes))))
    return DTYPES[dtype], shape


def tensor(text: str, sizes: Sizes, below: int, random: torch.Generator) -> torch.Tensor:
    dtype, shape = shape_of(text, sizes)
    if dtype == torch.bool:
        return torch.ones(shape, dtype=dtype)
    if dtype.is_floating_point:
        return torch.randn(shape, generator=random).to(dtype)
    return torch.randint(0, below, shape, generator=random) if prod(shape) else torch.zeros(shape)


def batches(*values: int, **fixed: int) -> tuple[Sizes, ...]:
    """`batches(2, 4, 7, S=16)`: three bindings that differ in N alone."""
    return tuple({"N": value, **fixed} for value in values)
