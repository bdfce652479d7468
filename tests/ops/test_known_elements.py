"""Sizes and elements that inference computes from constants, on random ones, against real runs.

Each model has one node whose operands are all constants. What inference knows of a result must be
what ONNX Runtime gives; how often it knows all is stated too, so that a fold that gives up shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import shapewright as sw

np = pytest.importorskip("numpy")
onnx = pytest.importorskip("onnx", reason="comes with the test extra")
ort = pytest.importorskip("onnxruntime", reason="comes with the test extra")

ROUNDS = 60
Call = tuple[str, list[Any], dict[str, Any], int]  # operator, operands, attributes, outputs
WORDS = ("a", "b", "B", "ab", "a b", " a", "b  a ", "x-y", "--", "-a-", "x-y-z", "Monday")


def unique(rng: Any) -> Call:
    shape = tuple(rng.integers(1, 4, rng.integers(1, 4)))
    kind = rng.choice(["int64", "float32", "object"])
    x = rng.integers(-1, 3, shape)
    x = np.array(WORDS, dtype=object)[x + 1] if kind == "object" else x.astype(kind)
    axis = {} if rng.random() < 0.4 else {"axis": int(rng.integers(-len(shape), len(shape)))}
    if kind == "object":
        axis = {}
    return "Unique", [x], {"sorted": int(rng.integers(0, 2)), **axis}, 4


def compress(rng: Any) -> Call:
    shape = tuple(rng.integers(1, 5, rng.integers(1, 4)))
    axis = {} if rng.random() < 0.4 else {"axis": int(rng.integers(-len(shape), len(shape)))}
    size = shape[axis["axis"]] if axis else int(np.prod(shape))
    condition = rng.random(rng.integers(1, size + 1)) < 0.5
    return "Compress", [rng.integers(0, 9, shape), condition], axis, 1


def suppression(rng: Any) -> Call:
    batches, classes, count = (int(n) for n in rng.integers(1, (3, 3, 7)))
    boxes = rng.random((batches, count, 4)).round(1).astype(np.float32)
    scores = rng.random((batches, classes, count)).round(1).astype(np.float32)
    operands: list[Any] = [boxes, scores, np.array([rng.integers(0, 5)])]
    operands += [np.array([rng.random()], np.float32) for _ in range(rng.integers(0, 3))]
    return "NonMaxSuppression", operands, {"center_point_box": int(rng.integers(0, 2))}, 1


def string_split(rng: Any) -> Call:
    x = np.array(WORDS, dtype=object)[rng.integers(0, len(WORDS), tuple(rng.integers(1, 4, 2)))]
    attrs: dict[str, Any] = {} if rng.random() < 0.3 else {"delimiter": str(rng.choice(["-", ""]))}
    return (
        "StringSplit",
        [x],
        attrs | ({"maxsplit": int(rng.integers(0, 3))} if x.size % 2 else {}),
        2,
    )


def string_normalizer(rng: Any) -> Call:
    x = np.array(WORDS, dtype=object)[rng.integers(0, len(WORDS), rng.integers(1, 6))]
    stop = [WORDS[i] for i in rng.integers(0, len(WORDS), rng.integers(1, 5))]
    attrs = {"stopwords": stop, "is_case_sensitive": int(rng.integers(0, 2)), "locale": "C"}
    if not attrs["is_case_sensitive"]:
        attrs["locale"] = "en_US.UTF-8"
    return "StringNormalizer", [x], attrs, 1


# With the least share of runs in which every size is known.
OPERATORS: list[tuple[Callable[[Any], Call], float]] = [
    (unique, 1.0),
    (compress, 1.0),
    (suppression, 0.8),
    (string_split, 1.0),
    (string_normalizer, 1.0),
]


def model(call: Call) -> Any:
    op, operands, attrs, outputs = call
    names, results = [f"x{i}" for i in range(len(operands))], [f"y{i}" for i in range(outputs)]
    constants = [
        onnx.numpy_helper.from_array(x, name) for name, x in zip(names, operands, strict=True)
    ]
    node = onnx.helper.make_node(op, names, results, **attrs)
    ends = [onnx.ValueInfoProto(name=name) for name in results]
    graph = onnx.helper.make_graph([node], "g", [], ends, constants)
    opsets = [onnx.helper.make_opsetid("", 20)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.oracle
@pytest.mark.parametrize(("make", "share"), OPERATORS, ids=lambda p: getattr(p, "__name__", ""))
def test_what_is_known_is_what_a_run_gives(make: Callable[[Any], Call], share: float) -> None:
    known = 0
    options = ort.SessionOptions()
    options.log_severity_level = 4
    for seed in range(ROUNDS):
        call = make(np.random.default_rng(seed))
        proto = model(call)
        report = sw.check(proto)
        assert report.ok, (call, report.findings)
        try:
            session = ort.InferenceSession(
                proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            real = session.run(None, {})
        except Exception as error:
            if "locale" in str(error):
                pytest.skip(f"a locale that is not installed: {error}")
            raise
        is_known = True
        for i, array in enumerate(real):
            claimed = report.values[f"y{i}"].shape
            assert claimed is not None
            assert len(claimed) == array.ndim
            for dim, size in zip(claimed, array.shape, strict=True):
                is_known = is_known and isinstance(dim, int)
                assert not isinstance(dim, int) or dim == size, (
                    call,
                    report.values[f"y{i}"],
                    array,
                )
            elements = report.elements(f"y{i}")
            if elements is not None:
                flat = array.ravel().tolist()
                assert all(a in (None, b) for a, b in zip(elements, flat, strict=True)), call
        known += is_known
    assert known >= share * ROUNDS
