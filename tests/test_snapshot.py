"""Recorded histories: made here in the format that PyTorch documents, read, replayed, refused."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw
from naive_allocators.blocks import MIB
from naive_allocators.requests import Request, random_requests
from naive_allocators.torch_cuda import NaiveTorch
from shapewright.snapshot import load_snapshot, read_history, snapshot_report

Trace = list[dict[str, Any]]


def record(requests: list[Request], capacity: int | None = None, **settings: Any) -> dict[str, Any]:
    """The snapshot that PyTorch would have written after these requests."""
    allocator = NaiveTorch(capacity, **settings)
    out = allocator.out
    trace: Trace = []
    live: dict[int, Any] = {}

    def entry(action: str, address: int, size: int, **more: Any) -> None:
        trace.append({"action": action, "addr": address, "size": size, "stream": 0, **more})

    for name, (kind, key, size, _) in enumerate(requests):
        before = out.reserved
        if kind == "alloc" and size > 0:
            block = allocator.malloc(size, 0)
            change = out.reserved - before
            if change:
                entry("segment_alloc" if change > 0 else "segment_free", 0, abs(change))
            if block is None:
                assert capacity is not None
                entry("oom", 0, allocator.round(size), device_free=capacity - out.reserved)
                break
            entry("alloc", block.address, size, pool_id=(0, 0), frames=[])
            live[key] = block
        elif kind == "free" and key in live:
            block = live.pop(key)
            address, asked = block.address, block.requested
            entry("free_requested", address, asked)
            entry("free_completed", address, asked)
            allocator.free(block)
        assert name >= 0
    segments = [
        {
            "device": 0,
            "address": s.blocks[0].address,
            "total_size": sum(b.size for b in s.blocks),
            "stream": 0,
            "segment_type": "small" if s.small else "large",
            "blocks": [
                {
                    "address": b.address,
                    "size": b.size,
                    "requested_size": b.requested,
                    "state": "active_allocated" if b.use == "used" else "inactive",
                }
                for b in s.blocks
            ],
        }
        for s in allocator.segments
    ]
    return {"segments": segments, "device_traces": [trace], "allocator_settings": {}}


def simple(rng: random.Random, length: int) -> list[Request]:
    kept = ("alloc", "free")
    return [r for r in random_requests(rng, length) if r[0] in kept]


@pytest.mark.parametrize("seed", range(30))
def test_a_history_is_replayed_as_it_was(seed: int) -> None:
    requests = simple(random.Random(seed), 80)
    snapshot = record(requests)
    report = snapshot_report(snapshot)
    naive = NaiveTorch().run(requests)
    assert report.runs
    assert report.replay.reserved_peak == naive.reserved_peak == report.history.recorded_peak
    assert report.replay.allocated_peak == naive.allocated_peak
    # By the order of allocations, addresses are those that were recorded.
    recorded = [e["addr"] for e in snapshot["device_traces"][0] if e["action"] == "alloc"]
    assert [address for address, _ in report.replay.placements] == recorded


# Two segments of 40 MiB, each held by something small, so that neither is given back for 45 MiB.
FRAGMENTED: list[Request] = [
    ("alloc", 0, 40 * MIB, 0),
    ("alloc", 1, 40 * MIB, 0),
    ("free", 0, 0, 0),
    ("free", 1, 0, 0),
    ("alloc", 2, 3 * MIB, 0),
    ("alloc", 3, 37 * MIB + MIB // 2, 0),
    ("alloc", 4, 2 * MIB, 0),
    ("free", 3, 0, 0),
    ("alloc", 5, 45 * MIB, 0),
]


def test_a_failure_and_the_setting_that_would_have_avoided_it() -> None:
    snapshot = record(FRAGMENTED, 100 * MIB)
    assert snapshot["device_traces"][0][-1]["action"] == "oom"
    history = read_history(snapshot)
    assert history.failed_bytes == 45 * MIB
    assert history.failed_capacity == 100 * MIB
    as_it_was = snapshot_report(snapshot)
    assert not as_it_was.runs
    assert as_it_was.spare is not None
    assert as_it_was.spare < 0
    avoided = snapshot_report(snapshot, "expandable_segments:True")
    assert avoided.runs
    assert avoided.spare is not None
    assert avoided.spare >= 0
    assert avoided.to_dict()["least_capacity"] <= 100 * MIB


def test_what_was_alive_before_the_recording_is_asked_for_first() -> None:
    snapshot = record([("alloc", 0, 30 * MIB, 0), ("alloc", 1, 40 * MIB, 0), ("free", 0, 0, 0)])
    del snapshot["device_traces"][0][:4]  # both segments and allocations
    history = read_history(snapshot)
    assert history.held_before == 70 * MIB
    assert [event[:3] for event in history.events] == [
        ("alloc", 0, 30 * MIB),
        ("alloc", 1, 40 * MIB),
        ("free", 0, 0),
    ]
    assert history.recorded_peak == 70 * MIB


def test_settings_that_were_in_force() -> None:
    snapshot = record(FRAGMENTED)
    snapshot["allocator_settings"] = {
        "expandable_segments": True,
        "max_split_size": 64 * MIB,
        "roundup_power2_divisions": {"1": 0, "2": 4},
    }
    text = "expandable_segments:True,max_split_size_mb:64,roundup_power2_divisions:[1:0,2:4]"
    assert snapshot_report(snapshot).settings == text


class Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("run by the pickle",)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pickle.dumps({"device_traces": Runs()}), "snapshot-unsafe"),
        (pickle.dumps([1, 2]), "snapshot-format"),
        (b"not a pickle", "snapshot-format"),
        (b"", "snapshot-format"),
        (pickle.dumps({"device_traces": [[]]}), "snapshot-empty"),
        (pickle.dumps({"device_traces": [[{"action": "alloc"}]]}), "snapshot-format"),
        (pickle.dumps({"device_traces": [[3]]}), "snapshot-format"),
    ],
)
def test_files_are_refused(
    tmp_path: Path, data: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "snapshot.pickle"
    path.write_bytes(data)
    with pytest.raises(sw.ShapewrightError) as refused:
        snapshot_report(path)
    assert refused.value.code == code
    assert "run by the pickle" not in capsys.readouterr().out


def test_plain_containers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.pickle"
    path.write_bytes(pickle.dumps(OrderedDict(device_traces=[[]], seen={1})))
    assert load_snapshot(path)["seen"] == {1}


def test_command(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.pickle"
    path.write_bytes(pickle.dumps(record(FRAGMENTED, 100 * MIB)))

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shapewright", "report", str(path), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    failed = run()
    assert failed.returncode == 1, failed.stderr
    assert failed.stdout.splitlines()[-1].startswith("OUT OF MEMORY  in 100.0 MiB at event")
    runs = run("--settings", "expandable_segments:True")
    assert runs.returncode == 0, runs.stderr
    assert runs.stdout.splitlines()[-1].startswith("RUNS  in 100.0 MiB, ")
    data = json.loads(run("--budget", "1GiB", "--format", "json").stdout)
    assert data["runs"]
    assert data["capacity"] == 1 << 30
