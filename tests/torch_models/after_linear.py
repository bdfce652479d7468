"""A function behind a layer: what it keeps and works in, asked of a module."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

Function = Callable[[torch.Tensor], torch.Tensor]


class AfterLinear(nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 12)
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.linear(x))
