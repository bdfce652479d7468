"""A model that PyTorch refuses: where, with what, and what would fit."""

from __future__ import annotations

import re
from typing import Any

import pytest

import shapewright as sw
from shapewright.load import Asked, read_model

torch = pytest.importorskip("torch")
nn = torch.nn


class Net(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        y = self.stem(x)
        return self.fc(y.mean((2, 3)))


def outputs_of(report: sw.Report, op: str) -> list[str]:
    return [str(report.values[n.outputs[0]]) for n in report.graph.nodes if n.op == op]


def error_of(report: sw.Report) -> Any:
    (found,) = (f for f in report.findings if f.severity == "error")
    return found


@pytest.mark.parametrize(
    ("inputs", "code", "text"),
    [
        ({"y": "f32[N,3,8,8]"}, "input-unknown", "forward has no input named 'y'"),
        (None, "input-required", "needs 'x'"),
        ({"x": "f32"}, "inputs-form", "needs a shape"),
    ],
)
def test_a_wrong_call_is_refused(inputs: Any, code: str, text: str) -> None:
    with pytest.raises(sw.ShapewrightError, match=text) as raised:
        sw.check(Net(), inputs)
    assert raised.value.code == code


def test_a_shape_error_names_the_module_and_the_number_that_fits() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.fc = nn.Linear(400, 10)

        def forward(self, x: Any) -> Any:
            return self.fc(self.conv(x).flatten(1))

    report = sw.check(Model(), "f32[N,3,64,64]")
    (error,) = (f for f in report.findings if f.severity == "error")
    assert error.code == "trace-failed"
    assert error.hint == "set fc.in_features=15376"
    assert error.facts["module"] == "fc (Linear)"
    assert error.facts["input"] == "f32[N, 15376]  from flatten"
    assert error.facts["weight"] == "f32[10, 400]  parameter fc.weight"
    assert outputs_of(report, "conv2d.default") == ["f32[N, 4, 62, 62]"]


def test_a_wrong_rank() -> None:
    report = sw.check(Net(), "f32[N,3]")
    (error,) = (f for f in report.findings if f.severity == "error")
    assert error.hint == "stem.0 takes 4 axes, not 2: give the model an input of that rank"


def test_sizes_that_only_a_run_can_tell() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return x[x > 0] * 2

    report = sw.check(Model(), "f32[N]")
    assert report.ok
    assert [s.name for s in report.symbols] == ["N"]
    (shape,) = (report.values[v.name].shape for v in report.graph.outputs)
    assert str(shape) == "(Dim('u0'),)"
    peak = report.at(N=8).peak
    # A block for the input and one for the mask; u0 elements on top.
    assert (peak.lower, peak.upper) == (2 * 512, None)
    assert "u0" in peak.why_bounds


def test_sizes_that_a_layer_leaves_are_solved() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)
            self.fc = nn.Linear(8 * 28 * 28, 10)

        def forward(self, x: Any) -> Any:
            return self.fc(self.conv(x).flatten(1))

    report = sw.check(Model(), "f32[N,3,H,W]")
    assert report.ok
    assert [str(c) for c in report.contract] == ["8*H*W == 6272"]
    assert report.at(N=2, H=14, W=56).shape("linear") == (2, 10)


@pytest.mark.parametrize(
    ("loss", "code", "text"),
    [
        (lambda out: out, "loss-not-scalar", r"the loss has the shape \[N, 4\]"),
        (lambda out: out.logits, "loss-failed", "no attribute 'logits'"),
        (lambda out: 3, "loss-not-scalar", "a int, not a tensor"),
    ],
)
def test_a_loss_that_is_none(loss: Any, code: str, text: str) -> None:
    graph, _, _ = read_model(nn.Linear(4, 4), Asked("f32[N,4]", train=True, loss=loss))
    (fault,) = (row for row in graph.faults if row["is_error"])
    assert fault["code"] == code
    assert re.search(text, fault["message"])
    assert [node.op for node in graph.nodes] == ["linear.default"]


