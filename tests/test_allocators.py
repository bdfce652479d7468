"""Allocators replayed: facts of their documentation as rows, plain lists, capacities."""

from __future__ import annotations

import random

import pytest

import shapewright as sw
from allocator_fuzz import difference, draw_case
from naive_allocators.blocks import MIB
from naive_allocators.requests import Request, random_requests
from shapewright import _core

Events = list[tuple[str, int, int, int]]


def requests(*steps: float) -> Events:
    """MiB to ask for, or minus the place of the request to free: 20, 1, -1 frees the 20."""
    out: Events = []
    for name, step in enumerate(steps, 1):
        if step > 0:
            out.append(("alloc", name, round(step * MIB), 0))
        else:
            out.append(("free", round(-step), 0, 0))
    return out


def torch(events: Events, settings: str = "", capacity: float | None = None) -> _core.Replay:
    limit = None if capacity is None else round(capacity * MIB)
    return _core.replay("torch-cuda", _core.Requests(events), settings, limit, blocks=True)


BYTE = 1 / MIB

# asked for in MiB; the block, what is reserved, free blocks left over
FIRST_BLOCKS = [
    (BYTE, 512 * BYTE, 2, [2 - 512 * BYTE]),
    (511 * BYTE, 512 * BYTE, 2, [2 - 512 * BYTE]),
    (513 * BYTE, 1024 * BYTE, 2, [2 - 1024 * BYTE]),
    (1, 1, 2, [1]),  # the largest of the small pool
    (1 + BYTE, 1 + 512 * BYTE, 20, [19 - 512 * BYTE]),  # the smallest of the large one
    (10, 10, 10, []),  # a segment of its own
    (10 - 512 * BYTE, 10 - 512 * BYTE, 20, [10 + 512 * BYTE]),
    (19, 20, 20, []),  # from 10 MiB on in steps of 2 MiB; 1 MiB is not split off
    (49, 50, 50, []),
    (48.5, 48.5, 50, [1.5]),  # but more is
    (49 - 512 * BYTE, 49 - 512 * BYTE, 50, [1 + 512 * BYTE]),
]


@pytest.mark.parametrize(("asked", "block", "reserved", "free"), FIRST_BLOCKS)
def test_first_block(asked: float, block: float, reserved: float, free: list[float]) -> None:
    replay = torch([("alloc", 0, round(asked * MIB), 0)])
    assert replay.placements == [(0, round(block * MIB))]
    assert replay.allocated == round(block * MIB)
    assert replay.reserved == round(reserved * MIB)
    left = [size for _, size, use in replay.blocks if use == "free"]
    assert left == [round(size * MIB) for size in free]


def test_sizes_are_multiples_of_512_so_that_less_is_never_left() -> None:
    rng = random.Random(1)
    for _ in range(200):
        replay = torch([("alloc", 0, rng.randrange(1, 3 * MIB), 0)])
        assert all(size % 512 == 0 for _, size, _ in replay.blocks)


def test_neighbours_join_within_a_segment_alone() -> None:
    one = torch(requests(2, 2, -1, -2))
    assert one.blocks == [(0, 20 * MIB, "free")]
    two = torch(requests(20, 20, -1, -2))
    assert two.blocks == [(0, 20 * MIB, "free"), (20 * MIB, 20 * MIB, "free")]


def test_a_segment_with_one_block_in_use_stays() -> None:
    events = [*requests(2, 2, 30, -1, -3), ("empty_cache", 0, 0, 0)]
    replay = torch(events)
    assert replay.reserved == 20 * MIB
    assert replay.num_device_frees == 1


def test_a_scalar_keeps_a_segment_of_the_small_pool() -> None:
    events = [*requests(0.5, 512 * BYTE, 0.25, -1, -3), ("empty_cache", 0, 0, 0)]
    replay = torch(events)
    assert (replay.allocated, replay.reserved) == (512, 2 * MIB)


