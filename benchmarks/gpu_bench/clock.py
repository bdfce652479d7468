"""Times of work on a GPU, by its own events, and of calls on the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

Work = Callable[[int], Any]  # of the number of the pair of buffers
CACHE_BYTES = 512 << 20  # more than any last-level cache
MOST_PAIRS = 64


def pairs_for(case_bytes: int) -> int:
    """Pairs of source and result, so that none is still in the cache when its turn comes again."""
    return max(1, min(MOST_PAIRS, -(-CACHE_BYTES // max(1, case_bytes))))


def device_us(
    torch: Any, candidates: Mapping[str, Work], pairs: int, rounds: int
) -> dict[str, Any]:
    """Microseconds a call of each candidate, in turns: median, least and most of the rounds."""
    for work in candidates.values():
        work(0)
    torch.cuda.synchronize()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    names = list(candidates)
    for r in range(rounds):
        for name in names[r % len(names) :] + names[: r % len(names)]:
            work = candidates[name]
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for pair in range(pairs):
                work(pair)
            end.record()
            end.synchronize()
            times[name].append(1e3 * start.elapsed_time(end) / pairs)
    return {
        name: {"us": median(row), "least_us": min(row), "most_us": max(row)}
        for name, row in times.items()
    }


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
