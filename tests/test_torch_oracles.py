"""The oracles of training memory against what can be counted by hand."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch_models import MODELS, TorchModel
from torch_oracles.live import live_truth
from torch_oracles.saved import saved_truth

ROWS = {row.name: row for row in MODELS}
N = 8
WIDTHS = ((64, 128), (128, 128), (128, 10))
PARAMETERS = sum(4 * (i * o + o) for i, o in WIDTHS)
LARGEST = 4 * 128 * 128


def test_the_set_is_wide() -> None:
    assert len(ROWS) == len(MODELS) >= 60
    assert all(len(row.bindings) == 3 for row in MODELS)
    kinds = {row.kind for row in MODELS}
    assert kinds >= {"cnn", "encoder", "decoder", "encoder-decoder", "moe", "frozen", "audio"}


@pytest.mark.oracle
def test_saved_of_a_perceptron() -> None:
    row = ROWS["mlp"]
    truth = saved_truth(row.build(), row.tensors({"N": N}))
    assert truth.bytes == 2 * 4 * N * 128  # the results of both activations
    assert truth.owned == {
        "parameter": 4 * (128 * 128 + 128 * 10),  # weights whose input asks for a gradient
        "buffer": 0,
        "input": 4 * N * 64,
    }
    assert [s.by for s in truth.storages] == [
        (("1", "ReluBackward0", "result"), ("2", "AddmmBackward0", "mat1")),
        (("3", "ReluBackward0", "result"), ("4", "AddmmBackward0", "mat1")),
    ]


@pytest.mark.oracle
def test_saved_of_frozen_layers_is_less() -> None:
    whole, head = (
        saved_truth(row.build(), row.tensors(row.bindings[0])).bytes
        for row in (ROWS["resnet18"], ROWS["resnet18-head"])
    )
    assert 0 < head < whole // 100


@pytest.mark.oracle
def test_live_peak_of_a_perceptron() -> None:
    row = ROWS["mlp"]
    inputs = row.tensors({"N": N})
    sgd = live_truth(row.build(), inputs, optimizer="sgd-momentum")
    adamw = live_truth(row.build(), inputs, optimizer="adamw")
    held = 3 * PARAMETERS + 4 * N * 64  # parameters, gradients, momentum, input
    assert sgd.attributed
    assert held <= sgd.peak < held + 4 * N * 128 * 3
    # AdamW's loop: the root of the second moment, and its quotient, of the largest parameter; the
    # denominator of the one before it lives until it is overwritten; and three scalars.
    temporaries = 2 * LARGEST + 4 * 128 + 12
    steps = 4 * 2 * len(WIDTHS)
    assert adamw.peak == held + PARAMETERS + steps + temporaries
    assert (adamw.at.phase, adamw.at.op) == ("optimizer", "div")


@pytest.mark.oracle
def test_events_name_their_module() -> None:
    row = ROWS["mlp"]
    truth = live_truth(row.build(), row.tensors({"N": N}), optimizer="sgd")
    found = {(at.phase, at.module) for nbytes, at in truth.events if nbytes == LARGEST}
    assert found == {("backward", "2")}
    assert sum(nbytes for nbytes, _ in truth.events) == 0


def rows_of(kind: str) -> list[TorchModel]:
    return [row for row in MODELS if row.kind == kind]


@pytest.mark.oracle
@pytest.mark.parametrize("row", rows_of("mlp") + rows_of("recurrent"), ids=lambda row: row.name)
def test_rows_run_at_all_sizes(row: TorchModel) -> None:
    model = row.build()
    sizes = [saved_truth(model, row.tensors(at), row.loss).bytes for at in row.bindings]
    assert len(set(sizes)) == len(sizes)
