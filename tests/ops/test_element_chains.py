"""Sizes that a model computes with: elements of small tensors, as expressions of input sizes.

A chain is nested tuples ("Op", operand, ..., attributes): a name is a size of the input, as i64[1];
a number is a constant, i64[1] or f32[1]; a list is a constant i64 vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapewright as sw

onnx = pytest.importorskip("onnx")

FLOAT, INT64 = 1, 7
OPSET = 18
NAMES = ("N", "M")
SIZES = [(1, 1), (2, 3), (3, 2), (7, 7), (8, 5), (13, 64), (100, 49), (49, 98)]


def real(chain: Any) -> tuple[Any, ...]:
    return ("Cast", chain, {"to": FLOAT})


def whole(chain: Any) -> tuple[Any, ...]:
    return ("Cast", chain, {"to": INT64})


def half(chain: Any) -> tuple[Any, ...]:
    return ("Mul", real(chain), 0.5)


# chain, elements that must come of it (None: nothing is claimed)
ROWS: list[tuple[Any, list[Any]]] = [
    (("Add", "N", 1), ["N + 1"]),
    (("Sub", "N", "M"), ["N - M"]),
    (("Mul", "N", "M"), ["N*M"]),
    (("Neg", "N"), ["-N"]),
    (("Abs", ("Neg", "N")), ["N"]),
    (("Abs", ("Sub", "N", "M")), ["max(M - N, N - M)"]),
    (("Sign", "N"), [1]),
    (("Relu", ("Sub", "N", 4)), ["max(0, N - 4)"]),
    # division rounds toward zero
    (("Div", "N", 2), ["N//2"]),
    (("Div", ("Neg", "N"), 2), ["-(N//2)"]),
    (("Div", "N", -2), ["-(N//2)"]),
    (("Div", ("Mul", "N", "M"), "M"), ["N"]),
    (("Div", ("Mul", "N", 12), 4), ["3*N"]),
    (("Mul", ("Div", "N", 2), 2), ["2*(N//2)"]),
    (("Mod", "N", 8), ["N % 8"]),
    (("Mod", ("Neg", "N"), 8), ["(-N) % 8"]),
    (("Mod", ("Neg", "N"), 8, {"fmod": 1}), ["-(N % 8)"]),
    (("Sub", "N", ("Mul", ("Div", "N", 8), 8)), ["N % 8"]),
    (("Pow", "N", 2), ["N*N"]),
    (("Min", "N", 512), ["min(N, 512)"]),
    (("Max", "N", 1), ["N"]),
    (("Max", "N", "M", 3), ["max(N, M, 3)"]),
    (("Clip", "N", 2, 10), ["min(10, max(2, N))"]),
    # comparisons that the sign of a size decides
    (("Equal", "N", -1), [0]),
    (("Equal", "N", "N"), [1]),
    (("Greater", "N", 0), [1]),
    (("Less", "N", 0), [0]),
    (("GreaterOrEqual", "N", 1), [1]),
    (("LessOrEqual", "N", 0), [0]),
    (("Not", ("Greater", "N", 0)), [0]),
    (("And", ("Equal", "N", 5), ("Less", "N", 0)), [0]),
    (("Or", ("Equal", "N", 5), ("Greater", "N", 0)), [1]),
    (("Xor", ("Less", "N", 0), ("Greater", "N", 0)), [1]),
    (("Equal", ("Mul", "N", 2), 7), [0]),
    # exporters' Expand: -1 stands for "as it is"
    (("Where", ("Equal", [-1, 4, -1], -1), [1, 1, 1], [-1, 4, -1]), [1, 4, 1]),
    (("Where", ("Equal", ("Concat", "N", "M", {"axis": 0}), -1), 1, [8, 9]), [8, 9]),
    (("Where", ("Equal", "N", 5), "M", "M"), ["M"]),
    (("Where", ("Less", "N", 0), ("Add", "N", "M"), "N"), ["N"]),
    # several elements
    (("ReduceProd", ("Concat", "N", "M", 4, {"axis": 0}), [0]), ["4*N*M"]),
    (("ReduceSum", ("Concat", "N", "M", {"axis": 0}), [0]), ["N + M"]),
    (("ReduceMax", ("Concat", "N", "M", {"axis": 0}), [0]), ["max(N, M)"]),
    (("ReduceMin", ("Concat", "N", 4, {"axis": 0}), [0]), ["min(N, 4)"]),
    (("CumSum", ("Concat", "N", "M", 1, {"axis": 0}), 0), ["N", "N + M", "N + M + 1"]),
    (("Add", ("Concat", "N", "M", {"axis": 0}), ("Neg", "N")), [0, "M - N"]),
    # sizes through floating point: exact, or nothing
    (whole(half("N")), ["N//2"]),
    (whole(("Floor", half("N"))), ["N//2"]),
    (whole(("Ceil", half("N"))), ["ceildiv(N, 2)"]),
    (whole(("Floor", ("Mul", real("N"), 2.0))), ["2*N"]),
    (whole(("Floor", ("Mul", real("N"), 1.5))), ["3*N//2"]),
    (whole(("Floor", ("Div", real("N"), 3.0))), ["N//3"]),
    (whole(("Ceil", ("Div", real("N"), 3.0))), ["(N + 2)//3"]),
    (whole(("Floor", ("Add", ("Div", real("N"), 3.0), 1.0))), ["N//3 + 1"]),
    (whole(("Floor", ("Div", real("N"), 0.25))), ["4*N"]),
    (whole(("Round", ("Div", real("N"), 3.0))), ["(2*N + 3)//6"]),
    (("Greater", half("N"), 0.25), [1]),
    (whole(("Sub", half("N"), half("N"))), [0]),
    (whole(("Max", half("N"), 1.0)), ["max(N, 2)//2"]),
    (whole(("Floor", ("Div", real(("Mul", "N", "M")), real("M")))), ["N"]),
    (whole(("Floor", ("Mul", ("Div", real("N"), 49.0), 49.0))), [None]),
    (whole(("Floor", ("Mul", real("N"), 0.1))), [None]),
    (whole(("Round", half("N"))), [None]),
]


def model_of(chain: Any) -> Any:
    helper = onnx.helper
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(values: Any, code: int) -> str:
        name = f"c{len(constants)}"
        constants.append(helper.make_tensor(name, code, [len(values)], values))
        return name

    def build(part: Any) -> str:
        if isinstance(part, str):
            return f"size_{part}"
        if isinstance(part, float):
            return constant([part], FLOAT)
        if isinstance(part, int):
            return constant([part], INT64)
        if isinstance(part, list):
            return constant(part, INT64)
        op, *operands = part
        attrs = operands.pop() if isinstance(operands[-1], dict) else {}
        inputs = [build(operand) for operand in operands]
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], **attrs))
        return name

    for axis, size in enumerate(NAMES):
        node = helper.make_node("Shape", ["x"], [f"size_{size}"], start=axis, end=axis + 1)
        nodes.append(node)
    end = build(chain)
    made = helper.make_tensor_value_info("x", FLOAT, list(NAMES))
    graph = helper.make_graph(nodes, "chain", [made], [onnx.ValueInfoProto(name=end)], constants)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


IDS = [str(chain).replace("'", "") for chain, _ in ROWS]


def inferred(chain: Any) -> tuple[Any, ...] | None:
    report = sw.check(model_of(chain))
    assert report.ok, report.findings
    return report.elements(report.graph.outputs[0].name)


@pytest.mark.parametrize(("chain", "stated"), ROWS, ids=IDS)
def test_elements_of_a_chain(chain: Any, stated: list[Any]) -> None:
    found = inferred(chain) or (None,) * len(stated)
    assert len(found) == len(stated)
    assert all(same(f, s) for f, s in zip(found, stated, strict=True)), found


def same(found: Any, stated: Any) -> bool:
    if found is None or stated is None:
        return found is stated
    return sw.prove_eq(sw.Dim(str(found)), sw.Dim(str(stated))) is True


@pytest.mark.oracle
@pytest.mark.parametrize("chain", [chain for chain, _ in ROWS], ids=IDS)
def test_runtime_computes_the_same_elements(chain: Any) -> None:
    ort = pytest.importorskip("onnxruntime")
    session = ort.InferenceSession(
        model_of(chain).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = inferred(chain) or ()
    for sizes in SIZES:
        (real_elements,) = session.run(None, {"x": np.zeros(sizes, np.float32)})
        binding = dict(zip(NAMES, sizes, strict=True))
        for claimed, actual in zip(found, real_elements, strict=bool(found)):
            if isinstance(claimed, sw.Dim):
                names = [name for name in NAMES if name in claimed.symbols]
                claimed = claimed.bind(**{name: binding[name] for name in names})
            assert claimed is None or claimed == actual, (sizes, claimed, actual)
