"""The benchmark on a GPU: recorded histories are compared with a replay place by place."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from naive_allocators.blocks import MIB

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))
gpu = import_module("memory_bench.gpu")
TorchModel = import_module("torch_models.row").TorchModel

LARGE, OTHER = 0x7F40_0000_0000, 0x7F10_0000_0000  # the driver's answers need not rise


def history(*entries: tuple[str, int, int]) -> dict[str, Any]:
    trace = [{"action": a, "addr": addr, "size": size, "stream": 0} for a, addr, size in entries]
    return {"device_traces": [trace], "segments": []}


def three_blocks(third: int) -> dict[str, Any]:
    """Two that do not fit into one segment, then one beside the first."""
    return history(
        ("segment_alloc", LARGE, 20 * MIB),
        ("alloc", LARGE, MIB + 512),
        ("segment_alloc", OTHER, 20 * MIB),
        ("alloc", OTHER, 19 * MIB),
        ("alloc", third, 2 * MIB),
    )


def test_places_are_alike_up_to_where_the_driver_puts_segments() -> None:
    found = gpu.replayed(three_blocks(LARGE + MIB + 512))
    assert (found["placed"], found["placed_alike"]) == (3, 3)


def test_a_block_elsewhere_is_found() -> None:
    found = gpu.replayed(three_blocks(LARGE + 4 * MIB))
    assert (found["placed"], found["placed_alike"]) == (3, 2)


def test_a_row_is_trained_and_its_history_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the GPU: its counters are made up, the iterations run on the CPU."""
    recorded: list[Any] = []
    monkeypatch.setattr(torch._C, "_cuda_clearCublasWorkspaces", lambda: None, raising=False)
    for name in ("empty_cache", "reset_peak_memory_stats", "synchronize"):
        monkeypatch.setattr(torch.cuda, name, lambda: None)
    counters = {"memory_allocated": 7, "max_memory_allocated": 907, "max_memory_reserved": 2000}
    for name, value in counters.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    monkeypatch.setattr(torch.cuda, "memory_stats", lambda: {"num_alloc_retries": 0})
    memory = torch.cuda.memory
    monkeypatch.setattr(
        memory, "_record_memory_history", lambda enabled="all", **_: recorded.append(enabled)
    )
    monkeypatch.setattr(memory, "_snapshot", lambda: three_blocks(LARGE + MIB + 512))
    monkeypatch.setattr(torch.nn.Module, "cuda", lambda module: module)
    monkeypatch.setattr(torch.Tensor, "cuda", lambda tensor: tensor)
    row = next(r for r in gpu.GPU_ROWS if r.precision == "bf16")
    small = TorchModel(
        "small", "mlp", lambda: torch.nn.Linear(8, 3), {"input": "f32[N, 8]"}, ({"N": 2},)
    )
    found = gpu.measured(row, small)
    assert (found["allocated"], found["reserved"], found["retries"]) == (900, 2000, 0)
    assert (found["placed"], found["placed_alike"]) == (3, 3)
    assert recorded == ["all", None]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("NVIDIA H200", "h200"),
        ("NVIDIA GeForce RTX 3090", "rtx-3090"),
        ("Tesla T4", "t4"),
        ("NVIDIA A100-SXM4-80GB", "a100-80gb"),
        ("a card of another kind", None),
    ],
)
def test_the_row_of_a_gpu(name: str, row: str | None) -> None:
    assert gpu.device_row(name) == row
