"""The light networks of the onnx wheel, batch made symbolic, against real runs of ONNX Runtime.

The batch of 1 is baked into some: there the runtime and our contract must refuse the same node.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw

onnx = pytest.importorskip("onnx", reason="comes with the test extra")
ort = pytest.importorskip("onnxruntime", reason="comes with the test extra")
np = pytest.importorskip("numpy")

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("light_*.onnx"))


def with_symbolic_batch(path: Path) -> tuple[Any, str, list[int]]:
    """The model with axis 0 of its input named N, every value an output."""
    model = onnx.load(path)
    graph = model.graph
    initializers = {tensor.name for tensor in graph.initializer}
    (entry,) = [value for value in graph.input if value.name not in initializers]
    entry.type.tensor_type.shape.dim[0].dim_param = "N"
    for value in graph.output:
        value.type.tensor_type.shape.dim[0].Clear()
    del graph.value_info[:]
    shown = {value.name for value in graph.output}
    for node in graph.node:
        for name in node.output:
            if name and name not in shown:
                graph.output.append(onnx.ValueInfoProto(name=name))
    shape = [dim.dim_value for dim in entry.type.tensor_type.shape.dim]
    return model, entry.name, shape[1:]


Shapes = dict[str, tuple[int, ...]]


def run(model: Any, entry: str, shape: list[int]) -> tuple[Shapes | None, str | None]:
    """Shapes of all values by name, or the name of the node the runtime stopped at."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    try:
        values = session.run(None, {entry: np.zeros(shape, np.float32)})
    except Exception as error:
        # "Non-zero status code returned while running Reshape node. Name:'...' Status Message: ..."
        named = re.search(r"Name:'([^']*)'", str(error))
        return None, named.group(1) if named else str(error)
    outputs = [output.name for output in session.get_outputs()]
    return {name: value.shape for name, value in zip(outputs, values, strict=True)}, None


def test_all_nine_are_there() -> None:
    assert len(LIGHT) == 9


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_light_network_agrees_with_the_runtime(path: Path) -> None:
    model, entry, image = with_symbolic_batch(path)
    # The runtime names the node it stops at; nodes of these files have no names of their own.
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{index}"
    report = sw.check(model)
    assert report.ok, report.findings
    assert report.coverage.unknown == report.coverage.rank_only == 0
    for batch in (1, 5):
        shapes, stopped_at = run(model, entry, [batch, *image])
        if shapes is not None:
            bound = report.at(N=batch)
            assert {name: bound.shape(name) for name in shapes} == shapes
        else:
            with pytest.raises(sw.ConstraintError) as refused:
                report.at(N=batch)
            assert refused.value.node == stopped_at
