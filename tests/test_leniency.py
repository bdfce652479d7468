"""What the fuzzers excuse: each leniency of ONNX Runtime on the smallest model that shows it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytest.importorskip("onnx", reason="comes with the test extra")
pytest.importorskip("onnxruntime", reason="comes with the test extra")

import onnx
import onnx.parser

import shapewright as sw
from model_fuzz import judged, leniency, runs_of
from random_models import RandomModel
from strict_models import DEMANDS

pytestmark = pytest.mark.oracle
F32 = 1


@dataclass(frozen=True)
class Row:
    """A model of inputs x and z that runs at `lenient` sizes only because the runtime lets it."""

    name: str
    text: str
    inputs: tuple[tuple[str, int, tuple[int | str, ...]], ...]
    lenient: dict[str, int]
    sound: dict[str, int]  # sizes that the specification allows

    def model(self, *sizes: dict[str, int]) -> RandomModel:
        head = '<ir_version: 8, opset_import: ["" : 20, "f" : 1]>\n'
        proto = onnx.parser.parse_model(head + self.text)
        for node in [*proto.graph.node, *(n for f in proto.functions for n in f.node)]:
            node.name = node.output[0]
        return RandomModel(proto, (sizes[0], sizes[-1]), self.inputs)


X, Z = ("x", F32, ("N", 4)), ("z", F32, (3, "M"))
ROWS = [
    Row(
        "Concat of a tensor without elements",
        """g (float[N, 4] x, float[3, M] z) => (float[] y)
           <int64[1] none = {0}, int64[1] ax = {1}> {
             e = Slice(z, none, none, ax)
             y = Concat <axis = 1> (x, e)
           }""",
        (X, Z),
        {"N": 2, "M": 5},
        {"N": 3, "M": 5},
    ),
    Row(
        "Concat of a tensor without elements",
        """g (float[N, 4] x, float[3, M] z) => (float[] y) { y = f.F(x, z) }
           <opset_import: ["" : 20], domain: "f">
           F (a, b) => (c) {
             none = Constant <value_ints = [0]> ()
             ax = Constant <value_ints = [1]> ()
             e = Slice(b, none, none, ax)
             c = Concat <axis = -1> (a, e)
           }""",
        (X, Z),
        {"N": 2, "M": 5},
        {"N": 3, "M": 5},
    ),
    Row(
        "PRelu with a slope that stretches X",
        "g (float[N, 4] x, float[3, M] z) => (float[] y) { y = PRelu(x, z) }",
        (X, Z),
        {"N": 1, "M": 1},
        {"N": 3, "M": 4},
    ),
    Row(
        "window past the end by less than a stride",
        """g (float[1, 1, N, M] x) => (float[] y) {
             y = AveragePool <kernel_shape = [3, 3], strides = [3, 3]> (x)
           }""",
        (("x", F32, (1, 1, "N", "M")),),
        {"N": 2, "M": 3},
        {"N": 3, "M": 3},
    ),
    Row(
        "window past the end by less than a stride",
        """g (float[1, 1, N, M] x) => (float[] y) {
             y = MaxPool <kernel_shape = [3, 3], strides = [3, 3], dilations = [1, 2],
                          pads = [0, 1, 0, 1]> (x)
           }""",
        (("x", F32, (1, 1, "N", "M")),),
        {"N": 2, "M": 3},
        {"N": 3, "M": 3},
    ),
    Row(
        "Reshape to a computed 0, which copies",
        """g (float[N, 4] x) => (float[] y) <int64[1] two = {2}, int64[1] rest = {-1}> {
             n = Shape <end = 1> (x)
             half = Div(n, two)
             to = Concat <axis = 0> (half, rest)
             y = Reshape(x, to)
           }""",
        (X,),
        {"N": 1},
        {"N": 6},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_it_is_counted_under_its_name(row: Row) -> None:
    assert judged(row.model(row.lenient)) == (f"lenient: {row.name}", "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_sizes_that_the_specification_allows_are_no_leniency(row: Row) -> None:
    model = row.model(row.sound)
    assert judged(model) == ("ok", "")
    runs = runs_of(model, model.proto.SerializeToString())
    assert all(run is not None for run in runs)
    for node in (node.name for node in model.proto.graph.node):
        assert leniency(model, runs, node, "") == ""


def test_every_leniency_has_a_row() -> None:
    assert {name for name, _ in DEMANDS.values()} == {row.name for row in ROWS}


def test_a_wrong_size_is_excused_by_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in a run that a leniency lets through."""
    row = ROWS[0]
    claimed = sw.check(row.model(row.sound).proto).values["x"]

    class Report:
        def __init__(self) -> None:
            self.findings = ()
            self.values = {"e": claimed}

        def at(self, **sizes: int) -> None:
            pass

    monkeypatch.setattr(sw, "check", lambda data: Report())
    model = row.model(row.lenient)
    del model.proto.graph.output[:]
    model.proto.graph.output.append(onnx.ValueInfoProto(name="e"))
    verdict, why = judged(model)
    assert verdict == "unsound"
    assert "really f32[3, 0]" in why
