"""Which nodes stop a model from taking another batch."""

from __future__ import annotations

import pytest

import shapewright as sw


def heads(batch: str, target: list[int], layers: int = 1) -> sw.Graph:
    g = sw.Graph()
    x = g.input("x", f"f32[{batch}, 12, 64]")
    for i in range(layers):
        x = g.add("Reshape", x, g.constant(f"s{i}", target), name=f"flat{i}")
        x = g.add("Reshape", x, g.constant(f"t{i}", [0, 12, 64]), name=f"split{i}")
    g.output(x)
    return g


def findings(report: sw.Report) -> list[tuple[str, str | None]]:
    return [(f.code, f.node) for f in report.findings]


def test_every_reshape_that_states_the_batch_is_named() -> None:
    report = sw.check(heads("N", [1, 768], layers=3))
    assert [c.text for c in report.contract] == ["N == 1"]
    (finding,) = report.findings
    assert (finding.code, finding.node, finding.severity) == ("batch-fixed", "flat0", "warning")
    assert finding.facts["nodes"] == "flat0, flat1, flat2"
    assert finding.hint is not None
    assert "[0, 768]" in finding.hint


@pytest.mark.parametrize("target", [[0, 768], [-1, 768]])
def test_the_repair_repairs(target: list[int]) -> None:
    report = sw.check(heads("N", target))
    assert report.findings == ()
    assert report.contract == ()


def test_a_batch_that_is_folded_into_another_axis() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, L, 768]")
    g.output(g.add("Reshape", x, g.constant("s", [1, -1, 12, 64]), name="heads"))
    assert findings(sw.check(g)) == [("batch-folded", "heads")]


def test_a_token_that_is_not_expanded() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 196, 8]")
    g.output(g.add("Concat", g.param("cls", "f32[1, 1, 8]"), x, axis=1, name="join"))
    (finding,) = sw.check(g).findings
    assert finding.code == "batch-fixed"
    assert finding.hint == "expand 'cls' to the batch before it is joined"


def test_a_model_of_a_fixed_batch_is_asked_for_others() -> None:
    fixed = heads("1", [1, 768])
    assert sw.check(fixed).findings == ()
    assert findings(sw.check(fixed, batch="N")) == [("batch-fixed", "flat0")]
    free = sw.check(heads("1", [0, 768]), batch="N")
    assert free.findings == ()
    assert [str(v.shape[0]) for v in [free.values["split0"]] if v.shape] == ["N"]
    assert free.at(N=5).shape("split0") == (5, 12, 64)


def test_only_inputs_of_the_size_of_the_first_take_it() -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[2, 4]"), name="a"))
    g.output(g.add("Relu", g.input("z", "f32[7, 4]"), name="b"))
    report = sw.check(g, batch="N")
    assert [str(report.values[name]) for name in "ab"] == ["f32[N, 4]", "f32[7, 4]"]


def test_a_name_that_is_no_symbol() -> None:
    with pytest.raises(sw.ShapewrightError, match="name of a symbol"):
        sw.check(heads("1", [0, 768]), batch="2")


def test_a_batch_in_a_constant_is_followed_to_it() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 128, 8]")
    mask = g.add(
        "Expand", g.param("m", "f32[1, 128, 8]"), g.constant("s", [4, 128, 8]), name="grow"
    )
    g.output(g.add("Add", x, mask, name="join"))
    (finding,) = sw.check(g).findings
    assert finding.message.endswith("the model needs N in {1, 4}")
    assert finding.facts["why"] == "4 is an element of initializer 's'"


def test_a_batch_that_is_fixed_is_where_the_report_is_shown() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4]")
    g.output(g.add("MatMul", g.param("w", "f32[3, 64]"), x))
    assert "with N=64" in str(sw.check(g))
