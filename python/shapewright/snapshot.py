"""Recorded histories of PyTorch's CUDA allocator, replayed under other settings or less memory.

`torch.cuda.memory._record_memory_history()` and `_dump_snapshot("snapshot.pickle")` write them.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapewright import _core
from shapewright.errors import FormatError, ShapewrightError

Event = tuple[str, int, int, int]  # kind, name, bytes, stream

# What a snapshot consists of; anything else in a pickle would run code.
_PLAIN = {("collections", "OrderedDict"): dict, ("builtins", "set"): set}


class _PlainUnpickler(pickle.Unpickler):
    """Numbers, texts, lists and dicts: no class is looked up, so that nothing can run."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        message = f"the pickle asks for {module}.{name}, which no memory snapshot holds"
        raise FormatError(message, code="snapshot-unsafe")


@dataclass(frozen=True)
class History:
    """What one device's allocator was asked for, in order; sizes in bytes.

    `held_before` are allocations that were alive when the recording began: they are asked for
    first. `failed_bytes` is the last request that ran out of memory, `failed_capacity` what the
    allocator could have had then. `recorded_peak` is the most that was reserved meanwhile.
    """

    device: int
    events: tuple[Event, ...]
    num_allocations: int
    held_before: int
    failed_bytes: int | None
    failed_capacity: int | None
    recorded_peak: int
    has_private_pools: bool
    settings: str

    def requests(self) -> _core.Requests:
        """The events as the core takes them."""
        return _core.Requests(self.events)


def load_snapshot(path: str | Path) -> dict[str, Any]:
    """The data of a snapshot; a pickle that holds anything but plain data is refused."""
    data = Path(path).read_bytes()
    try:
        snapshot = _PlainUnpickler(io.BytesIO(data)).load()
    except FormatError:
        raise
    except Exception as error:
        message = f"{path} is no pickle: {error}"
        raise FormatError(message, code="snapshot-format") from None
    if not isinstance(snapshot, dict) or "device_traces" not in snapshot:
        message = f"{path} is no memory snapshot of PyTorch: it has no device_traces"
        raise FormatError(message, code="snapshot-format")
    return snapshot


def read_history(snapshot: dict[str, Any], device: int | None = None) -> History:
    """The history of a device; by default of the one with the most events."""
    traces = snapshot["device_traces"]
    if device is None:
        device = max(range(len(traces)), key=lambda d: len(traces[d]), default=0)
    if not 0 <= device < len(traces) or not traces[device]:
        message = f"the snapshot has no recorded history of device {device}"
        hint = "torch.cuda.memory._record_memory_history() starts one"
        raise ShapewrightError(message, code="snapshot-empty", hint=hint)
    try:
        return _Reader(snapshot, device).read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"the snapshot is not as PyTorch writes it: {error!r}"
        raise FormatError(message, code="snapshot-format") from None


class _Reader:
    def __init__(self, snapshot: dict[str, Any], device: int) -> None:
        self.trace: list[dict[str, Any]] = snapshot["device_traces"][device]
        self.segments = [s for s in snapshot.get("segments", []) if s.get("device", 0) == device]
        self.device = device
        self.settings = _settings_text(snapshot.get("allocator_settings") or {})
        self.streams: dict[Any, int] = {}
        self.names: dict[int, int] = {}  # address -> name of the allocation that is there
        self.waiting: dict[int, int] = {}  # and of the one that another stream still uses
        self.events: list[Event] = []
        self.count = 0

    def stream(self, entry: dict[str, Any]) -> int:
        # A private pool shares nothing with the rest, as a stream of its own.
        pool = tuple(entry.get("pool_id") or entry.get("segment_pool_id") or (0, 0))
        return self.streams.setdefault((entry.get("stream", 0), pool), len(self.streams))

    def alloc(self, address: int, size: int, stream: int) -> None:
        self.events.append(("alloc", self.count, size, stream))
        self.names[address] = self.count
        self.count += 1

    def read(self) -> History:
        held = self.held_before()
        for address, size, stream in held:
            self.alloc(address, size, stream)
        failed = capacity = None
        peak = now = self.reserved_before()
        for entry in self.trace:
            action, size = entry["action"], entry.get("size", 0)
            if action == "alloc":
                self.alloc(entry["addr"], size, self.stream(entry))
            elif action == "free_requested":
                self.free_requested(entry["addr"])
            elif action in ("free_completed", "free"):
                self.free_completed(entry["addr"])
            elif action in ("segment_alloc", "segment_map"):
                now += size
                peak = max(peak, now)
            elif action in ("segment_free", "segment_unmap"):
                now -= size
            elif action == "oom":
                # The request that failed is part of what has to run; what came of it was let go.
                failed = size
                capacity = now + entry["device_free"] if "device_free" in entry else None
                self.events.append(("alloc", self.count, size, self.stream(entry)))
                self.events.append(("free", self.count, 0, 0))
                self.count += 1
        pools = {pool for _, pool in self.streams}
        return History(
            device=self.device,
            events=tuple(_joined(self.events)),
            num_allocations=self.count,
            held_before=sum(size for _, size, _ in held),
            failed_bytes=failed,
            failed_capacity=capacity,
            recorded_peak=peak,
            has_private_pools=any(pool != (0, 0) for pool in pools),
            settings=self.settings,
        )

    def free_requested(self, address: int) -> None:
        name = self.names.pop(address, None)
        if name is not None:
            self.events.append(("free_requested", name, 0, 0))
            self.waiting[address] = name

    def free_completed(self, address: int) -> None:
        name = self.waiting.pop(address, None)
        if name is not None:
            self.events.append(("free_completed", name, 0, 0))
        elif address in self.names:
            self.events.append(("free", self.names.pop(address), 0, 0))

    def held_before(self) -> list[tuple[int, int, int]]:
        """Address, bytes and stream of what the trace frees, or ends with, and never asked for."""
        held: dict[int, tuple[int, int]] = {}
        touched: set[int] = set()
        for entry in self.trace:
            action = entry["action"]
            if action == "alloc":
                touched.add(entry["addr"])
            elif action in ("free_requested", "free_completed") and entry["addr"] not in touched:
                touched.add(entry["addr"])
                held[entry["addr"]] = entry["size"], self.stream(entry)
        for segment in self.segments:
            address = segment["address"]
            for block in segment["blocks"]:
                address = block.get("address", address)
                if block["state"].startswith("active") and address not in touched:
                    size = block.get("requested_size", block["size"])
                    held[address] = size, self.stream(segment)
                address += block["size"]
        return [(address, size, stream) for address, (size, stream) in sorted(held.items())]

    def reserved_before(self) -> int:
        """What was reserved when the recording began: what is now, less what came since."""
        signs = {"segment_alloc": 1, "segment_map": 1, "segment_free": -1, "segment_unmap": -1}
        since = sum(signs.get(e["action"], 0) * e.get("size", 0) for e in self.trace)
        total: int = sum(segment["total_size"] for segment in self.segments)
        before: int = max(0, total - since)
        return before