def test_max_pool_of_resnet_at_batch_32_takes_74_5_mib() -> None:
    # PyTorch pull request 88825: an output of 24.5 MiB and indices of 49 MiB, in a block of 50.
    output, indices = 32 * 64 * 56 * 56 * 4, 32 * 64 * 56 * 56 * 8
    replay = torch([("alloc", 0, output, 0), ("alloc", 1, indices, 0)])
    assert replay.allocated_peak == 74.5 * MIB


def test_a_hundred_calls_of_one_linear_take_4044_mib() -> None:
    # torchinfo issue 144: input, weight and bias, and a hundred outputs that are all saved.
    sizes = [10240 * 1024 * 4, 1024 * 1024 * 4, 1024 * 4, *[10240 * 1024 * 4] * 100]
    replay = torch([("alloc", name, size, 0) for name, size in enumerate(sizes)])
    assert replay.allocated_peak == 4044.00390625 * MIB


def test_out_of_memory_comes_after_the_cache_was_given_back() -> None:
    events = requests(30, -1, 40)
    assert torch(events, capacity=70).num_retries == 0
    helped = torch(events, capacity=69)
    assert helped.runs
    assert (helped.num_retries, helped.reserved, helped.reserved_peak) == (1, 40 * MIB, 40 * MIB)
    failed = torch(events, capacity=39)
    assert not failed.runs
    assert failed.failed_request == 2
    assert (failed.failed_bytes, failed.failed_free_bytes) == (40 * MIB, 39 * MIB)


def test_another_stream_holds_a_block_until_it_is_done() -> None:
    events: Events = [("alloc", 0, 30 * MIB, 0), ("free_requested", 0, 0, 0)]
    waiting = torch([*events, ("alloc", 1, 30 * MIB, 0)])
    assert (waiting.allocated, waiting.active, waiting.reserved) == (
        30 * MIB,
        60 * MIB,
        60 * MIB,
    )
    done = torch([*events, ("free_completed", 0, 0, 0), ("alloc", 1, 30 * MIB, 0)])
    assert done.reserved == 30 * MIB
    synchronised = torch([*events, ("alloc", 1, 30 * MIB, 0), ("free_completed", 0, 0, 0)], "", 30)
    assert synchronised.runs
    assert synchronised.num_retries == 1


# settings, sizes in MiB and frees, what is reserved
SETTINGS = [
    ("", [20, 30, -1, -2, 45], 96),
    ("expandable_segments:True", [20, 30, -1, -2, 45], 60),
    ("expandable_segments:True", [1 / 2, 3], 22),
    ("", [100, -1, 60], 100),  # the rest is split off
    ("max_split_size_mb:64", [100, -1, 60], 160),  # an oversize block is for oversize requests
    ("max_split_size_mb:64", [100, -1, 81], 100),
    ("max_split_size_mb:64", [100, -1, 80], 180),  # and only within 20 MiB
    ("roundup_power2_divisions:4", [1025 / 1024 * 64], 80),
    ("roundup_power2_divisions:[32:8,64:2,>:1]", [65], 66),
    ("roundup_power2_divisions:[32:8,256:2]", [65], 66),  # 64 is not named: none
    ("roundup_power2_divisions:[32:8,64:2]", [65], 96),
    ("large_segment_size_mb:40", [5], 40),
]


@pytest.mark.parametrize(("settings", "steps", "reserved"), SETTINGS)
def test_settings(settings: str, steps: list[float], reserved: float) -> None:
    assert torch(requests(*steps), settings).reserved_peak == reserved * MIB


