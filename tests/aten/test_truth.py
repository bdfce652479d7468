"""The oracle of operators against facts known beforehand, and its own books."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from aten import CASES
from aten.one_call import Call, OneCall, call
from aten.truth import call_truth

X = "f32[2, 3]"
TRAINED = [row for _, row in CASES if set(str(row)) & set("!*")]
KEPT = [
    # bytes kept beside parameters and inputs, and the node that keeps them
    (call("relu.default", X + "!"), {"ReluBackward0.result": 24}),
    (call("gelu.default", X + "*"), {"GeluBackward0.self": 24}),
    (call("sigmoid_.default", X + "*"), {"SigmoidBackward0.result": 24}),
    (call("dropout.default", X + "!", 0.5, True), {"MulBackward0.other": 24}),
    (call("linear.default", X + "*", "f32[5, 3]!"), {"MmBackward0.self": 24}),
    (call("linear.default", X + "*", "f32[5, 3]"), {}),
    (
        call("max_pool2d.default", "f32[1, 1, 4, 4]!", [2, 2]),
        {"MaxPool2DWithIndicesBackward0.result1": 32},
    ),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("row", "kept"), KEPT, ids=str)
def test_known_facts(row: Call, kept: dict[str, int]) -> None:
    truth = call_truth(row)
    found = {
        f"{node}.{field}": storage.bytes
        for storage in truth.saved.storages
        for _, node, field in storage.by
    }
    assert {name: size for name, size in kept.items() if found.get(name) != size} == {}
    assert truth.saved.bytes == sum(kept.values())


@pytest.mark.oracle
@pytest.mark.parametrize("row", TRAINED[::40], ids=str)
def test_what_is_left_are_the_gradients(row: Call) -> None:
    truth = call_truth(row)
    model = OneCall(row)
    model(**model.inputs())["loss"].backward()
    gradients = (p.grad for p in model.parameters() if p.grad is not None)
    left = sum(g.untyped_storage().nbytes() for g in gradients)
    assert sum(truth.forward) + sum(truth.backward) == left


def test_rows_are_told_apart() -> None:
    said = [str(row) for _, row in CASES]
    assert sorted(said) == sorted(set(said))
