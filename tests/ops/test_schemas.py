"""The table of operators against the schemas that the onnx package carries.

A row describes every opset version from its own up to the next row of its operator, so each schema
in that range must say what the row says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shapewright import _core

onnx_defs = pytest.importorskip("onnx.defs")

OLDEST_OPSET = 7
NEWEST_OPSET = 28
MANY = 2**31 - 1  # onnx's spelling of _core.MANY


def schemas_of(name: str) -> list[Any]:
    """Schemas in force at some supported opset, oldest first."""
    versions = [
        s
        for s in onnx_defs.get_all_schemas_with_history()
        if s.domain == "" and s.name == name and s.since_version <= NEWEST_OPSET
    ]
    versions.sort(key=lambda s: s.since_version)
    in_force = [s for s in versions if s.since_version <= OLDEST_OPSET][-1:]
    return in_force + [s for s in versions if s.since_version > OLDEST_OPSET]


def rows() -> list[Any]:
    return [op for op in _core.all_ops() if op.domain == ""]


def rows_and_schemas() -> Iterator[Any]:
    """Each row with each schema of its range."""
    starts: dict[str, list[int]] = {}
    for op in rows():
        starts.setdefault(op.name, []).append(op.since)
    for op in rows():
        end = min([s for s in starts[op.name] if s > op.since], default=NEWEST_OPSET + 1)
        for schema in schemas_of(op.name):
            if op.since <= schema.since_version < end:
                yield pytest.param(op, schema, id=f"{op.name}-{op.since}-{schema.since_version}")


@pytest.mark.parametrize("op", [pytest.param(op, id=f"{op.name}-{op.since}") for op in rows()])
def test_row_starts_at_a_schema(op: Any) -> None:
    versions = {s.since_version for s in schemas_of(op.name)}
    assert versions, f"onnx has no operator {op.name}"
    assert op.since in versions


@pytest.mark.parametrize(("op", "schema"), list(rows_and_schemas()))
def test_row_says_what_its_schemas_say(op: Any, schema: Any) -> None:
    if schema.deprecated:
        pytest.skip("deprecated")
    assert [op.inputs_min, op.inputs_max] == [schema.min_input, many(schema.max_input)]
    assert [op.outputs_min, op.outputs_max] == [schema.min_output, many(schema.max_output)]
    assert sorted(op.attrs) == sorted(
        (a.name, kind_of(a), a.required) for a in schema.attributes.values()
    )
    variadic = onnx_defs.OpSchema.FormalParameterOption.Variadic
    assert op.operands.split() == [i.name for i in schema.inputs if i.option != variadic]


def many(count: int) -> int:
    return int(_core.MANY) if count == MANY else count


def kind_of(attribute: Any) -> str:
    kind = str(attribute.type).rpartition(".")[2].lower()
    return kind if kind in KINDS else "other"


KINDS = {"int", "float", "string", "ints", "floats", "strings", "tensor", "graph", "graphs"}


def test_every_operator_has_a_row() -> None:
    named = {s.name for s in onnx_defs.get_all_schemas() if s.domain == ""}
    assert not named - {op.name for op in rows()}
    if onnx_defs.onnx_opset_version() == NEWEST_OPSET:
        assert len(named) == 203


@pytest.mark.parametrize("name", sorted({op.name for op in rows()}))
def test_first_row_is_old_enough(name: str) -> None:
    oldest = min(op.since for op in rows() if op.name == name)
    assert oldest <= max(OLDEST_OPSET, min(s.since_version for s in schemas_of(name)))
