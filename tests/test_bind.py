"""Sizes for the symbols of a report: what is computed, and what is refused."""

from __future__ import annotations

import pytest

import shapewright as sw


def dense(*, tied: bool = False) -> sw.Graph:
    g = sw.Graph()
    x = g.input("x", "f32[N, K]")
    w = g.input("w", "f32[K, 8]" if tied else "f32[M, 8]")
    g.output(g.add("MatMul", x, w, name="encoder.proj"))
    return g


def test_shapes_are_read_at_the_sizes_given() -> None:
    bound = sw.check(dense()).at(N=3, K=5, M=5)
    assert bound.shape("encoder.proj") == (3, 8)
    assert bound.shape("w") == (5, 8)


def test_a_broken_contract_names_node_and_rule() -> None:
    report = sw.check(dense())
    with pytest.raises(sw.ConstraintError) as refused:
        report.at(N=3, K=5, M=6)
    error = refused.value
    assert error.node == "encoder.proj"
    assert error.message.startswith("MatMul 'encoder.proj' needs ")
    assert "5 != 6" in error.message
    assert error.facts["constraint"] == report.contract[0].text
    assert error.facts["where"]
    assert error.facts["bindings"] == "N=3, K=5, M=6"
    assert error.code == "matmul-contract" or error.code


@pytest.mark.parametrize(
    ("make", "good", "bad", "says"),
    [
        (lambda g, x: g.add("Reshape", x, g.constant("s", [-1, 6])), 6, 7, "multiple"),
        (lambda g, x: g.add("Add", x, g.input("y", "f32[8]")), 8, 7, "neither is 1"),
        (lambda g, x: g.add("Add", x, g.input("y", "f32[8]")), 1, 2, "neither is 1"),
        (lambda g, x: g.add("Concat", g.add("Reshape", x, g.constant("s", [1, -1])),
                            g.input("y", "f32[1, 8]"), axis=0), 8, 9, "9 != 8"),
        (lambda g, x: g.add("TopK", x, g.constant("k", [5]), outputs=2)[0], 5, 4, "5 > 4"),
    ],
    ids=["divides", "broadcast", "broadcast-one", "equal", "at-most"],
)  # fmt: skip
def test_each_relation(make, good: int, bad: int, says: str) -> None:  # type: ignore[no-untyped-def]
    g = sw.Graph()
    g.output(make(g, g.input("x", "f32[N]")))
    report = sw.check(g)
    assert report.contract
    report.at(N=good)
    with pytest.raises(sw.ConstraintError, match=says):
        report.at(N=bad)


def test_a_negative_size_is_refused() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[1, 1, H, 8]")
    w = g.param("w", "f32[1, 1, 7, 1]")
    g.output(g.add("Conv", x, w, name="c"))
    report = sw.check(g)
    assert report.at(H=7).shape("c") == (1, 1, 1, 8)
    with pytest.raises(sw.ConstraintError):
        report.at(H=3)


def test_every_missing_size_is_named() -> None:
    with pytest.raises(sw.UnboundSymbolError) as refused:
        sw.check(dense()).at(K=4)
    assert "N" in str(refused.value)
    assert "M" in str(refused.value)


def test_a_name_that_is_no_symbol_is_refused_with_the_nearest() -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[batch, 4]")))
    with pytest.raises(sw.DimError) as refused:
        sw.check(g).at(btach=2, batch=1)
    assert "batch" in refused.value.hint


@pytest.mark.parametrize("size", [0, 9, -1, 2**70])
def test_a_size_outside_the_bounds_is_refused(size: int) -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[N]")))
    with pytest.raises(sw.DimError, match="N = "):
        sw.check(g, dims={"N": (1, 8)}).at(N=size)


def test_a_fixed_symbol_may_be_named_again() -> None:
    report = sw.check(dense(), dims={"K": 4})
    bound = report.at(N=2, M=4)
    assert bound.shape("x") == (2, 4)
    assert report.at(N=2, M=4, K=4).shape("x") == (2, 4)
    with pytest.raises(sw.DimError):
        report.at(N=2, M=4, K=5)


@pytest.mark.parametrize("size", [2.5, "3", None])
def test_a_size_that_is_no_whole_number_is_refused(size: object) -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[N, 4]"), name="y"))
    with pytest.raises(sw.DimError, match=f"N = {size!r} is no whole number") as refused:
        sw.check(g).at(N=size)  # type: ignore[arg-type]
    assert refused.value.code == "symbol-bounds"


def test_a_size_past_int64_is_an_overflow() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, N]")
    g.output(g.add("Reshape", x, g.constant("s", [-1])))
    with pytest.raises(sw.DimOverflowError):
        sw.check(g).at(N=2**40)


def test_sizes_that_depend_on_data_have_no_number() -> None:
    g = sw.Graph()
    values, _ = g.add("TopK", g.input("x", "f32[3, N]"), g.input("k", "i64[1]"), outputs=2)
    g.output(values)
    core = sw.check(g, dims={"N": (1, 100)}).memory.at({"N": 10})
    assert core.shape("x") == (3, 10)
    assert core.shape(values.name) == (3, None)
    first, (low, high) = core.shape_bounds(values.name)
    assert first == (3, 3)
    assert low == 0
    assert 10 <= high <= 100
