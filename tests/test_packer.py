"""Offset plans: valid, never below the bound, optimal where all plans were tried."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

import shapewright as sw
from cut_rectangles import instance
from shapewright import _core

Intervals = list[tuple[int, int, int]]


def draw(rng: random.Random, count: int, *, times: int, sizes: int) -> Intervals:
    out = []
    for _ in range(count):
        begin = rng.randrange(times)
        out.append((begin, rng.randint(begin, times), rng.randrange(sizes)))
    return out


def least_height(intervals: Intervals) -> int:
    """Every order, each item at the lowest place that is free: one of them is optimal."""
    best = sum(size for *_, size in intervals)
    for order in permutations(intervals):
        placed: list[tuple[int, int, int, int]] = []
        for begin, end, size in order:
            if begin == end or size == 0:
                continue
            over = sorted((o, o + s) for b, e, s, o in placed if b < end and begin < e)
            offset = 0
            for low, high in over:
                if offset + size <= low:
                    break
                offset = max(offset, high)
            placed.append((begin, end, size, offset))
        best = min(best, max((o + s for *_, s, o in placed), default=0))
    return best


def test_check_plan_finds_what_is_wrong() -> None:
    intervals = [(0, 2, 64), (1, 3, 64), (2, 4, 64)]
    plan = _core.plan_offsets(intervals)
    assert plan.height == plan.lower_bound == 128
    assert _core.check_plan(intervals, plan) == ""
    assert "overlap" in _core.check_plan([(0, 4, 64), (1, 3, 64), (2, 4, 64)], plan)
    assert "above" in _core.check_plan([(0, 2, 64), (1, 3, 65), (2, 4, 64)], plan)
    assert "offset" in _core.check_plan(intervals, plan, alignment=128)
    assert "one offset" in _core.check_plan(intervals[:2], plan)


@pytest.mark.parametrize("seed", range(150))
def test_small_plans_are_optimal(seed: int) -> None:
    rng = random.Random(seed)
    intervals = draw(rng, rng.randint(1, 6), times=rng.randint(1, 6), sizes=rng.choice([3, 12]))
    plan = _core.plan_offsets(intervals, alignment=1, max_nodes=100_000)
    assert plan.is_optimal
    assert _core.check_plan(intervals, plan, 1) == ""
    assert plan.height == least_height(intervals)


def fits_somehow(intervals: Intervals, height: int) -> bool:
    """Whether some offset for each item is a plan: all of them are tried."""
    items = sorted(intervals)
    placed: list[tuple[int, int, int, int]] = []

    def place(k: int) -> bool:
        if k == len(items):
            return True
        begin, end, size = items[k]
        over = [(low, high) for b, e, low, high in placed if b < end and begin < e]
        for offset in range(height - size + 1):
            if all(offset + size <= low or high <= offset for low, high in over):
                placed.append((begin, end, offset, offset + size))
                if place(k + 1):
                    return True
                placed.pop()
        return False

    return place(0)


def draw_short(seed: int, count: int = 12) -> Intervals:
    rng = random.Random(seed)
    times = rng.randint(6, 12)
    out = []
    for _ in range(count):
        begin = rng.randrange(times - 1)
        out.append((begin, min(times, begin + rng.randint(1, 5)), rng.randint(1, 5)))
    return out


# The one of 80,000 draws in which the most alive at once, 10, is not enough.
def test_a_height_above_the_most_alive_is_proved() -> None:
    intervals = draw_short(10793)
    most = max(sum(s for b, e, s in intervals if b <= time < e) for time in range(12))
    plan = _core.plan_offsets(intervals, alignment=1)
    assert (most, plan.height, plan.lower_bound) == (10, 11, 11)
    assert not fits_somehow(intervals, 10)
    assert fits_somehow(intervals, 11)


@pytest.mark.parametrize("seed", range(60))
def test_heights_below_the_least_are_impossible(seed: int) -> None:
    intervals = draw_short(seed, count=8)
    plan = _core.plan_offsets(intervals, alignment=1)
    assert plan.is_optimal
    assert fits_somehow(intervals, plan.height)
    assert not fits_somehow(intervals, plan.height - 1)


@pytest.mark.parametrize("seed", range(12))
def test_large_plans_are_valid(seed: int) -> None:
    rng = random.Random(seed)
    intervals = draw(rng, rng.randint(30, 100), times=40, sizes=100_000)
    alignment = rng.choice([1, 64, 256])
    plan = _core.plan_offsets(intervals, alignment=alignment, max_nodes=2000)
    assert _core.check_plan(intervals, plan, alignment) == ""
    assert plan.lower_bound <= plan.height
    whole = [(b, e, -(-s // alignment) * alignment) for b, e, s in intervals]
    for offsets in _core.heuristic_offsets(whole, alignment).values():
        height = max(
            (o + s for o, (b, e, s) in zip(offsets, whole, strict=True) if b < e), default=0
        )
        assert height >= plan.height
        for i, (begin, end, size) in enumerate(whole):
            for j, (other, stop, more) in enumerate(whole[:i]):
                if max(begin, other) < min(end, stop) and size and more:
                    assert offsets[i] >= offsets[j] + more or offsets[j] >= offsets[i] + size


def naive_tflite(intervals: Intervals, alignment: int) -> list[int]:
    """TensorFlow Lite's arena, as simple_memory_arena.cc tells it."""
    first, last = min(b for b, _, _ in intervals), max(e for _, e, _ in intervals)
    whole = {i for i, (b, e, _) in enumerate(intervals) if (b, e) == (first, last)}
    order = sorted(
        range(len(intervals)),
        key=lambda i: (0, 0, 0) if i in whole else (1, -intervals[i][2], intervals[i][0]),
    )
    offsets = [0] * len(intervals)
    placed: list[int] = []
    for i in order:
        begin, end, size = intervals[i]
        if size == 0 or begin == end:
            continue
        best, fit, current = -1, 1 << 62, 0
        for j in sorted(placed, key=lambda j: offsets[j]):
            other, stop, more = intervals[j]
            if stop <= begin or other >= end:
                continue
            start = -(-current // alignment) * alignment
            if start + size <= offsets[j] and offsets[j] - start < fit:
                best, fit = start, offsets[j] - current  # not from `start`: so it is there
            current = max(current, offsets[j] + more)
        offsets[i] = best if best >= 0 else -(-current // alignment) * alignment
        placed.append(i)
    return offsets


def naive_pattern(intervals: Intervals, alignment: int) -> list[int]:
    """ONNX Runtime's pattern planner, as mem_pattern_planner.h tells it."""
    offsets = [0] * len(intervals)
    alive: dict[int, tuple[int, int]] = {}  # item -> offset, end
    times = sorted({t for b, e, _ in intervals for t in (b, e)})
    for time in times:
        alive = {i: place for i, place in alive.items() if intervals[i][1] > time}
        for i, (begin, end, size) in enumerate(intervals):
            if begin != time or begin == end or size == 0:
                continue
            bytes_ = -(-size // alignment) * alignment
            taken = sorted(alive.values())
            gaps = [
                (low - high, high)
                for (_, high), (low, _) in zip([(0, 0), *taken], taken, strict=False)
                if low - high >= bytes_
            ]
            top = taken[-1][1] if taken else 0
            offsets[i] = min(gaps)[1] if gaps else top
            alive[i] = offsets[i], offsets[i] + bytes_
    return offsets


@pytest.mark.parametrize("seed", range(200))
def test_planners_of_others_are_theirs(seed: int) -> None:
    rng = random.Random(seed)
    intervals = draw(rng, rng.randint(1, 40), times=12, sizes=rng.choice([9, 3000]))
    alignment = rng.choice([1, 64])
    ours = _core.heuristic_offsets(intervals, alignment)
    assert ours["tflite"] == naive_tflite(intervals, alignment)
    assert ours["onnxruntime"] == naive_pattern(intervals, alignment)


@pytest.mark.parametrize(
    ("seed", "units", "trimmed"),
    [(1, 48, 0.0), (3, 48, 0.0), (4, 64, 0.0), (7, 96, 0.0), (5, 64, 0.3), (3, 48, 0.6)],
)
def test_a_rectangle_that_was_cut_is_put_together(seed: int, units: int, trimmed: float) -> None:
    intervals = instance(seed, units=units, trimmed=trimmed)
    plan = _core.plan_offsets(intervals, alignment=1, max_nodes=400_000)
    assert plan.height == plan.lower_bound == units
    assert _core.check_plan(intervals, plan, 1) == ""
    greedy = _core.plan_offsets(intervals, alignment=1, max_nodes=0)
    assert greedy.height >= 1.2 * plan.height


@pytest.mark.parametrize(
    ("intervals", "alignment"), [([(0, 1, -1)], 1), ([(1, 0, 1)], 1), ([(0, 1, 1)], 0)]
)
def test_sizes_are_refused(intervals: Intervals, alignment: int) -> None:
    with pytest.raises(sw.ShapewrightError) as refused:
        _core.plan_offsets(intervals, alignment)
    assert refused.value.code == "plan-size"


def test_the_plan_of_a_model() -> None:
    graph = sw.Graph()
    x = graph.input("x", "f32[N, 16]")
    for _ in range(4):
        x = graph.add("Relu", x)
    graph.output(x)
    bound = sw.check(graph, profile="static").at(N=4)
    plan = bound.plan()
    assert plan.is_optimal
    assert plan.height == 2 * 256
    assert sorted({row.offset for row in plan.offsets}) == [0, 256]
    assert bound.peak.capacity == bound.peak.reserved == 256 + plan.height == bound.peak.live
