"""Every value of real networks, at every recorded binding, against what ONNX Runtime produced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw

ROOT = Path(__file__).parent.parent
ZOO = ROOT.parent / "shared" / "data" / "zoo"
SHIPPED = [
    (ROOT / "examples" / f"{path.stem.removesuffix('.shapes')}.onnx", path)
    for path in sorted((ROOT / "tests" / "data").glob("*.shapes.json"))
]
RECORDED = SHIPPED + [
    (path, path.with_suffix(".shapes.json")) for path in sorted(ZOO.glob("*.onnx"))
]

Network = tuple[sw.Report, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=RECORDED, ids=lambda pair: pair[0].stem)
def network(request: pytest.FixtureRequest) -> Network:
    model, truth = request.param
    return sw.check(model), json.loads(truth.read_text())["cases"]


def test_shipped_networks_have_a_recorded_truth() -> None:
    assert {model.stem for model, _ in SHIPPED} == {
        path.stem for path in (ROOT / "examples").glob("*.onnx")
    }


def test_every_shape_equals_the_recorded_truth(network: Network) -> None:
    report, cases = network
    assert report.ok, report.findings
    for case in cases:
        bound = report.at(**case["bind"])
        wrong = {
            name: (bound.shape(name), shape)
            for name, shape in case["shapes"].items()
            if bound.shape(name) != tuple(shape)
        }
        assert not wrong


def test_nothing_is_unknown(network: Network) -> None:
    report, _ = network
    coverage = report.coverage
    assert coverage.unknown == coverage.rank_only == 0
    assert coverage.static + coverage.symbolic > 0


@pytest.mark.skipif(not ZOO.exists(), reason="the recorded zoo is not beside this checkout")
def test_a_baked_in_batch_is_refused_by_name() -> None:
    report = sw.check(ZOO / "qwen2_05b.onnx")
    batch, length = "s72", "s70"
    report.at(**{batch: 1, length: 64})
    with pytest.raises(sw.ConstraintError) as refused:
        report.at(**{batch: 3, length: 64})
    # Four products of one layer refuse too; ONNX Runtime happens to reach the last one first.
    assert refused.value.node == "node_add_474"
    assert "node_mul_200" in refused.value.facts["nodes"].split(", ")
    # The batch is baked in where a constant shape folds it into the sequence.
    assert "set by node" in refused.value.facts["why"]
    folded = {f.node for f in report.findings if f.code == "batch-folded"}
    assert {"node_Reshape_4493", "node_Reshape_4513"} <= folded