@pytest.mark.parametrize(
    ("allocator", "settings", "code"),
    [
        ("torch-cuda", "max_split_size_mb", "setting-syntax"),
        ("torch-cuda", "max_split:3", "setting-unknown"),
        ("torch-cuda", "max_split_size_mb:19", "setting-value"),
        ("torch-cuda", "expandable_segments:yes", "setting-value"),
        ("torch-cuda", "roundup_power2_divisions:3", "setting-value"),
        ("torch-cuda", "roundup_power2_divisions:[3:2]", "setting-value"),
        ("torch-cuda", "per_process_memory_fraction:0.5", "setting-value"),
        ("torch-cuda", "garbage_collection_threshold:1.5", "setting-value"),
        ("bfc", "allow_growth:False", "setting-value"),
        ("jemalloc", "", "allocator-unknown"),
    ],
)
def test_settings_are_refused(allocator: str, settings: str, code: str) -> None:
    with pytest.raises(sw.ShapewrightError) as refused:
        _core.replay(allocator, _core.Requests(requests(1)), settings)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([("alloc", 0, -1, 0)], "request-size"),
        ([("alloc", 0, 1, 0), ("alloc", 0, 1, 0)], "request-alive"),
        ([("free", 0, 0, 0)], "request-unknown"),
        ([("alloc", 0, 1, 0), ("free", 0, 0, 0), ("free", 0, 0, 0)], "request-unknown"),
    ],
)
def test_requests_are_refused(events: Events, code: str) -> None:
    with pytest.raises(sw.ShapewrightError) as refused:
        _core.Requests(events)
    assert refused.value.code == code


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_random_requests_equal_the_plain_lists(first: int) -> None:
    for seed in range(first, first + 50):
        case = draw_case(seed)
        wrong = difference(case)
        assert not wrong, f"seed {seed}, {case.allocator} {case.settings}"


def runs_at(allocator: str, events: list[Request], settings: str, capacity: int) -> bool:
    return _core.replay(allocator, _core.Requests(events), settings, capacity).runs


CAPACITIES = [
    ("torch-cuda", ""),
    ("torch-cuda", "expandable_segments:True"),
    ("torch-cuda", "max_split_size_mb:32"),
    ("bfc", ""),
    ("bfc", "garbage_collection:True"),
    ("onnxruntime", ""),
    ("static", ""),
]


@pytest.mark.parametrize(("allocator", "settings"), CAPACITIES)
@pytest.mark.parametrize("seed", range(12))
def test_least_capacity_runs_and_less_does_not(allocator: str, settings: str, seed: int) -> None:
    rng = random.Random(seed)
    events = random_requests(rng, 60)
    capacity = _core.least_capacity(allocator, _core.Requests(events), settings, 0, 2000)
    assert capacity.least_lower <= capacity.least <= capacity.steady <= capacity.free_running
    assert runs_at(allocator, events, settings, capacity.least)
    # Nothing below what is proved runs, everything from `steady` on does.
    for _ in range(40):
        below = rng.randrange(capacity.least_lower) if capacity.least_lower else None
        assert below is None or not runs_at(allocator, events, settings, below)
        more = capacity.steady + rng.randrange(capacity.free_running + 1)
        assert runs_at(allocator, events, settings, more)
    if capacity.is_exact and capacity.least > 0:
        assert not runs_at(allocator, events, settings, capacity.least - 1)


def test_more_memory_is_not_always_enough_where_less_was() -> None:
    found = 0
    for seed in range(300):
        events = random_requests(random.Random(seed), 60)
        capacity = _core.least_capacity("torch-cuda", _core.Requests(events), "", 0, 4000)
        if capacity.steady > capacity.least and capacity.is_exact:
            assert not runs_at("torch-cuda", events, "", capacity.steady - 1)
            found += 1
    assert found > 0


def test_a_window_of_capacities_is_alike() -> None:
    rng = random.Random(5)
    for seed in range(60):
        case = draw_case(seed)
        if case.allocator != "torch-cuda" or case.capacity is None:
            continue
        asked = _core.Requests(case.requests)
        here = _core.replay("torch-cuda", asked, case.settings, case.capacity, case.total)
        low, high = here.window
        assert low <= case.capacity < high
        other = rng.randrange(low, min(high, low + (1 << 32)))
        there = _core.replay("torch-cuda", asked, case.settings, other, case.total)
        assert there.placements == here.placements
        assert there.window == here.window
