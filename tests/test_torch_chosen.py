"""What a mask chooses has a size that only a run can tell: no more than there is."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import shapewright as sw
from torch_oracles.live import live_truth


class Masked(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        chosen = torch.masked_select(self.linear(x), mask)
        return {"loss": (chosen * chosen).sum()}


class Nonzero(nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = x.nonzero()
        return torch.relu(x[places[:, 0], places[:, 1]])


@pytest.mark.oracle
@pytest.mark.parametrize("mask", ["bool[N, S, 8]", "bool[S, 8]"])
def test_a_masked_loss_has_bounds(mask: str) -> None:
    inputs = {"x": "f32[N, S, 8]", "mask": mask}
    report = sw.check(Masked(), inputs, mode="train", optimizer="sgd", profile="torch-cpu")
    peak = report.at(N=4, S=50).peak
    assert (peak.lower, peak.why_bounds) != (peak.upper, "")
    shape = (4, 50, 8) if "N" in mask else (50, 8)
    for kept in (0.0, 0.5, 1.0):
        x, chosen = torch.ones(4, 50, 8), torch.arange(8).expand(shape) < 8 * kept
        truth = live_truth(Masked(), {"x": x, "mask": chosen.contiguous()}, optimizer="sgd")
        assert peak.upper is not None
        assert peak.lower <= truth.peak <= peak.upper
    assert truth.peak == peak.upper


@pytest.mark.oracle
def test_places_have_bounds() -> None:
    report = sw.check(Nonzero(), "f32[N, S]", profile="torch-cpu")
    peak = report.at(N=30, S=40).peak
    for kept in (1, 20, 40):
        x = (torch.arange(40) < kept).float().repeat(30, 1)
        truth = live_truth(Nonzero(), {"x": x})
        assert peak.upper is not None
        assert peak.lower <= truth.peak <= peak.upper
