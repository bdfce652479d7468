"""What a model demands of its open sizes, in normal form: a size keeps it just where it fits."""

from __future__ import annotations

import random
from typing import Any

import pytest

import shapewright as sw

SIZES = range(1, 65)


def u_net(rng: random.Random, size: str | int) -> sw.Graph:
    """Ways down and up again, each way up joined to what came down."""
    g = sw.Graph()
    x = g.input("x", f"f32[N, 4, {size}, 8]")
    skips = []
    for _ in range(rng.randint(1, 3)):
        skips.append(x)
        kernel, pad = rng.choice([(2, 0), (3, 1), (3, 0), (4, 1), (1, 0)])
        how: dict[str, Any] = {
            "kernel_shape": [kernel, 1],
            "strides": [rng.choice([1, 2, 2, 4]), 1],
            "pads": [pad, 0, pad, 0],
        }
        if rng.random() < 0.5:
            x = g.add("MaxPool", x, **how)
        else:
            x = g.add("Conv", x, g.param(f"w{len(skips)}", f"f32[4, 4, {kernel}, 1]"), **how)
    for i, skip in enumerate(reversed(skips)):
        stride = rng.choice([1, 2, 2, 4])
        if stride > 1:
            weight = g.param(f"u{i}", f"f32[4, 4, {stride}, 1]")
            x = g.add("ConvTranspose", x, weight, kernel_shape=[stride, 1], strides=[stride, 1])
        joined = g.add("Concat", skip, x, axis=1)
        x = g.add("Conv", joined, g.param(f"m{i}", "f32[4, 8, 1, 1]"), kernel_shape=[1, 1])
    g.output(x)
    return g


def fits(report: sw.Report, size: int) -> bool:
    try:
        report.at(N=1, H=size).shape(report.graph.outputs[0].name)
    except sw.ConstraintError:
        return False
    return True


@pytest.mark.parametrize("seed", range(120))
def test_the_contract_holds_just_where_the_sizes_fit(seed: int) -> None:
    report = sw.check(u_net(random.Random(seed), "H"))
    concrete = [sw.check(u_net(random.Random(seed), size)).ok for size in SIZES]
    if not report.ok:
        assert not any(concrete)
        return
    assert [fits(report, size) for size in SIZES] == concrete


DEEP = [
    # (kernel, stride, pad) on the way down, the contract
    ([(2, 2, 0)], ["H % 2 == 0"]),
    ([(2, 2, 0)] * 3, ["H % 8 == 0"]),
    ([(3, 2, 1)] * 3, ["H % 8 == 0"]),
    ([(4, 4, 0), (2, 2, 0)], ["H % 8 == 0"]),
]


@pytest.mark.parametrize(("ways", "contract"), DEEP)
def test_divisors_are_told_of_the_input(
    ways: list[tuple[int, int, int]], contract: list[str]
) -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4, H, 8]")
    skips = []
    for i, (kernel, stride, pad) in enumerate(ways):
        skips.append((x, stride))
        weight = g.param(f"w{i}", f"f32[4, 4, {kernel}, 1]")
        x = g.add("Conv", x, weight, strides=[stride, 1], pads=[pad, 0, pad, 0])
    for i, (skip, stride) in enumerate(reversed(skips)):
        weight = g.param(f"u{i}", f"f32[4, 4, {stride}, 1]")
        x = g.add("ConvTranspose", x, weight, strides=[stride, 1])
        x = g.add("Concat", skip, x, axis=1)
        x = g.add("Conv", x, g.param(f"m{i}", "f32[4, 8, 1, 1]"))
    g.output(x)
    report = sw.check(g)
    assert [str(c) for c in report.contract] == contract
    assert report.ok


def test_a_report_is_shown_at_the_least_sizes_that_fit() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4, H, 8]")
    y = g.add("MaxPool", x, kernel_shape=[4, 1], strides=[4, 1])
    y = g.add("ConvTranspose", y, g.param("w", "f32[4, 4, 4, 1]"), strides=[4, 1])
    g.output(g.add("Add", x, y))
    report = sw.check(g)
    assert [c.text for c in report.contract] == ["H % 4 == 0"]
    assert "with N=1, H=4" in str(report)


@pytest.mark.parametrize(
    ("target", "shape", "contract"),
    [
        (["h", "rest"], "[W//2, 6]", []),  # at W = 1 the copied axis is the same 0
        (["rest", "h"], "[6, W//2]", ["2 <= W"]),  # [-1, 0] copies the axis of 6
    ],
)
def test_no_computed_size_of_a_reshape_is_read_as_a_copy(
    target: list[str], shape: str, contract: list[str]
) -> None:
    g = sw.Graph()
    x = g.input("x", "f32[W]")
    parts = {"rest": g.constant("rest", [-1])}
    parts["h"] = g.add("Div", g.add("Shape", x), g.constant("two", [2]))
    sizes = g.add("Concat", parts["h"], g.constant("six", [6]), axis=0)
    data = g.add("ConstantOfShape", sizes)
    g.output(g.add("Reshape", data, g.add("Concat", *(parts[t] for t in target), axis=0), name="y"))
    report = sw.check(g)
    assert report.values["y"] == sw.TensorType.parse(f"f32{shape}")
    assert [c.text for c in report.contract] == contract


def test_equal_sizes_are_named_alike() -> None:
    g = sw.Graph()
    values = [g.input(f"x{i}", f"f32[A{i}, A{i + 1}]") for i in range(6)]
    for left, right in zip(values, values[::-1], strict=True):
        g.output(g.add("MatMul", left, right))
    assert [c.text for c in sw.check(g).contract] == ["A1 == A5", "A2 == A4", "A6 == A0"]
