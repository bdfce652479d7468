"""Random requests and settings to the core and to the plain lists of `naive_allocators`."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

from naive_allocators.arena import NaiveArena
from naive_allocators.blocks import HUGE, MIB, Outcome
from naive_allocators.requests import Request, random_requests
from naive_allocators.torch_cuda import NaiveTorch
from shapewright import _core

COUNTERS = [f.name for f in fields(Outcome) if f.name not in ("placements", "blocks")]


@dataclass
class Case:
    allocator: str
    settings: str
    capacity: int | None
    total: int
    requests: list[Request]
    naive: NaiveTorch | NaiveArena


def draw_case(seed: int) -> Case:
    rng = random.Random(seed)
    draw = rng.choice([draw_torch, draw_torch, draw_torch, draw_bfc, draw_ort])
    return draw(rng)


def draw_capacity(rng: random.Random) -> int | None:
    """None, or so little that much has to be given back."""
    return rng.choice([None, rng.randrange(30, 900) * MIB, rng.randrange(1, 1 << 30)])


def draw_torch(rng: random.Random) -> Case:
    requests = random_requests(rng, rng.randrange(5, 90), streams=rng.choice([1, 1, 2]))
    total = rng.choice([0, 512 * MIB, 3 << 30])
    settings: list[str] = []
    expandable = rng.random() < 0.4
    if expandable:
        settings.append("expandable_segments:True")
    max_split = HUGE
    if rng.random() < 0.4:
        max_split = rng.choice([20, 21, 64, 200]) * MIB
        settings.append(f"max_split_size_mb:{max_split // MIB}")
    divisions: dict[int, int] | int = 0
    if rng.random() < 0.3:
        divisions = rng.choice([2, 4, 8])
        settings.append(f"roundup_power2_divisions:{divisions}")
    elif rng.random() < 0.2:
        # 16 MiB is the interval 4; what the brackets do not name below it takes the first.
        divisions = {**dict.fromkeys(range(5), 2), 6: 8}
        divisions |= dict.fromkeys(range(6, 16), 4)
        settings.append("roundup_power2_divisions:[16:2,64:8,>:4]")
    fraction, gc_threshold = 1.0, 0.0
    if total and rng.random() < 0.6:
        fraction = rng.choice([0.5, 0.75])
        settings.append(f"per_process_memory_fraction:{fraction}")
        if rng.random() < 0.7:
            gc_threshold = rng.choice([0.2, 0.5, 0.8])
            settings.append(f"garbage_collection_threshold:{gc_threshold}")
    by_address = rng.random() < 0.3
    if by_address:
        settings.append("tie_break:address")
    rng.shuffle(settings)
    capacity = draw_capacity(rng)
    naive = NaiveTorch(
        capacity,
        total=total,
        expandable=expandable,
        max_split=max_split,
        divisions=divisions,
        gc_threshold=gc_threshold,
        fraction=fraction,
        by_address=by_address,
    )
    return Case("torch-cuda", ",".join(settings), capacity, total, requests, naive)


def draw_bfc(rng: random.Random) -> Case:
    requests = random_requests(rng, rng.randrange(5, 90))
    capacity = draw_capacity(rng)
    limit = rng.choice([None, rng.randrange(20, 800)])
    settings: list[str] = []
    if limit is not None:
        settings.append(f"memory_limit_mb:{limit}")
    stop = limit * MIB if limit is not None else HUGE if capacity is None else capacity
    grows = rng.random() < 0.7 or stop == HUGE
    if not grows:
        settings.append("allow_growth:False")
        if limit is None:
            stop = stop // 256 * 256
    collects = rng.random() < 0.4
    if collects:
        settings.append("garbage_collection:True")
    waste = 128 * MIB
    if stop < HUGE and rng.random() < 0.3:
        settings.append("fragmentation_fraction:0.25")
        waste = int(0.25 * stop)
    first = 2 * MIB if grows else stop
    naive = NaiveArena(capacity, limit=stop, first=first, waste=waste, collects=collects)
    return Case("bfc", ",".join(settings), capacity, 0, requests, naive)


def draw_ort(rng: random.Random) -> Case:
    requests = random_requests(rng, rng.randrange(5, 90))
    capacity = draw_capacity(rng)
    settings: list[str] = []
    exact = rng.random() < 0.4
    if exact:
        settings.append("arena_extend_strategy:kSameAsRequested")
    first, waste, limit = MIB, 128 * MIB, HUGE
    if rng.random() < 0.3:
        first = rng.choice([1, 5000, 3 * MIB])
        settings.append(f"initial_chunk_size_bytes:{first}")
    if rng.random() < 0.3:
        waste = rng.choice([256, 65536])
        settings.append(f"max_dead_bytes_per_chunk:{waste}")
    if rng.random() < 0.3:
        limit = rng.randrange(1, 600 * MIB)
        settings.append(f"max_mem:{limit}")
    naive = NaiveArena(
        capacity, ort=True, limit=limit, first=first, waste=waste, exact_growth=exact
    )
    return Case("onnxruntime", ",".join(settings), capacity, 0, requests, naive)


def difference(case: Case) -> str:
    """What the core and the naive account say differently; empty if nothing."""
    core = _core.replay(
        case.allocator,
        _core.Requests(case.requests),
        case.settings,
        case.capacity,
        total=case.total,
        blocks=True,
    )
    naive = case.naive.run(case.requests)
    asked = sum(kind == "alloc" for kind, *_ in case.requests)
    placements = naive.placements + [(-1, 0)] * (asked - len(naive.placements))
    if core.placements != placements:
        pairs = enumerate(zip(core.placements, placements, strict=True))
        return next(
            f"allocation {i}: {ours} != {plain}" for i, (ours, plain) in pairs if ours != plain
        )
    for name in COUNTERS:
        if getattr(core, name) != getattr(naive, name):
            return f"{name}: {getattr(core, name)} != {getattr(naive, name)}"
    if core.runs != (naive.failed_request is None):
        return "runs"
    return "" if core.blocks == naive.blocks else f"blocks: {core.blocks} != {naive.blocks}"
