"""Operators that ONNX defines by other operators: the rule says what the body says.

Each case row of such an operator is inferred twice: by its own rule, and with the node replaced by
the body that the schema gives it, as a function of the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

import shapewright as sw
from case_rows import CASES, ROWS, as_onnx
from shapewright.testing import Case, num_outputs

onnx = pytest.importorskip("onnx", reason="comes with the test extra")

DOMAIN = "body"
SIZES = (3, 4, 6, 8, 5, 7, 2, 12)

# Operands that the operator takes, in runtimes and by its text, and its body does not.
BODY_REFUSES = {
    "SoftmaxCrossEntropyLoss-13(bf16[3, 5], i64[3])": "NegativeLogLikelihoodLoss has no bfloat16",
    "SoftmaxCrossEntropyLoss-22(bf16[3, 5], i64[3])": "NegativeLogLikelihoodLoss has no bfloat16",
    "LayerNormalization-20(f32[B, S, 4], f32[S, 1], f32[4], axis=1)": "it flattens a whole Scale",
    "RMSNormalization-23-dtype of scale": "it multiplies before it casts",
    "ReduceLogSum-18(i32[N, 3], const([-1], 'i64'))": "Log takes no integers",
    "Range-20(i64[1], i64[], i64[])": "it stacks what ought to be scalars",
}
ELSEWHERE = {"SequenceMap"}  # in test_control.py, with models of its own


def schema_of(row: Case) -> Any:
    return onnx.defs.get_schema(row.op, row.opset, "")


def is_function(row: Case) -> bool:
    if row.domain or row.error is not None:
        return False
    try:
        schema = schema_of(row)
    except onnx.defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def body_of(row: Case, model: Any) -> Any | None:
    """The body of the row's node; None where the schema gives none for these operands."""
    schema = schema_of(row)
    if schema.has_function:
        versions = [v for v in schema.function_opset_versions if v <= row.opset]
        version = max(versions, default=min(schema.function_opset_versions))
        body = onnx.FunctionProto()
        body.ParseFromString(schema.get_function_with_opset_version(version))
        return body
    (node,) = model.graph.node
    types = {value.name: value.type for value in model.graph.input}
    for tensor in model.graph.initializer:
        types[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
    operands = [types[n].SerializeToString() if n else b"" for n in node.input]
    versions = [v for v in schema.context_dependent_function_opset_versions if v <= row.opset]
    version = max(versions, default=min(schema.context_dependent_function_opset_versions))
    data = schema.get_context_dependent_function_with_opset_version(
        version, node.SerializeToString(), operands
    )
    if not data:
        return None
    body = onnx.FunctionProto()
    body.ParseFromString(data)
    return body


def expanded(row: Case) -> Any | None:
    """The model of the row with its node made a call of the body."""
    model = as_onnx(row, list(row.inputs))
    body = body_of(row, model)
    if body is None:
        return None
    (node,) = model.graph.node
    body.domain, body.name = DOMAIN, row.op
    given = {attribute.name for attribute in node.attribute}
    defaults = [a.default_value for a in schema_of(row).attributes.values() if a.default_value.name]
    node.attribute.extend(d for d in defaults if d.name not in given)
    node.domain, node.op_type = DOMAIN, row.op
    if not any(entry.domain in ("", "ai.onnx") for entry in body.opset_import):
        body.opset_import.add(domain="", version=row.opset)
    model.functions.append(body)
    model.opset_import.add(domain=DOMAIN, version=1)
    return model


def bindings_of(report: sw.Report) -> list[dict[str, int]]:
    names = [symbol.name for symbol in report.symbols]
    kept = []
    for sizes in itertools.islice(itertools.permutations(SIZES, len(names)), 2000):
        binding = dict(zip(names, sizes, strict=True))
        try:
            report.at(**binding)
        except sw.ConstraintError:
            continue
        kept.append(binding)
        if len(kept) == 2:
            break
    return kept


def at(size: object, binding: Mapping[str, int]) -> object:
    if not isinstance(size, sw.Dim):
        return size
    return size.bind(**{n: v for n, v in binding.items() if n in size.symbols})


@pytest.mark.parametrize("row", [p for p in ROWS if is_function(p.values[0])])
def test_rule_and_body_agree(row: Case) -> None:
    if str(row) in BODY_REFUSES:
        pytest.skip(BODY_REFUSES[str(row)])
    model = expanded(row)
    if model is None:
        pytest.skip("the schema gives no body for these operands")
    rule, body = sw.check(as_onnx(row, list(row.inputs))), sw.check(model)
    assert not [f for f in body.findings if f.severity == "error"], body.findings
    for index in range(num_outputs(row)):
        name = "y" if index == 0 else f"y.{index}"
        if row.out is not None and row.out[index] is None:
            continue
        ours, theirs = rule.values[name], body.values[name]
        assert ours.dtype == theirs.dtype
        assert ours.shape is not None or theirs.shape is None, (str(ours), str(theirs))
        if ours.shape is None or theirs.shape is None:
            continue
        assert len(ours.shape) == len(theirs.shape), (str(ours), str(theirs))
        for binding in bindings_of(rule):
            for a, b in zip(ours.shape, theirs.shape, strict=True):
                left, right = at(a, binding), at(b, binding)
                if isinstance(left, int) and isinstance(right, int):
                    assert left == right, (str(ours), str(theirs), binding)


def test_every_function_operator_has_a_row() -> None:
    named = {
        s.name
        for s in onnx.defs.get_all_schemas()
        if s.domain == "" and (s.has_function or s.has_context_dependent_function)
    }
    assert named - {row.op for row in CASES if is_function(row)} == ELSEWHERE


def test_every_refusal_is_of_a_row() -> None:
    assert set(BODY_REFUSES) <= {str(row) for row in CASES}
