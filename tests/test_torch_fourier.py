"""Fourier transforms in models: peaks of inference and of training, held to real runs."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import fft

import shapewright as sw
from torch_models.after_linear import AfterLinear, Function
from torch_oracles.live import live_truth

ROWS: dict[str, Function] = {
    "half": lambda t: fft.irfft(fft.rfft(t)),
    "half, another axis": lambda t: fft.irfft(fft.rfft(t, dim=1), dim=1),
    "half, padded": lambda t: fft.irfft(fft.rfft(t, n=16), n=20),
    "half, cut": lambda t: fft.irfft(fft.rfft(t, n=8), n=6),
    "half of a plane": lambda t: fft.irfft2(fft.rfft2(t, norm="ortho"), norm="ortho"),
    "half of all": lambda t: fft.irfftn(fft.rfftn(t)),
    "whole": lambda t: fft.irfft(fft.fft(t)[..., :7]),
    "whole, and back": lambda t: fft.irfft(fft.ifft(fft.fft(t, dim=1), dim=1)[..., :7]),
    "plane": lambda t: fft.irfft2(fft.ifft2(fft.fft2(t))[..., :7]),
    "all": lambda t: fft.irfftn(fft.ifftn(fft.fftn(t))[..., :7]),
}


@pytest.mark.oracle
@pytest.mark.parametrize("optimizer", [None, "sgd-momentum"])
@pytest.mark.parametrize("name", ROWS)
def test_peak_is_that_of_a_run(name: str, optimizer: str | None) -> None:
    model = AfterLinear(ROWS[name])
    mode = "infer" if optimizer is None else "train"
    report = sw.check(model, "f32[B, S, 12]", mode=mode, optimizer=optimizer, profile="torch-cpu")
    for batch, length in ((3, 6), (4, 10)):
        truth = live_truth(model, {"x": torch.ones(batch, length, 12)}, None, optimizer)
        assert report.at(B=batch, S=length).peak.live == truth.peak


def test_what_a_gpu_works_in_is_unknown() -> None:
    report = sw.check(AfterLinear(ROWS["half"]), "f32[B, S, 12]")
    peak = report.at(B=2, S=4).peak
    assert peak.upper is None
    assert "fft_rfft" in peak.why_bounds
