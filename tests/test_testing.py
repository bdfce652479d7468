"""The language of operator rows."""

from __future__ import annotations

import pytest

from shapewright.testing import case, const, graph_of, run_op


def test_const_keeps_shape_and_order() -> None:
    assert const(3).shape == ()
    assert const([]).shape == (0,)
    assert const([[1, 2], [3, 4], [5, 6]]).shape == (3, 2)
    assert const([[1, 2], [3, 4]]).values == (1, 2, 3, 4)
    assert const(1.5, "f32").dtype == "f32"


def test_a_row_states_a_result_or_an_error() -> None:
    with pytest.raises(ValueError, match="either"):
        case("Relu", ["f32[3]"])
    with pytest.raises(ValueError, match="either"):
        case("Relu", ["f32[3]"], out=["f32[3]"], error="rank-mismatch")


def test_run_op() -> None:
    row = case("Reshape", ["f32[N, 4, 6]", const([0, -1])], out=["f32[N, 24]"])
    assert str(run_op(row).types[0]) == "f32[N, 24]"
    assert str(run_op(row, N=5).types[0]) == "f32[5, 24]"
    assert run_op(row).error is None


def test_elements_and_contract() -> None:
    shape = run_op(case("Shape", ["f32[N, 3]"], out=["i64[2]"]))
    assert [str(e) for e in shape.elements[0] or ()] == ["N", "3"]
    add = run_op(case("Add", ["f32[N]", "f32[M]"], out=["f32[broadcast(M, N)]"]))
    assert len(add.contract) == 1


def test_omitted_operands_and_several_outputs() -> None:
    row = case("Clip", ["f32[N]", None, const(1.0, "f32")], out=["f32[N]"])
    assert graph_of(row).nodes[0].inputs == ("x0", None, "x2")
    split = case("Split", ["f32[6]"], axis=0, num_outputs=2, out=["f32[3]", "f32[3]"])
    assert [str(t) for t in run_op(split).types] == ["f32[3]", "f32[3]"]


def test_other_domains_have_their_own_version() -> None:
    row = case("FusedMatMul", ["f32[2]"], domain="com.microsoft", out=["f32[2]"])
    assert row.opsets == {"": 20, "com.microsoft": 1}
