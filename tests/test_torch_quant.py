"""Training that is aware of quantization, with its observers at work, held to real runs."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.ao.quantization import (
    FusedMovingAvgObsFakeQuantize,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
)

import shapewright as sw
from torch_oracles.live import live_truth


class Quantized(nn.Module):  # type: ignore[misc]
    def __init__(self, observer: type, **limits: object) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 24)
        self.quantize = FusedMovingAvgObsFakeQuantize(observer, **limits)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": torch.relu(self.quantize(self.linear(x))).sum()}


BY_CHANNEL = {"dtype": torch.qint8, "qscheme": torch.per_channel_symmetric, "ch_axis": 0}


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("observer", "options"),
    [
        (MovingAverageMinMaxObserver, {"quant_min": 0, "quant_max": 255}),
        (MovingAveragePerChannelMinMaxObserver, {"quant_min": -128, "quant_max": 127} | BY_CHANNEL),
    ],
    ids=["all", "by channel"],
)
def test_peak_is_that_of_a_run(observer: type, options: dict[str, object]) -> None:
    model = Quantized(observer, **options)
    report = sw.check(model, "f32[N, 16]", mode="train", optimizer="sgd", profile="torch-cpu")
    assert not [f for f in report.findings if f.severity != "note"]
    for batch in (30, 300):
        fresh = Quantized(observer, **options)
        truth = live_truth(fresh, {"x": torch.randn(batch, 16)}, optimizer="sgd")
        assert report.at(N=batch).peak.live == truth.peak
