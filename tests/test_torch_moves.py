"""Modules that cast a part of themselves within forward."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import shapewright as sw
from torch_oracles.saved import saved_truth


class CastsItsRouter(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.router = self.router.to(torch.float32).to(x.device)
        return self.router(x).softmax(-1)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_cast_that_changes_nothing_is_traced(device: str) -> None:
    with torch.device(device):
        model = CastsItsRouter()
    report = sw.check(model, "f32[N, 8]", mode="train", profile="torch-cpu")
    assert report.ok
    truth = saved_truth(CastsItsRouter(), {"x": torch.ones(3, 8)})
    assert report.formula("saved")(N=3) == truth.bytes
    assert nn.Module.to.__module__ == "torch.nn.modules.module"
