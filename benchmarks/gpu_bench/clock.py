"""Times of work on a GPU, by its own events, and of calls on the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

Work = Callable[[int], Any]  # of the number of the pair of buffers
CACHE_BYTES = 512 << 20  # more than any last-level cache
MOST_PAIRS = 32


def pairs_for(case_bytes: int) -> int:
    """Pairs of source and result, so that none is still in the cache when its turn comes again."""
    return max(1, min(MOST_PAIRS, -(-CACHE_BYTES // max(1, case_bytes))))


def captured(torch: Any, work: Work, pairs: int) -> Callable[[], Any] | None:
    """The work on every pair as one CUDA graph, so that the host's part of a call is left out of
    its time; None for what cannot be captured."""
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            for pair in range(pairs):
                work(pair)
    except Exception:
        torch.cuda.synchronize()
        return None
    return graph.replay  # type: ignore[no-any-return]


def device_us(
    torch: Any,
    candidates: Mapping[str, Work],
    pairs: int,
    rounds: int,
    *,
    alone: Sequence[str] = (),
) -> dict[str, Any]:
    """Microseconds a call of each candidate, in turns: median, least and most of the rounds.

    `is_graph` says whether calls were replayed from a graph; those in `alone` never are.
    """
    runs: dict[str, Callable[[], Any]] = {}
    is_graph = {}
    for name, work in candidates.items():
        work(0)
        torch.cuda.synchronize()
        replay = None if name in alone else captured(torch, work, pairs)
        is_graph[name] = replay is not None
        runs[name] = replay or _each(work, pairs)
        runs[name]()
    torch.cuda.synchronize()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    names = list(candidates)
    for r in range(rounds):
        for name in names[r % len(names) :] + names[: r % len(names)]:
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            runs[name]()
            end.record()
            end.synchronize()
            times[name].append(1e3 * start.elapsed_time(end) / pairs)
    return {
        name: {
            "us": median(row),
            "least_us": min(row),
            "most_us": max(row),
            "is_graph": is_graph[name],
        }
        for name, row in times.items()
    }


def _each(work: Work, pairs: int) -> Callable[[], Any]:
    def run() -> None:
        for pair in range(pairs):
            work(pair)

    return run


def host_us(torch: Any, call: Callable[[], Any], calls: int = 500, rounds: int = 7) -> float:
    """Microseconds of host time a call takes to return, without waiting for the GPU."""
    call()
    found = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        found.append(1e6 * (time.perf_counter() - start) / calls)
    torch.cuda.synchronize()
    return median(found)


def wall_us(torch: Any, call: Callable[[], Any], rounds: int = 7) -> float:
    """Microseconds from a call to the end of its work."""
    call()
    found = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        found.append(1e6 * (time.perf_counter() - start))
    return median(found)
