"""Faults of whole graphs: ONNX Runtime refuses the file, and one finding names the fault."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw
from ops.defective_graphs import DEFECTS, Defect

onnx = pytest.importorskip("onnx", reason="comes with the test extra")
np = pytest.importorskip("numpy")


def build(text: str, opset: int) -> Any:
    """The model of a text; in it `omitted` is an input left out, and `NoOp` no operator."""
    head = "" if "ir_version" in text else f'<ir_version: 8, opset_import: ["" : {opset}]>\n'
    model = onnx.parser.parse_model(head + text)
    settle(model.graph)
    return model


def settle(graph: Any) -> None:
    for node in graph.node:
        if node.op_type == "NoOp":
            node.op_type = ""
        for i, name in enumerate(node.input):
            if name == "omitted":
                node.input[i] = ""
        for attr in node.attribute:
            if attr.type == onnx.AttributeProto.GRAPH:
                settle(attr.g)


@pytest.mark.parametrize("row", DEFECTS, ids=str)
def test_the_fault_is_named(row: Defect) -> None:
    findings = sw.check(build(row.broken, row.opset)).findings
    errors = [f for f in findings if f.severity == "error"]
    assert [f.code for f in errors] == [row.code], findings
    assert row.says in errors[0].message


@pytest.mark.parametrize("row", DEFECTS, ids=str)
def test_the_sound_one_has_no_finding(row: Defect) -> None:
    assert sw.check(build(row.sound, row.opset)).findings == ()


@pytest.mark.oracle
@pytest.mark.parametrize("row", DEFECTS, ids=str)
def test_runtime_refuses_the_broken_one_alone(row: Defect, runtime: Any) -> None:
    dtypes = {1: "f32", 7: "i64", 9: "bool", 11: "f64"}
    for text, verdict in ((row.sound, "ran"), (row.broken, "refused")):
        model = build(text, row.opset)
        feeds = [
            (
                value.name,
                dtypes[value.type.tensor_type.elem_type],
                tuple(d.dim_value for d in value.type.tensor_type.shape.dim),
                None,
            )
            for value in model.graph.input
        ]
        answer = runtime.ask(model.SerializeToString(), feeds, ("ones",))
        assert answer.verdict == verdict, (text, answer)