def test_an_input_that_the_model_asks_for_is_named() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, labels: Any = None) -> Any:
            if labels is None:
                msg = "labels are needed to train"
                raise ValueError(msg)
            return x.sum() + labels.sum()

    report = sw.check(Model(), {"x": "f32[N,4]"})
    (error,) = (f for f in report.findings if f.severity == "error")
    assert error.hint == 'add "labels": "i64[N]" to inputs'


def test_a_layer_that_inherits_is_known_too() -> None:
    class Scaled(nn.Linear):  # type: ignore[name-defined, misc]
        def forward(this, x: Any) -> Any:
            return super().forward(x) * 2

    model = nn.Sequential(Scaled(4, 3), nn.ReLU(), Scaled(4, 2))
    error = error_of(sw.check(model, "f32[N,4]"))
    assert error.facts["module"] == "2 (Scaled)"
    assert error.facts["weight"] == "f32[2, 4]  parameter 2.weight"
    assert error.hint == "set 2.in_features=3"


def test_an_input_has_the_name_that_the_caller_gave() -> None:
    class Cross(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.kv = nn.Linear(77, 8)

        def forward(self, x: Any, context: Any) -> Any:
            return x + self.kv(context)

    error = error_of(sw.check(Cross(), {"x": "f32[N,8]", "context": "f32[N,24]"}))
    assert error.facts["input"] == "f32[N, 24]  input context"


def test_a_function_that_is_refused_is_told_with_what_came_in() -> None:
    class Join(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, a: Any, b: Any) -> Any:
            return torch.cat([a.relu(), b], 1)

    error = error_of(sw.check(Join(), {"a": "f32[N,4,16]", "b": "f32[N,4,15]"}))
    assert error.facts["call"] == "cat"
    assert error.facts["input 0"] == "f32[N, 4, 16]  from relu"
    assert error.facts["input 1"] == "f32[N, 4, 15]  input b"


def test_what_a_refused_call_decides_on_its_way_is_not_of_the_model() -> None:
    """PyTorch fixes all sizes to say that a GroupNorm has other channels."""
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(4, 12))
    report = sw.check(model, "f32[N,3,H,W]")
    assert [f.code for f in report.findings] == ["trace-failed"]
    assert report.contract == ()
    error = error_of(report)
    assert error.facts["input"] == "f32[N, 8, H, W]  from conv2d"
    assert error.hint == "set 1.num_channels=8"


@pytest.mark.parametrize(
    ("inputs", "dims", "text"),
    [
        ("f33[N,3,8,8]", None, "'f33' is no dtype"),
        ("f32[-1,3,8,8]", None, "cannot be negative"),
        ("f32[N,3,8,8]", {"N": -2}, "no range of sizes"),
    ],
)
def test_a_trace_that_cannot_begin_says_why(inputs: str, dims: Any, text: str) -> None:
    with pytest.raises(sw.ShapewrightError, match=text):
        sw.check(Net(), inputs, dims=dims)


def test_a_size_out_of_bounds_is_a_finding() -> None:
    error = error_of(sw.check(Net(), "f32[N,3,8,8]", dims={"N": 0}))
    assert error.code == "symbol-bounds"


def test_a_packed_sequence_is_told_apart() -> None:
    class Packed(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(4, 8, batch_first=True)

        def forward(self, x: Any, lengths: Any) -> Any:
            pack = nn.utils.rnn.pack_padded_sequence
            return self.lstm(pack(x, lengths, batch_first=True, enforce_sorted=False))[1][0]

    error = error_of(sw.check(Packed(), {"x": "f32[N,S,4]", "lengths": "i64[N]"}))
    assert error.code == "trace-failed"
    assert "packed sequence" in error.message
    assert "pack_padded_sequence" in error.hint
