"""The rows of tests/ops/cases_*.py, and each as a model of ONNX."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import shapewright as sw
from shapewright._core import TensorData
from shapewright.testing import Case, Const, num_outputs

OPS = Path(__file__).parent / "ops"

# Operators that ONNX Runtime has in the domain of ONNX from a version on at which ONNX has none.
EARLY = {("LayerNormalization", 1), ("SimplifiedLayerNormalization", 1)}

# dtype names as ONNX's TensorProto counts them
ONNX_CODES = {
    "f32": 1, "u8": 2, "i8": 3, "u16": 4, "i16": 5, "i32": 6, "i64": 7, "string": 8, "bool": 9,
    "f16": 10, "f64": 11, "u32": 12, "u64": 13, "c64": 14, "c128": 15, "bf16": 16, "f8e4m3": 17,
    "f8e4m3fnuz": 18, "f8e5m2": 19, "f8e5m2fnuz": 20, "u4": 21, "i4": 22, "f4e2m1": 23,
    "f8e8m0": 24, "u2": 25, "i2": 26, "f6e2m3": 27, "f6e3m2": 28,
}  # fmt: skip


def load_rows(kind: str) -> Iterator[Any]:
    """`CASES` of cases_<family>.py, or `DEFECTS` of defects_<family>.py, each with its name."""
    for path in sorted(OPS.glob(f"{kind}_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        family = path.stem.removeprefix(f"{kind}_")
        for row in getattr(module, kind.upper()):
            yield pytest.param(row, id=f"{family}: {row}"[:150].replace("\n", " "))


ROWS = list(load_rows("cases"))
CASES = [cast(Case, parameter.values[0]) for parameter in ROWS]


def as_attribute(value: Any) -> Any:
    from onnx import helper

    if isinstance(value, TensorData):
        code = ONNX_CODES[value.dtype]
        return helper.make_tensor("", code, list(value.dims), value.data, raw=True)
    return list(value) if isinstance(value, tuple) else value


def as_onnx(row: Case, inputs: list[str | Const | None]) -> Any:
    """The row as a model of one node, with the operands given."""
    import onnx
    from onnx import helper

    made, constants, names = [], [], []
    for i, operand in enumerate(inputs):
        names.append("" if operand is None else f"x{i}")
        if isinstance(operand, str):
            tensor = sw.TensorType.parse(operand)
            shape = None
            if tensor.shape is not None:
                shape = [d if d is None or isinstance(d, int) else str(d) for d in tensor.shape]
            proto = helper.make_tensor_type_proto(ONNX_CODES[tensor.dtype], shape)
            if tensor.container.endswith("sequence"):
                proto = helper.make_sequence_type_proto(proto)
            if tensor.container == "map":
                proto = helper.make_map_type_proto(ONNX_CODES["i64"], proto)
            if tensor.container.startswith("optional"):
                proto = helper.make_optional_type_proto(proto)
            made.append(helper.make_value_info(f"x{i}", proto))
        elif operand is not None:
            code = ONNX_CODES[operand.dtype]
            values = operand.values
            constants.append(helper.make_tensor(f"x{i}", code, operand.shape, values))
    outputs = ["y" if i == 0 else f"y.{i}" for i in range(num_outputs(row))]
    if row.out is not None:
        outputs = [
            n if stated is not None else "" for n, stated in zip(outputs, row.out, strict=True)
        ]
    attrs = {name: as_attribute(value) for name, value in row.attrs.items()}
    node = helper.make_node(row.op, names, outputs, "y", domain=row.domain, **attrs)
    ends = [onnx.ValueInfoProto(name=name) for name in outputs if name]
    graph = helper.make_graph([node], "row", made, ends, constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in row.opsets.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
