"""Chains that compute sizes: what exporters write must come out as sizes again.

A row: inputs; nodes as (result, operator, operands, attributes, number of outputs); and what is
stated of the result `y`: its type, or its elements.
"""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw
from shapewright import _core
from shapewright.graph import pack_elements

END = 2**63 - 1
ONE = _core.TensorData("i64", [1], pack_elements([1], "i64", [1]))
SHAPE_OF_X = ("s", "Shape", ["x"])
X3 = {"x": "f32[N, L, 768]"}
X4 = {"x": "f32[N, 3, H, W]"}

CHAINS: dict[str, tuple[dict[str, str], list[tuple[Any, ...]], Any]] = {
    "split heads": (
        X3,
        [
            SHAPE_OF_X,
            ("n", "Gather", ["s", 0], {"axis": 0}),
            ("l", "Gather", ["s", 1], {"axis": 0}),
            ("n1", "Unsqueeze", ["n", [0]]),
            ("l1", "Unsqueeze", ["l", [0]]),
            ("t", "Concat", ["n1", "l1", [12], [64]], {"axis": 0}),
            ("y", "Reshape", ["x", "t"]),
        ],
        "f32[N, L, 12, 64]",
    ),
    "merge heads": (
        {"x": "f32[N, 12, L, 64]"},
        [
            ("p", "Transpose", ["x"], {"perm": [0, 2, 1, 3]}),
            ("s", "Shape", ["p"]),
            ("head", "Slice", ["s", [0], [2]]),
            ("t", "Concat", ["head", [-1]], {"axis": 0}),
            ("y", "Reshape", ["p", "t"]),
        ],
        "f32[N, L, 768]",
    ),
    "flatten all but the last, and back": (
        X3,
        [
            SHAPE_OF_X,
            ("flat", "Reshape", ["x", [-1, 768]]),
            ("y", "Reshape", ["flat", "s"]),
        ],
        "f32[N, L, 768]",
    ),
    "fold the batch into space": (
        X4,
        [
            SHAPE_OF_X,
            ("parts", "Split", ["s", [1, 1, 2]], {"axis": 0}, 3),
            ("nc", "Mul", ["parts", "parts.1"]),
            ("t", "Concat", ["nc", "parts.2"], {"axis": 0}),
            ("y", "Reshape", ["x", "t"]),
        ],
        "f32[3*N, H, W]",
    ),
    "half the size through floats": (
        X4,
        [
            ("hw", "Shape", ["x"], {"start": 2}),
            ("f", "Cast", ["hw"], {"to": 1}),
            ("half", "Mul", ["f", 0.5]),
            ("down", "Floor", ["half"]),
            ("y", "Cast", ["down"], {"to": 7}),
        ],
        ["H//2", "W//2"],
    ),
    "size through floats, cut by the cast": (
        X4,
        [
            ("h", "Shape", ["x"], {"start": 2, "end": 3}),
            ("f", "Cast", ["h"], {"to": 1}),
            ("half", "Div", ["f", 2.0]),
            ("y", "Cast", ["half"], {"to": 7}),
        ],
        ["H//2"],
    ),
    "positions": (
        X3,
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("l0", "Squeeze", ["l", [0]]),
            ("r", "Range", [0, "l0", 1]),
            ("y", "Unsqueeze", ["r", [0]]),
        ],
        "i64[1, L]",
    ),
    "positions after a cache": (
        {"x": "f32[N, L, 768]", "past": "f32[N, 12, P, 64]"},
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("p", "Shape", ["past"], {"start": 2, "end": 3}),
            ("l0", "Squeeze", ["l", [0]]),
            ("p0", "Squeeze", ["p", [0]]),
            ("end", "Add", ["l0", "p0"]),
            ("y", "Range", ["p0", "end", 1]),
        ],
        "i64[L]",
    ),
    "causal mask cut to the cache": (
        {"x": "f32[N, L, 768]", "past": "f32[N, 12, P, 64]", "mask": "bool[1, 1, 1024, 1024]"},
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("p", "Shape", ["past"], {"start": 2, "end": 3}),
            ("end", "Add", ["l", "p"]),
            ("start", "Sub", ["end", "l"]),
            ("rows", "Slice", ["mask", "start", "end", [2]]),
            ("y", "Slice", ["rows", [0], "end", [3]]),
        ],
        "bool[1, 1, max(0, min(L, 1024 - P)), min(1024, L + P)]",
    ),
    "expand to a batch": (
        X3,
        [
            ("n", "Shape", ["x"], {"end": 1}),
            ("t", "Concat", ["n", [1], [1]], {"axis": 0}),
            ("ones", "ConstantOfShape", [[1, 4, 768]]),
            ("y", "Expand", ["ones", "t"]),
        ],
        "f32[N, 4, 768]",
    ),
    "expand with -1 replaced by ones": (
        X3,
        [
            SHAPE_OF_X,
            ("n", "Gather", ["s", [0]]),
            ("t", "Concat", ["n", [-1], [-1]], {"axis": 0}),
            ("ones", "ConstantOfShape", [[3]], {"value": ONE}),
            ("open", "Equal", ["t", [-1]]),
            ("target", "Where", ["open", "ones", "t"]),
            ("token", "ConstantOfShape", [[1, 1, 768]]),
            ("y", "Expand", ["token", "target"]),
        ],
        "f32[N, 1, 768]",
    ),
    "tile a batch": (
        X3,
        [
            ("n", "Shape", ["x"], {"end": 1}),
            ("r", "Concat", ["n", [1]], {"axis": 0}),
            ("row", "ConstantOfShape", [[1, 5]]),
            ("y", "Tile", ["row", "r"]),
        ],
        "f32[N, 5]",
    ),
    "pads from a pair list": (
        X4,
        [
            ("pairs", "Reshape", [[1, 2, 3, 4, 0, 0, 0, 0], [-1, 2]]),
            ("back", "Slice", ["pairs", [-1], [-END], [0], [-1]]),
            ("turned", "Transpose", ["back"], {"perm": [1, 0]}),
            ("pads", "Reshape", ["turned", [-1]]),
            ("y", "Pad", ["x", "pads"]),
        ],
        "f32[N, 3, H + 7, W + 3]",
    ),
    "pad to a multiple of 8": (
        X3,
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("rest", "Mod", ["l", [8]]),
            ("gap", "Sub", [[8], "rest"]),
            ("more", "Mod", ["gap", [8]]),
            ("pads", "Concat", [[0, 0, 0, 0], "more", [0]], {"axis": 0}),
            ("padded", "Pad", ["x", "pads"]),
            ("s", "Shape", ["padded"], {"start": 1, "end": 2}),
            ("y", "Mod", ["s", [8]]),
        ],
        [0],
    ),
    "one size replaced by scatter": (
        X3,
        [
            SHAPE_OF_X,
            ("t", "ScatterND", ["s", [[1]], [-1]]),
            ("t2", "ScatterElements", ["t", [2], [384]], {"axis": 0}),
            ("y", "Reshape", ["x", "t2"]),
        ],
        "f32[N, 2*L, 384]",
    ),
    "sizes picked by tuples and by elements": (
        X4,
        [
            SHAPE_OF_X,
            ("a", "GatherND", ["s", [[3], [0]]]),
            ("b", "GatherElements", ["s", [2]], {"axis": 0}),
            ("y", "Concat", ["a", "b"], {"axis": 0}),
        ],
        ["W", "N", "H"],
    ),
    "a size copied by Expand and Flatten": (
        X3,
        [
            ("n", "Shape", ["x"], {"end": 1}),
            ("e", "Expand", ["n", [2, 1]]),
            ("f", "Flatten", ["e"], {"axis": 0}),
            ("y", "Identity", ["f"]),
        ],
        ["N", "N"],
    ),
    "number of elements": (
        X4,
        [("n", "Size", ["x"]), ("n1", "Reshape", ["n", [1]]), ("y", "Reshape", ["x", "n1"])],
        "f32[3*H*N*W]",
    ),
    "one unknown size of a target is inferred": (
        {"x": "f32[N, L, 768]", "k": "i64[1]"},
        [
            ("n", "Shape", ["x"], {"end": 1}),
            ("t", "Concat", ["n", "k", [768]], {"axis": 0}),
            ("y", "Reshape", ["x", "t"]),
        ],
        "f32[N, L, 768]",
    ),
    "as many ones as sizes": (
        X3,
        [
            SHAPE_OF_X,
            ("rank", "Shape", ["s"]),
            ("y", "ConstantOfShape", ["rank"], {"value": ONE}),
        ],
        [1, 1, 1],
    ),
    "last token": (
        X3,
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("last", "Sub", ["l", [1]]),
            ("t", "Gather", ["x", "last"], {"axis": 1}),
            ("y", "Squeeze", ["t", [1]]),
        ],
        "f32[N, 768]",
    ),
    "an end that may be negative counts from the end": (
        {"x": "f32[L]"},
        [
            ("l", "Shape", ["x"]),
            ("end", "Sub", ["l", [3]]),
            ("y", "Slice", ["x", [0], "end", [0]]),
        ],
        "f32[max(0, min(L, L - 3 + L*min(1, max(0, 3 - L))))]",
    ),
    "all but the last": (
        X3,
        [
            ("l", "Shape", ["x"], {"start": 1, "end": 2}),
            ("end", "Sub", ["l", [1]]),
            ("y", "Slice", ["x", [0], "end", [1]]),
        ],
        "f32[N, L - 1, 768]",
    ),
    "every second, both phases": (
        {"x": "f32[N, 2*L, 768]"},
        [
            ("even", "Slice", ["x", [0], [END], [1], [2]]),
            ("odd", "Slice", ["x", [1], [END], [1], [2]]),
            ("y", "Concat", ["even", "odd"], {"axis": -1}),
        ],
        "f32[N, L, 1536]",
    ),
    "halves of a gate": (
        {"x": "f32[N, L, 2*D]"},
        [
            ("d", "Shape", ["x"], {"start": 2}),
            ("h", "Div", ["d", [2]]),
            ("y", "Slice", ["x", "h", [END], [2]]),
        ],
        "f32[N, L, D]",
    ),
    "depth from a size": (
        {"x": "i64[N, L]"},
        [
            ("l", "Shape", ["x"], {"start": 1}),
            ("y", "OneHot", ["x", "l", [0.0, 1.0]]),
        ],
        "f32[N, L, L]",
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chain(name: str) -> None:
    inputs, nodes, stated = CHAINS[name]
    graph = sw.Graph(opset=20)
    values = {key: graph.input(key, text) for key, text in inputs.items()}
    constants = 0
    for result, op, operands, *rest in nodes:
        attrs = rest[0] if rest else {}
        made = []
        for operand in operands:
            if isinstance(operand, str):
                made.append(values[operand])
            else:
                dtype = "f32" if has_float(operand) else "i64"
                made.append(graph.constant(f"c{constants}", operand, dtype))
                constants += 1
        outputs = rest[1] if len(rest) > 1 else 1
        results = graph.add(op, *made, name=result, outputs=outputs, **attrs)
        for i, value in enumerate(results if isinstance(results, tuple) else (results,)):
            values[f"{result}.{i}" if i else result] = value
    graph.output(values["y"])
    report = sw.check(graph)
    assert report.ok, report.findings
    assert not report.contract
    if isinstance(stated, str):
        wanted = sw.TensorType.parse(stated)
        assert report.values["y"] == wanted
    else:
        wanted_elements = [sw.Dim(d) if isinstance(d, str) else d for d in stated]
        assert list(report.elements("y") or ()) == wanted_elements


def has_float(operand: Any) -> bool:
    return isinstance(operand, float) or (
        isinstance(operand, list) and bool(operand) and has_float(operand[0])
    )
