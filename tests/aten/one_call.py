"""One call of an operator as a module: a row says the call, PyTorch says what it does to memory.

A text is a tensor: `"f32[2, 3]"` an input, `"f32[2, 3]!"` a parameter that is trained,
`"f32[2, 3]*"` a copy of such a parameter, so that an operator may write over it. `"/0,2,1"` after
it permutes the axes before the call. Everything else is passed on as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from torch_models.row import shape_of

TENSOR = re.compile(r"(?P<type>\w+\[[\d, ]*\])(?P<grad>[!*]?)(?:/(?P<axes>[\d,]+))?")


@dataclass(frozen=True)
class Call:
    """`aten.<op>(*args, **kwargs)`; backward is of its first floating output, or of `every` one."""

    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    below: int = 2
    matrices: bool = False
    every: bool = False

    def __str__(self) -> str:
        said = [*map(str, self.args), *(f"{k}={v}" for k, v in self.kwargs.items())]
        return f"{self.op}({', '.join(said)})" + (f" [{self.note}]" if self.note else "")


def call(op: str, *args: Any, note: str = "", below: int = 2, **kwargs: Any) -> Call:
    return Call(op, args, kwargs, note, below)


def of_matrices(op: str, *args: Any, note: str = "", every: bool = True, **kwargs: Any) -> Call:
    return Call(op, args, kwargs, note, matrices=True, every=every)


def parsed(text: Any) -> re.Match[str] | None:
    return TENSOR.fullmatch(text) if isinstance(text, str) else None


def is_integer(dtype: torch.dtype) -> bool:
    return not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)


def numbers(match: re.Match[str], row: Call) -> torch.Tensor:
    """Ones where any number will do, so that every operator is defined on them; matrices of full
    rank, positive definite where they are square."""
    dtype, shape = shape_of(match["type"], {})
    if is_integer(dtype):
        return torch.arange(torch.Size(shape).numel()).remainder(row.below).reshape(shape).to(dtype)
    made = torch.ones(shape, dtype=dtype)
    if row.matrices and made.dim() > 1:
        rows, columns = made.shape[-2:]
        made = made / 10 + torch.eye(rows, columns) * torch.arange(1, columns + 1)
    return made


class OneCall(nn.Module):
    """The call, and the sum of its first floating output times an input as the loss, of others
    their squares; of a complex one the real and imaginary parts."""

    def __init__(self, row: Call) -> None:
        super().__init__()
        self.row = row
        packet, overload = row.op.split(".")
        self.target = getattr(getattr(torch.ops.aten, packet), overload)
        self.own_inputs: dict[str, torch.Tensor] = {}
        self.copied: set[str] = set()
        self.axes: dict[str, list[int]] = {}
        self.count = 0
        self.template = self.named([list(row.args), dict(row.kwargs)])

    def named(self, value: Any) -> Any:
        """The arguments with a name in place of each tensor."""
        if isinstance(value, list | tuple):
            return [self.named(item) for item in value]
        if isinstance(value, dict):
            return {key: self.named(item) for key, item in value.items()}
        match = parsed(value)
        if match is None:
            return value
        name = f"t{self.count}"
        self.count += 1
        made = numbers(match, self.row)
        if match["axes"]:
            self.axes[name] = [int(axis) for axis in match["axes"].split(",")]
        if match["grad"]:
            self.register_parameter(name, nn.Parameter(made))
            if match["grad"] == "*":
                self.copied.add(name)
        else:
            self.own_inputs[name] = made
        return Name(name)

    def filled(self, value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
        if isinstance(value, list):
            return [self.filled(item, tensors) for item in value]
        if isinstance(value, dict):
            return {key: self.filled(item, tensors) for key, item in value.items()}
        if not isinstance(value, Name):
            return value
        found = tensors[value] if value in tensors else getattr(self, value)
        if value in self.copied:
            found = found.clone()
        return found.permute(self.axes[value]) if value in self.axes else found

    def called(self, tensors: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        """The floating outputs that make the loss."""
        args, kwargs = self.filled(self.template, tensors)
        out = self.target(*args, **kwargs)
        if isinstance(out, torch.Tensor):
            return [torch.view_as_real(out) if out.is_complex() else out]
        floats = [t for t in out if t.is_floating_point()]
        return floats if self.row.every else floats[:1]

    def forward(
        self,
        weight: torch.Tensor,
        t0: torch.Tensor | None = None,
        t1: torch.Tensor | None = None,
        t2: torch.Tensor | None = None,
        t3: torch.Tensor | None = None,
        t4: torch.Tensor | None = None,
        t5: torch.Tensor | None = None,
        t6: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        given = {"t0": t0, "t1": t1, "t2": t2, "t3": t3, "t4": t4, "t5": t5, "t6": t6}
        tensors = {name: tensor for name, tensor in given.items() if tensor is not None}
        first, *others = self.called(tensors)
        loss = (first * weight).sum()
        for other in others:
            loss = loss + (other * other).sum()
        return {"loss": loss}

    def inputs(self) -> dict[str, torch.Tensor]:
        """What forward takes, at the sizes of the row."""
        with torch.no_grad():
            out = self.called(self.own_inputs)[0]
        fresh = {name: tensor.clone() for name, tensor in self.own_inputs.items()}
        return {**fresh, "weight": torch.ones(out.shape, dtype=out.dtype)}


class Name(str):
    """Stands for a tensor among the arguments."""

    __slots__ = ()
