"""How candidates are timed: in turns, round after round; and the limit they are held to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import shapewright as sw
from array_bench.buffers import Arenas, Batch, Pair, differs, slots_of
from array_bench.cases import Case

CACHED_BYTES = 4 << 20  # a copy of so few bytes keeps to the cache on every machine
HUGE_TENSOR = 1 << 30


@dataclass(frozen=True)
class Candidate:
    """One of `turns` is called in a round; `results`: how many results each of them makes."""

    turns: Sequence[Callable[[], object]]
    results: Sequence[float]
    rounds: int

    @classmethod
    def one(cls, call: Callable[[], object], rounds: int) -> Candidate:
        return cls([call], [1.0], rounds)


def interleaved(candidates: dict[str, Candidate]) -> dict[str, dict[str, float]]:
    """Microseconds a result: median, p10 and p90. The first round warms up and is dropped.

    A candidate that has had its rounds leaves. Each round begins with another one; if there is more
    than one batch, neighbours move different ones.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    turns = list(enumerate(candidates.items()))
    for number in range(max(candidate.rounds for candidate in candidates.values()) + 1):
        first = number % len(turns)
        for place, (name, candidate) in turns[first:] + turns[:first]:
            if number > candidate.rounds:
                continue
            turn = (number + place) % len(candidate.turns)
            call = candidate.turns[turn]
            start = time.perf_counter_ns()
            call()
            elapsed = time.perf_counter_ns() - start
            if number > 0:
                times[name].append(elapsed / 1000 / candidate.results[turn])
    return {name: spread(series) for name, series in times.items()}


def spread(series: Sequence[float]) -> dict[str, float]:
    low, middle, high = np.percentile(series, (10, 50, 90))
    return {"us": float(middle), "p10": float(low), "p90": float(high)}


def move(case: Case, threads: int, pair: Pair) -> Callable[[], object]:
    """Our call on one pair."""
    if case.axes is None:
        return partial(sw.copy, case.moved(pair.x), pair.y, threads=threads)
    return partial(sw.permute, pair.x, case.axes, out=pair.y, threads=threads)


def in_a_row(calls: Sequence[Callable[[], object]]) -> Callable[[], object]:
    if len(calls) == 1:
        return calls[0]

    def all_of_them() -> None:
        for call in calls:
            call()

    return all_of_them


def over_pairs(
    batches: Sequence[Batch], rounds: int, prepare: Callable[[Pair], Callable[[], object]]
) -> Candidate:
    turns = [in_a_row([prepare(pair) for pair in batch.pairs]) for batch in batches]
    return Candidate(turns, [len(batch.pairs) for batch in batches], rounds)


def plain_copies(batches: Sequence[Batch], rounds: int, threads: int) -> dict[str, Candidate]:
    """The four plain copies: memcpy; streamed, one thread and all; cached, all threads.

    A streamed copy moves the whole batch in one call, because that of one small tensor would stay
    in the cache.
    """

    def memcpy(pair: Pair) -> Callable[[], object]:
        return partial(np.copyto, pair.dst, pair.src)

    def cached(pair: Pair) -> Callable[[], object]:
        starts = range(0, len(pair.src), CACHED_BYTES)
        parts = [(pair.src[i : i + CACHED_BYTES], pair.dst[i : i + CACHED_BYTES]) for i in starts]
        return in_a_row([partial(sw.copy, src, dst, threads=threads) for src, dst in parts])

    def streamed(threads: int) -> Candidate:
        def turn(batch: Batch) -> Callable[[], object]:
            return partial(sw.copy, batch.src, batch.dst, threads=threads)

        moved = [batch.copied_pairs for batch in batches]
        return Candidate([turn(batch) for batch in batches], moved, rounds)

    copies = {"memcpy 1": over_pairs(batches, rounds, memcpy), "streamed 1": streamed(1)}
    if threads > 1:
        copies["streamed all"] = streamed(threads)
        copies["cached all"] = over_pairs(batches, rounds, cached)
    return copies


def is_right(case: Case, pair: Pair, threads: int) -> bool:
    """Whether the call gives NumPy's bytes over a result that was full of others."""
    pair.dst[:] = 0xA5
    move(case, threads, pair)()
    return not differs(case.moved(pair.x), pair.y)


Prepare = Callable[[Case, Pair], Callable[[], object]]


def bench_case(
    case: Case,
    arenas: Arenas,
    *,
    rounds: int,
    threads: int,
    rivals: dict[str, Prepare],
    rival_rounds: int,
) -> dict[str, Any]:
    """One row: the times of all, and the scores, which are time of the limit / time of ours."""
    batches = arenas.batches(case)
    if max(case.src_bytes, case.out_bytes) > HUGE_TENSOR:
        rounds = min(rounds, 5)
    counts = [1, threads] if threads > 1 else [1]
    first = batches[0].pairs[0]
    wrong = [count for count in counts if not is_right(case, first, count)]
    labels = {1: "ours 1", threads: "ours all"} if threads > 1 else {1: "ours 1"}
    candidates = {
        label: over_pairs(batches, rounds, partial(move, case, count))
        for count, label in labels.items()
    }
    candidates |= plain_copies(batches, rounds, threads)
    failed = {}
    for name, prepare in rivals.items():
        try:
            call = over_pairs(batches, min(rounds, rival_rounds), partial(prepare, case))
            call.turns[0]()
        except Exception as error:  # a rival that cannot do it is a result
            failed[name] = f"{type(error).__name__}: {error}"[:120]
        else:
            candidates[name] = call
    times = interleaved(candidates)
    slots = slots_of(case)
    row: dict[str, Any] = {
        "set": case.set,
        "name": case.name,
        "dtype": case.dtype,
        "shape": case.shape,
        "axes": case.axes,
        "bytes": case.out_bytes,
        "pairs": slots.pairs,
        "cold": slots.cold,
        "rounds": rounds,
        "right": not wrong,
        "times": times,
        **scores(times),
    }
    if failed:
        row["failed"] = failed
    return row


def scores(times: dict[str, dict[str, float]]) -> dict[str, float]:
    """Against the best plain copy (of one thread, of any number) and against memcpy."""
    middle = {name: value["us"] for name, value in times.items()}
    one = min(middle["memcpy 1"], middle["streamed 1"])
    found = {
        "score 1": one / middle["ours 1"],
        "memcpy score 1": middle["memcpy 1"] / middle["ours 1"],
    }
    if "ours all" in middle:
        all_threads = min(middle["streamed all"], middle["cached all"])
        found["score all"] = min(one, all_threads) / middle["ours all"]
        found["memcpy score all"] = middle["memcpy 1"] / middle["ours all"]
        found["gain"] = middle["ours 1"] / middle["ours all"]
        found["copy gain"] = one / all_threads
    return found
