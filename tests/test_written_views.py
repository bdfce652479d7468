"""Functions into views: what is kept and the peak, held to real runs."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

import shapewright as sw
from torch_models.after_linear import AfterLinear, Function
from torch_oracles.live import live_truth
from torch_oracles.saved import saved_truth


def joined(t: torch.Tensor) -> torch.Tensor:
    out = t.new_empty(t.shape[0], t.shape[1], 20)
    out[..., :12].copy_(t)
    out[..., 12:].copy_(t[..., :8].exp())
    return out * out


def first_row(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    out[:, 0] = t[:, 1]
    return out.exp()


def zeroed(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    out[:, 0].zero_()
    return out.exp()


def added(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    out[:, 1:] += t[:, :-1]
    return out


def scaled(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    out.narrow(2, 0, 6).mul_(t[..., :6])
    return out.sigmoid()


def flat_relu(t: torch.Tensor) -> torch.Tensor:
    return (t * t).flatten(1).relu_()


def view_goes_on(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    part = out[..., :6]
    part.mul_(t[..., :6])
    return part.exp()


def transposed(t: torch.Tensor) -> torch.Tensor:
    out = t * t
    out.transpose(1, 2).add_(t.transpose(1, 2))
    return out


def rows_of_a_layer(t: torch.Tensor) -> torch.Tensor:
    return t.relu_()


def scores(t: torch.Tensor) -> torch.Tensor:
    out = torch.einsum("...qd,...kd->...qk", t, t)
    out += torch.ones(1, 1, 1)
    return out.exp()


WRITES = (
    joined,
    first_row,
    zeroed,
    added,
    scaled,
    flat_relu,
    view_goes_on,
    transposed,
    rows_of_a_layer,
    scores,
)


@pytest.mark.oracle
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_kept_and_peak_are_those_of_a_run(write: Function) -> None:
    model = AfterLinear(write)
    report = sw.check(
        model, "f32[B, S, 12]", mode="train", optimizer="sgd-momentum", profile="torch-cpu"
    )
    for batch, length in ((3, 6), (4, 10)):
        inputs = {"x": torch.ones(batch, length, 12)}
        saved = int(report.formula("saved")(B=batch, S=length))
        assert saved == saved_truth(model, inputs).bytes
        truth = live_truth(model, inputs, None, "sgd-momentum")
        assert report.at(B=batch, S=length).peak.live == truth.peak
