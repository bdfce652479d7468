"""Which element types an operator takes, against the type constraints of the real schemas.

The first case of each operator row, with the type of each operand replaced by every other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import shapewright as sw
from case_rows import CASES, EARLY
from shapewright import _core
from shapewright.testing import Case, Const, run_op

onnx_defs = pytest.importorskip("onnx.defs")

# dtype names as type constraints of ONNX spell them: tensor(float)
SPELLINGS = {
    "f64": "double", "f32": "float", "f16": "float16", "bf16": "bfloat16",
    "f8e4m3": "float8e4m3fn", "f8e5m2": "float8e5m2",
    "i64": "int64", "i32": "int32", "i16": "int16", "i8": "int8", "i4": "int4",
    "u64": "uint64", "u32": "uint32", "u16": "uint16", "u8": "uint8",
    "bool": "bool", "c64": "complex64", "string": "string",
}  # fmt: skip

# Runtimes convert to and from younger types at older opsets.
CONVERSIONS = {"Cast", "CastLike"}


def first_rows() -> list[Any]:
    """The first case that succeeds for each operator row."""
    since: dict[str, list[int]] = {}
    for op in _core.all_ops():
        if not op.domain:
            since.setdefault(op.name, []).append(op.since)
    found: dict[tuple[str, int], Case] = {}
    for row in CASES:
        in_force = [s for s in since.get(row.op, ()) if s <= row.opset]
        if (row.op, max(in_force, default=0)) in EARLY:
            continue
        if row.error is None and not row.domain and in_force:
            found.setdefault((row.op, max(in_force)), row)
    return [pytest.param(row, id=f"{op}-{version}") for (op, version), row in found.items()]


def with_dtype(operand: str | Const | None, dtype: str) -> str | Const | None:
    if isinstance(operand, str):
        return re.sub(r"\w+\[", f"{dtype}[", operand, count=1)
    if isinstance(operand, Const):
        return f"{dtype}[{', '.join(map(str, operand.shape))}]"
    return operand


def spelled(operand: str | Const | None, dtype: str) -> str:
    """The type of an operand as type constraints spell it: seq(tensor(float))."""
    container = sw.TensorType.parse(operand).container if isinstance(operand, str) else "tensor"
    wrapped = {
        "tensor": "tensor({})",
        "sequence": "seq(tensor({}))",
        "optional": "optional(tensor({}))",
        "optional-sequence": "optional(seq(tensor({})))",
    }
    return wrapped[container].format(dtype)


@pytest.mark.parametrize("row", first_rows())
def test_dtypes_are_those_of_the_schema(row: Case) -> None:
    schema = onnx_defs.get_schema(row.op, row.opset, "")
    formal = list(schema.inputs)
    allowed = {c.type_param_str: set(c.allowed_type_strs) for c in schema.type_constraints}
    types = [formal[min(i, len(formal) - 1)].type_str for i in range(len(row.inputs))]
    for variable in sorted(set(types)):
        for dtype, spelling in SPELLINGS.items():
            operands = tuple(
                with_dtype(operand, dtype) if text == variable else operand
                for operand, text in zip(row.inputs, types, strict=True)
            )
            if operands == row.inputs:
                continue
            error = run_op(replace(row, inputs=operands)).error
            first = operands[types.index(variable)]
            if spelled(first, spelling) in allowed.get(variable, {variable}):
                assert error != "dtype-unsupported", (variable, dtype)
            elif row.op not in CONVERSIONS:
                assert error in {"dtype-unsupported", "dtype-mismatch"}, (variable, dtype, error)