def _joined(events: list[Event]) -> list[Event]:
    """A free that is complete at once is one event."""
    out: list[Event] = []
    for event in events:
        if event[0] == "free_completed" and out and out[-1][:2] == ("free_requested", event[1]):
            out[-1] = ("free", event[1], 0, 0)
        else:
            out.append(event)
    return out


def _settings_text(settings: dict[str, Any]) -> str:
    """The settings that were in force, of those that a replay knows."""
    parts = []
    if settings.get("expandable_segments"):
        parts.append("expandable_segments:True")
    split = settings.get("max_split_size", -1)
    if isinstance(split, int) and 0 < split < 1 << 50:
        parts.append(f"max_split_size_mb:{split >> 20}")
    divisions = settings.get("roundup_power2_divisions")
    if isinstance(divisions, dict) and any(divisions.values()):
        listed = ",".join(f"{size}:{parts_of}" for size, parts_of in divisions.items())
        parts.append(f"roundup_power2_divisions:[{listed}]")
    return ",".join(parts)


@dataclass(frozen=True)
class SnapshotReport:
    """A history replayed under some settings and, if it is given, a capacity; sizes in bytes.

    `runs` says whether it gets through; `spare` is what the device has left at the highest point,
    below 0 by what is missing at the request that fails.
    """

    history: History
    settings: str
    capacity: int | None
    replay: _core.Replay
    least: _core.Capacity

    @property
    def runs(self) -> bool:
        """Whether every request is served."""
        return self.replay.runs

    @property
    def spare(self) -> int | None:
        """Capacity less the least that runs; None without a capacity."""
        return None if self.capacity is None else self.capacity - self.least.least

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data."""
        history, replay = self.history, self.replay
        return {
            "schema_version": 1,
            "device": history.device,
            "settings": self.settings,
            "capacity": self.capacity,
            "runs": self.runs,
            "spare": self.spare,
            "events": len(history.events),
            "allocations": history.num_allocations,
            "held_before": history.held_before,
            "private_pools": history.has_private_pools,
            "recorded": {
                "settings": history.settings,
                "reserved_peak": history.recorded_peak,
                "failed_bytes": history.failed_bytes,
                "failed_capacity": history.failed_capacity,
            },
            "requested_peak": replay.requested_peak,
            "allocated_peak": replay.allocated_peak,
            "active_peak": replay.active_peak,
            "reserved_peak": replay.reserved_peak,
            "num_retries": replay.num_retries,
            "num_device_allocs": replay.num_device_allocs,
            "num_device_frees": replay.num_device_frees,
            "failed_event": replay.failed_request,
            "failed_bytes": replay.failed_bytes if not self.runs else None,
            "least_capacity": self.least.least,
            "least_capacity_lower": self.least.least_lower,
            "steady_capacity": self.least.steady,
        }


def snapshot_report(
    source: str | Path | dict[str, Any],
    settings: str | None = None,
    *,
    capacity: int | None = None,
    device: int | None = None,
    total: int = 0,
    max_replays: int = 128,
) -> SnapshotReport:
    """Replays a recorded history in PyTorch's CUDA caching allocator.

    `settings` as in PYTORCH_CUDA_ALLOC_CONF, by default those that were recorded; `capacity`: bytes
    that the allocator can get, by default what it had when it ran out of memory, if it did;
    `total`: bytes of the device, for settings that are shares of it.
    """
    snapshot = source if isinstance(source, dict) else load_snapshot(source)
    history = read_history(snapshot, device)
    if settings is None:
        settings = history.settings
    if capacity is None:
        capacity = history.failed_capacity
    requests = history.requests()
    return SnapshotReport(
        history=history,
        settings=settings,
        capacity=capacity,
        replay=_core.replay("torch-cuda", requests, settings, capacity, total=total),
        least=_core.least_capacity("torch-cuda", requests, settings, total, max_replays),
    )
