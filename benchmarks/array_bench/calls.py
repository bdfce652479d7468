"""What does not fit the sets: images, results that are new each time, and very small arrays."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import shapewright as sw
from array_bench.buffers import Arenas, last_level_cache_bytes
from array_bench.cases import Array
from array_bench.rounds import Candidate, in_a_row, interleaved, spread

IMAGES = (64, 224, 224, 3)
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
IMAGE_PAIRS = 3

# Prepares a rival's call on images: source, result to write, mean, std.
PrepareImages = Callable[[Array, Array, Array, Array], Callable[[], object]]


def numpy_images(x: Array, y: Array, mean: Array, std: Array) -> Callable[[], object]:
    def call() -> None:
        y[...] = ((x.astype(np.float32) / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)

    return call


def images_arena_bytes() -> int:
    return IMAGE_PAIRS * int(np.prod(IMAGES)) * 4


def bench_images(
    arenas: Arenas,
    *,
    rounds: int,
    threads: int,
    rivals: dict[str, PrepareImages],
    rival_rounds: int,
) -> dict[str, Any]:
    """uint8 NHWC -> float32 NCHW normalised, against our own linear copy of the same bytes."""
    items = int(np.prod(IMAGES))
    batch, height, width, channels = IMAGES
    ours: dict[int, list[Callable[[], object]]] = {1: [], threads: []}
    linear: dict[int, list[Callable[[], object]]] = {1: [], threads: []}
    theirs: dict[str, list[Callable[[], object]]] = {name: [] for name in rivals}
    pairs = []
    for number in range(IMAGE_PAIRS):
        flat = arenas.src[number * items : (number + 1) * items]
        flat_out = arenas.dst[number * items * 4 : (number + 1) * items * 4].view(np.float32)
        x = flat.reshape(IMAGES)
        y = flat_out.reshape(batch, channels, height, width)
        pairs.append((x, y))
        for n in ours:
            ours[n].append(partial(sw.normalize_images, x, MEAN, STD, out=y, threads=n))
            linear[n].append(partial(sw.copy, flat, flat_out, threads=n))
        for name, prepare in rivals.items():
            theirs[name].append(prepare(x, y, MEAN, STD))
    x, y = pairs[0]
    y[...] = np.nan
    ours[1][0]()
    got = y.copy()
    numpy_images(x, y, MEAN, STD)()
    bit_equal = bool(np.array_equal(got.view(np.uint32), y.view(np.uint32)))
    labels = {1: "1", threads: "all"} if threads > 1 else {1: "1"}
    candidates = {}
    for n, label in labels.items():
        for what, calls in (("ours", ours[n]), ("linear u8 -> f32", linear[n])):
            candidates[f"{what} {label}"] = Candidate(calls, [1.0] * IMAGE_PAIRS, 3 * rounds)
    for name, calls in theirs.items():
        candidates[name] = Candidate(calls, [1.0] * IMAGE_PAIRS, min(rounds, rival_rounds))
    times = interleaved(candidates)
    result: dict[str, Any] = {"shape": IMAGES, "bit_equal": bit_equal, "times": times}
    for label in labels.values():
        limit, own = times[f"linear u8 -> f32 {label}"]["us"], times[f"ours {label}"]["us"]
        result[f"score {label}"] = limit / own
    return result


FRESH_SHAPES = ((512, 512), (2048, 2048), (7248, 7248))
PrepareFresh = Callable[[Array], Callable[[], object]]


def fresh_arena_bytes() -> int:
    return max(rows * cols * 4 for rows, cols in FRESH_SHAPES)


def bench_fresh(
    arenas: Arenas, *, rounds: int, threads: int, rivals: dict[str, PrepareFresh], rival_rounds: int
) -> list[dict[str, Any]]:
    """A transpose into a result that is made by the call and dropped after it; float32."""
    found = []
    for shape in FRESH_SHAPES:
        x = arenas.src[: shape[0] * shape[1] * 4].view(np.float32).reshape(shape)
        repeats = max(1, last_level_cache_bytes() // x.nbytes)

        def often(call: Callable[[], object], rounds: int, repeats: int = repeats) -> Candidate:
            return Candidate([in_a_row([call] * repeats)], [repeats], rounds)

        calls: dict[str, Callable[[], object]] = {
            "ours 1": partial(sw.permute, x, (1, 0), threads=1),
            "ours all": partial(sw.permute, x, (1, 0), threads=threads),
            "x.copy()": x.copy,
        }
        candidates = {name: often(call, rounds) for name, call in calls.items()}
        candidates |= {
            name: often(prepare(x), min(rounds, rival_rounds)) for name, prepare in rivals.items()
        }
        times = interleaved(candidates)
        found.append({"shape": shape, "bytes": x.nbytes, "times": times})
    return found


SMALL_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    *(((side, side), (1, 0)) for side in (4, 8, 16, 32, 64, 128, 256)),
    *(((n, 4, 4, 4), (0, 3, 1, 2)) for n in (1, 4, 16, 64, 256, 1024)),
)


def bench_small(arenas: Arenas, *, rounds: int) -> list[dict[str, Any]]:
    """Nanoseconds a call in the cache, 64 B to 256 KiB of float32, `out` given."""
    found = []
    for shape, axes in SMALL_SHAPES:
        size = int(np.prod(shape)) * 4
        x = arenas.src[:size].view(np.float32).reshape(shape)
        y = arenas.dst[:size].view(np.float32).reshape(x.transpose(axes).shape)
        loops = max(50, min(5000, (8 << 20) // size))

        def ours(x: Array = x, y: Array = y, axes: Any = axes, loops: int = loops) -> None:
            permute = sw.permute
            for _ in range(loops):
                permute(x, axes, out=y)

        def numpy(x: Array = x, y: Array = y, axes: Any = axes, loops: int = loops) -> None:
            copyto = np.copyto
            for _ in range(loops):
                copyto(y, x.transpose(axes))

        times: dict[str, list[float]] = {"ours": [], "numpy": []}
        for number in range(3 * rounds + 1):
            for name, call in (("ours", ours), ("numpy", numpy)):
                start = time.perf_counter_ns()
                call()
                elapsed = time.perf_counter_ns() - start
                if number:
                    times[name].append(elapsed / loops)
        row: dict[str, Any] = {"shape": shape, "axes": axes, "bytes": size}
        for name, series in times.items():
            row[f"{name} ns"] = spread(series)["us"]  # the series is in nanoseconds here
        found.append(row)
    return found
