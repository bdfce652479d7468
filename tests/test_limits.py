"""The limits of docs/limits.md: what is hostile costs little, and what is refused is named."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="comes with the test extra")

import shapewright as sw
from hostile_models import BOMBS, FLOODS, X, fill
from onnx_models import field
from onnx_wire import F32, constant, model, node, typed

MIB = 1 << 20
# 10 MB is what docs/limits.md speaks of; the smaller file is held to the same time.
FLOOD_BYTES = int(os.environ.get("SHAPEWRIGHT_FLOOD_MB", "3")) * 1_000_000
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """Processor time and the memory that was added at its peak; 0 bytes where no one can tell."""

    answer: sw.Report | sw.ShapewrightError
    seconds: float
    peak_bytes: int


def resident_bytes(what: str) -> int:
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024


def measured(data: bytes) -> Cost:
    sw.check(model([node("Relu", ["x"], ["y"])], [X]))
    is_linux = sys.platform == "linux"
    if is_linux:
        Path("/proc/self/clear_refs").write_text("5")  # the peak is from here on
        before = resident_bytes("VmRSS")
    start = time.process_time()
    answer: Any
    try:
        answer = sw.check(data)
    except sw.ShapewrightError as error:
        answer = error
    seconds = time.process_time() - start
    peak = resident_bytes("VmHWM") - before if is_linux else 0
    return Cost(answer, seconds, peak)


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_costs_little(name: str) -> None:
    cost = measured(BOMBS[name]())
    assert cost.seconds < 0.1
    assert cost.peak_bytes < 50 * MIB


@pytest.mark.parametrize("name", FLOODS)
def test_flood_costs_little(name: str) -> None:
    data = FLOODS[name](FLOOD_BYTES)
    assert len(data) > 0.8 * FLOOD_BYTES or name == "long names"
    cost = measured(data)
    assert cost.seconds < 2
    assert cost.peak_bytes < 200 * MIB + 4 * len(data)


def refused(data: bytes) -> sw.LimitExceeded:
    with pytest.raises(sw.LimitExceeded) as caught:
        sw.check(data)
    return caught.value


@pytest.mark.parametrize(
    ("make", "code", "limit", "is_at_a_node"),
    [
        (lambda: BOMBS["Loops nested 40 deep"](), "limit-exceeded", "node visits", True),
        (lambda: BOMBS["calls that double 13 times"](), "expansion-limit", None, False),
        (lambda: FLOODS["reshapes"](3_000_000), "limit-exceeded", "16384 constraints", True),
        (lambda: FLOODS["branches"](30_000_000), "limit-exceeded", "131072 symbols", True),
        (lambda: FLOODS["one wide Concat"](300_000), "graph-size", None, False),
        (lambda: FLOODS["one wide Split"](700_000), "graph-size", None, False),
        (lambda: FLOODS["a long list"](1000), "limit-exceeded", "rank 64", True),
    ],
    ids=["visits", "expansion", "constraints", "symbols", "inputs", "outputs", "rank"],
)
def test_refusal_is_named(
    make: Callable[[], bytes], code: str, limit: str | None, is_at_a_node: bool
) -> None:
    error = refused(make())
    assert error.code == code
    if limit is not None:
        assert error.facts["limit"].endswith(limit)
    if is_at_a_node:
        assert error.node


def test_errors_end_the_search() -> None:
    report = sw.check(FLOODS["a finding a node"](200_000))
    *listed, last = report.findings
    assert [f.code for f in listed] == ["matmul-contract"] * 1024
    assert (last.code, last.severity) == ("faults-unlisted", "error")


def test_warnings_are_listed_up_to_a_limit() -> None:
    parts = (node("Relu", ["x"], [f"v{i}"]) + field(13, typed(f"v{i}", F32, [7])) for i in count())
    report = sw.check(model(fill(100_000, parts), [typed("x", F32, [3])], ["v0"]))
    assert report.ok
    *listed, last = report.findings
    assert [f.code for f in listed] == ["declared-mismatch"] * 1024
    assert (last.code, last.severity) == ("faults-unlisted", "warning")


def test_unknown_operators_are_told_up_to_a_limit() -> None:
    report = sw.check(FLOODS["unknown operators"](50_000))
    told = [f.message for f in report.findings if f.code == "op-unknown"]
    assert len(told) == 257
    assert told[-1].endswith("more operators have no rule")


def test_elements_are_known_up_to_a_limit() -> None:
    nodes = [node("Add", [f"v{i}", "one"], [f"v{i + 1}"]) for i in range(5000)]
    data = b"".join(i.to_bytes(8, "little") for i in range(1024))
    rest = constant("v0", 7, [1024], data) + constant("one", 7, [1], (1).to_bytes(8, "little"))
    report = sw.check(model(nodes, [X], ["v5000"], rest))
    assert report.elements("v1") == tuple(range(1, 1025))
    assert report.elements("v5000") is None
    assert report.values["v5000"] == sw.TensorType("i64", (1024,))


def test_sizes_past_the_work_limit_evaluate_exactly() -> None:
    """A chain of sums far past the limit: shorter in words, the same in numbers."""
    report = sw.check(BOMBS["more nested floors and maxima"]())
    size = report.values["y"].shape
    assert size is not None
    n, m = 2, 3
    for _ in range(2):
        n, m = max((n * m + n) // 3, m), max((m * n + m) // 3, n)
    first = report.elements("s2")
    assert first is not None
    assert [d.bind(N=2, M=3) for d in first] == [n, m]
    assert any("_w" in str(d) for d in size)


def test_deep_graphs_are_refused() -> None:
    x = typed("x", F32, [2])
    nodes = node("Relu", ["x"], ["y"])
    assert sw.check(model([nodes], [x])).ok
    from hostile_models import nested_if

    assert refused(nested_if(70)).code == "block-depth"
