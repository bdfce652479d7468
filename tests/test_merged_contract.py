"""Several demands on one symbol, told as one: a size meets it just where each node takes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import shapewright as sw

SIZES = range(1, 50)


def blocks(*sizes: int) -> sw.Graph:
    """SpaceToDepth of several block sizes."""
    g = sw.Graph()
    for i, size in enumerate(sizes):
        x = g.input(f"x{i}", "f32[1, 3, H, 720720]")
        g.output(g.add("SpaceToDepth", x, blocksize=size, name=f"s{i}"))
    return g


def rows(*sizes: int) -> sw.Graph:
    """A sum with tables of so many rows."""
    g = sw.Graph()
    x = g.input("x", "f32[H, 4]")
    for i, size in enumerate(sizes):
        g.output(g.add("Add", x, g.param(f"p{i}", f"f32[{size}, 4]"), name=f"a{i}"))
    return g


def pyramid(depth: int, *, join: str = "Add", least: int = 1) -> sw.Graph:
    """Ways down by stride 2 and up again, joined."""
    g = sw.Graph()
    x = g.input("x", "f32[1, 4, H, 8]")
    if least > 1:
        weight = g.param("first", f"f32[4, 4, {least}, 1]")
        g.output(g.add("Conv", x, weight, name="wide"))
    skips = []
    for i in range(depth):
        skips.append(x)
        weight = g.param(f"w{i}", "f32[4, 4, 3, 1]")
        x = g.add("Conv", x, weight, strides=[2, 1], pads=[1, 0, 1, 0], name=f"down{i}")
    for i, skip in reversed(list(enumerate(skips))):
        scales = g.constant(f"r{i}", [1.0, 1.0, 2.0, 1.0], "f32")
        x = g.add("Resize", x, None, scales, mode="nearest", name=f"up{i}")
        if join == "Add":
            x = g.add("Add", x, skip, name=f"join{i}")
        else:
            joined = g.add("Concat", x, skip, axis=1, name=f"join{i}")
            x = g.add("Conv", joined, g.param(f"m{i}", "f32[4, 8, 1, 1]"), name=f"mix{i}")
    g.output(x)
    return g


ROWS: list[tuple[Callable[[], sw.Graph], list[str]]] = [
    (lambda: blocks(4, 6), ["H % 12 == 0"]),
    (lambda: blocks(2, 8, 4), ["H % 8 == 0"]),
    (lambda: rows(8), ["H in {1, 8}"]),
    (lambda: rows(8, 4), ["H == 1"]),
    (lambda: pyramid(3, join="Concat"), ["H % 8 == 0"]),
    (lambda: pyramid(3), ["H % 8 == 0 or H == 1"]),
    (lambda: pyramid(2, join="Concat", least=9), ["H % 4 == 0", "12 <= H"]),
]


@pytest.mark.parametrize(("graph", "contract"), ROWS)
def test_the_contract_is_told_once_and_holds(
    graph: Callable[[], sw.Graph], contract: list[str]
) -> None:
    report = sw.check(graph())
    assert [c.text for c in report.contract] == contract
    for size in SIZES:
        assert is_met(report, size) == sw.check(graph(), dims={"H": size}).ok, size


def is_met(report: sw.Report, size: int) -> bool:
    try:
        report.at(H=size)
    except sw.ConstraintError:
        return False
    return True


def test_bounds_of_the_symbol_count() -> None:
    assert sw.check(rows(8), dims={"H": (2, None)}).contract[0].text == "H == 8"
    assert sw.check(pyramid(3), dims={"H": (2, None)}).contract[0].text == "H % 8 == 0"


def test_the_node_that_demands_most_is_named() -> None:
    (constraint,) = sw.check(blocks(2, 8, 4)).contract
    assert constraint.node == "s1"


def test_equal_symbols_share_what_is_demanded_of_either() -> None:
    g = sw.Graph()
    x, z = g.input("x", "f32[1, 4, A, 2]"), g.input("z", "f32[1, 4, B, 2]")
    g.output(g.add("Concat", x, z, axis=1, name="join"))
    g.output(g.add("SpaceToDepth", z, blocksize=2, name="s"))
    assert [c.text for c in sw.check(g).contract] == ["A == B", "A % 2 == 0"]


def test_sizes_that_nothing_meets_are_a_finding() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[1, 4, H, 12]")
    g.output(g.add("SpaceToDepth", x, blocksize=4, name="four"))
    g.output(g.add("Concat", x, g.param("p", "f32[1, 4, 6, 12]"), axis=1, name="six"))
    report = sw.check(g)
    assert not report.ok
    assert [f.code for f in report.findings] == ["contract-contradiction"]


def test_two_sizes_are_demanded_equal_once() -> None:
    g = sw.Graph()
    x, y = g.input("x", "f32[2*A, 4]"), g.input("y", "f32[3*B, 4]")
    g.output(g.add("Concat", x, y, axis=1, name="one"))
    g.output(g.add("Concat", y, x, axis=1, name="other"))
    assert [c.text for c in sw.check(g).contract] == ["2*A == 3*B"]
