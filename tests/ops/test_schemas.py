"""The table of operators against the schemas that the onnx package and ONNX Runtime carry.

A row describes every opset version from its own up to the next row of its operator, so each schema
in that range must say what the row says.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from case_rows import EARLY
from shapewright import _core

onnx_defs = pytest.importorskip("onnx.defs")

ROOT = Path(__file__).resolve().parents[2]
# First and last supported version by domain.
SUPPORTED = {
    "": (7, 28),
    "ai.onnx.ml": (1, 5),
    "ai.onnx.preview": (1, 1),
    "ai.onnx.preview.training": (1, 1),
}
MANY = 2**31 - 1  # onnx's spelling of _core.MANY


def schemas_of(domain: str, name: str) -> list[Any]:
    """Schemas in force at some supported version, oldest first."""
    oldest, newest = SUPPORTED[domain]
    versions = [
        s
        for s in onnx_defs.get_all_schemas_with_history()
        if s.domain == domain and s.name == name and s.since_version <= newest
    ]
    versions.sort(key=lambda s: s.since_version)
    in_force = [s for s in versions if s.since_version <= oldest][-1:]
    return in_force + [s for s in versions if s.since_version > oldest]


def rows() -> list[Any]:
    return [
        op
        for op in _core.all_ops()
        if op.domain in SUPPORTED and (op.domain or (op.name, op.since) not in EARLY)
    ]


def named(op: Any) -> str:
    return f"{op.domain}.{op.name}-{op.since}".removeprefix(".")


def rows_and_schemas() -> Iterator[Any]:
    """Each row with each schema of its range."""
    starts: dict[tuple[str, str], list[int]] = {}
    for op in rows():
        starts.setdefault((op.domain, op.name), []).append(op.since)
    for op in rows():
        later = [s for s in starts[op.domain, op.name] if s > op.since]
        end = min(later, default=SUPPORTED[op.domain][1] + 1)
        for schema in schemas_of(op.domain, op.name):
            if op.since <= schema.since_version < end:
                yield pytest.param(op, schema, id=f"{named(op)}-{schema.since_version}")


@pytest.mark.parametrize("op", [pytest.param(op, id=named(op)) for op in rows()])
def test_row_starts_at_a_schema(op: Any) -> None:
    versions = {s.since_version for s in schemas_of(op.domain, op.name)}
    assert versions, f"onnx has no operator {op.name}"
    assert op.since in versions


@pytest.mark.parametrize(("op", "schema"), list(rows_and_schemas()))
def test_row_says_what_its_schemas_say(op: Any, schema: Any) -> None:
    if schema.deprecated:
        pytest.skip("deprecated")
    assert_same(op, schema, [i.name for i in schema.inputs if not is_variadic(i)])


def contrib_rows() -> list[Any]:
    return [
        pytest.param(op, id=named(op))
        for op in _core.all_ops()
        if op.domain == "com.microsoft" or (not op.domain and (op.name, op.since) in EARLY)
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("op", contrib_rows())
def test_row_says_what_onnxruntime_says(op: Any) -> None:
    state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    (schema,) = [
        s
        for s in state.get_all_operator_schema()
        if (s.domain, s.name, s.since_version) == (op.domain, op.name, op.since)
    ]
    assert_same(op, schema, [i.name for i in schema.inputs if not is_variadic(i)])


def assert_same(op: Any, schema: Any, operands: list[str]) -> None:
    assert [op.inputs_min, op.inputs_max] == [schema.min_input, many(schema.max_input)]
    assert [op.outputs_min, op.outputs_max] == [schema.min_output, many(schema.max_output)]
    attributes = schema.attributes.items()
    assert sorted(op.attrs) == sorted((name, kind_of(a), a.required) for name, a in attributes)
    assert op.operands.split() == operands


def is_variadic(formal: Any) -> bool:
    return str(formal.option).endswith("Variadic")


def many(count: int) -> int:
    return int(_core.MANY) if count == MANY else count


def kind_of(attribute: Any) -> str:
    kind = str(attribute.type).rpartition(".")[2].lower()
    return kind if kind in KINDS else "other"


KINDS = {"int", "float", "string", "ints", "floats", "strings", "tensor", "graph", "graphs"}


def test_every_operator_has_a_row() -> None:
    names = {s.name for s in onnx_defs.get_all_schemas() if s.domain == ""}
    assert not names - {op.name for op in rows()}
    if onnx_defs.onnx_opset_version() == SUPPORTED[""][1]:
        assert len(names) == 203


def test_operators_of_other_domains_have_rows() -> None:
    counts = {d: len({op.name for op in _core.all_ops() if op.domain == d}) for d in DOMAINS}
    early = {name for name, _ in EARLY}
    assert counts["com.microsoft"] + len(early) == 24
    assert counts["ai.onnx.ml"] == 11
    for domain in ("ai.onnx.preview", "ai.onnx.preview.training"):
        names = {s.name for s in onnx_defs.get_all_schemas() if s.domain == domain}
        assert not names - {op.name for op in rows() if op.domain == domain}


DOMAINS = ("com.microsoft", "ai.onnx.ml")


@pytest.mark.parametrize(
    ("domain", "name"), sorted({(op.domain, op.name) for op in rows()}), ids=str
)
def test_first_row_is_old_enough(domain: str, name: str) -> None:
    oldest = min(op.since for op in rows() if (op.domain, op.name) == (domain, name))
    first = min(s.since_version for s in schemas_of(domain, name))
    assert oldest <= max(SUPPORTED[domain][0], first)


def test_the_table_of_the_docs_is_up_to_date() -> None:
    path = ROOT / "tools" / "operator_table.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page(), "run tools/operator_table.py"
