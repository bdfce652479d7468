"""Where a finding says how to mend a stored tensor, mending it so leaves no finding."""

from __future__ import annotations

import re
from typing import Any

import pytest

import shapewright as sw

# operator, its input, (label, type) of each stored tensor, attributes; one of them is wrong
ROWS: list[tuple[str, str, list[tuple[str, str]], dict[str, Any]]] = [
    ("MatMul", "f32[N, 768]", [("B", "f32[512, 10]")], {}),
    ("Gemm", "f32[N, 3]", [("B", "f32[4, 8]")], {}),
    ("Gemm", "f32[N, 3]", [("B", "f32[8, 4]")], {"transB": 1}),
    ("Conv", "f32[N, 3, 8, 8]", [("W", "f32[8, 4, 3, 3]")], {}),
    ("Conv", "f32[N, 6, 8, 8]", [("W", "f32[8, 4, 3, 3]")], {"group": 2}),
    ("Conv", "f32[N, 3, 8, 8]", [("W", "f32[8, 3, 3, 3]"), ("B", "f32[7]")], {}),
    ("ConvTranspose", "f32[N, 3, 8, 8]", [("W", "f32[5, 8, 3, 3]")], {}),
    (
        "BatchNormalization",
        "f32[N, 6, 8]",
        [("scale", "f32[6]"), ("B", "f32[5]"), ("mean", "f32[6]"), ("var", "f32[6]")],
        {},
    ),
    ("InstanceNormalization", "f32[N, 6, 8]", [("scale", "f32[5]"), ("B", "f32[6]")], {}),
]


def model(row: tuple[str, str, list[tuple[str, str]], dict[str, Any]]) -> sw.Graph:
    op, x, stored, attrs = row
    g = sw.Graph()
    operands = [g.param(label, text) for label, text in stored]
    g.output(g.add(op, g.input("x", x), *operands, name="y", **attrs))
    return g


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_the_repair_mends(row: tuple[str, str, list[tuple[str, str]], dict[str, Any]]) -> None:
    (finding,) = sw.check(model(row)).findings
    assert finding.hint is not None, finding
    found = re.fullmatch(r"(\w+) axis (\d+) must be (\d+)", finding.hint)
    assert found is not None, finding.hint
    label, axis, size = found.groups()
    op, x, stored, attrs = row
    mended = []
    for name, text in stored:
        dims = text.removeprefix("f32[").removesuffix("]").split(", ")
        if name == label:
            dims[int(axis)] = size
        mended.append((name, f"f32[{', '.join(dims)}]"))
    assert sw.check(model((op, x, mended, attrs))).findings == ()


def test_of_two_dtypes_the_second_is_cast() -> None:
    g = sw.Graph()
    g.output(g.add("Add", g.input("x", "f32[4]"), g.param("b", "f64[4]")))
    (finding,) = sw.check(g).findings
    assert finding.hint == "cast B to f32"


def test_where_either_could_be_wrong_nothing_is_said() -> None:
    g = sw.Graph()
    g.output(g.add("MatMul", g.input("x", "f32[N, 4]"), g.input("z", "f32[5, 4]")))
    (finding,) = sw.check(g).findings
    assert finding.hint is None
