"""Where the data lies: two arenas on huge pages, touched once; cases are carved out of them."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from array_bench.cases import Array, Case

HUGE_PAGE = 2 << 20
MOST_PAIRS = 2048  # of small tensors: their calls are timed apart


def last_level_cache_bytes() -> int:
    try:
        found = os.sysconf("SC_LEVEL3_CACHE_SIZE")
    except (AttributeError, OSError, ValueError):
        found = 0
    return found if found > 0 else 32 << 20


def available_bytes() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 8 << 30


def round_up(size: int, step: int) -> int:
    return -(-size // step) * step


def empty_on_huge_pages(size: int) -> Array:
    """Bytes at a multiple of 2 MiB, on huge pages where the system gives them; untouched."""
    if os.name != "posix":
        return np.empty(size, np.uint8)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    block = mmap.mmap(-1, round_up(size, HUGE_PAGE) + HUGE_PAGE, flags=flags)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        block.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(block, np.uint8)
    start = -whole.ctypes.data % HUGE_PAGE
    return whole[start : start + size]


@dataclass(frozen=True)
class Slots:
    """How a case lies in the arenas: `pairs` pairs, one every `stride` bytes."""

    pairs: int
    stride: int
    cold: bool  # a pair has left the last-level cache when its turn comes again

    @property
    def bytes(self) -> int:
        return self.pairs * self.stride


def slots_of(case: Case) -> Slots:
    """Pairs that together fill four last-level caches: at least 3, or 2 of large tensors."""
    size = max(case.src_bytes, case.out_bytes)
    cold = 4 * last_level_cache_bytes()
    if size >= cold:
        pairs = 2 if size < 512 << 20 else 1
    else:
        pairs = min(max(3, -(-cold // (case.src_bytes + case.out_bytes))), MOST_PAIRS)
    stride = round_up(size, HUGE_PAGE if size >= HUGE_PAGE else 64)
    return Slots(pairs, stride, pairs * (case.src_bytes + case.out_bytes) >= cold)


@dataclass(frozen=True)
class Pair:
    x: Array
    y: Array
    src: Array  # bytes of a plain copy of the same size as the result
    dst: Array


@dataclass(frozen=True)
class Batch:
    """What one turn moves; small tensors lie side by side, so that one copy can move them all."""

    pairs: Sequence[Pair]
    src: Array
    dst: Array
    copied_pairs: float  # how many results' worth of bytes a copy of `src` moves


class Arenas:
    def __init__(self, size: int) -> None:
        self.src = empty_on_huge_pages(size)
        self.dst = empty_on_huge_pages(size)
        # A prime period: no displacement by a size of a tensor goes unseen.
        noise = np.random.default_rng(0).integers(0, 256, 8_388_617, np.uint8)
        for start in range(0, size, len(noise)):
            part = self.src[start : start + len(noise)]
            part[:] = noise[: len(part)]
        self.dst[:] = 0

    def batches(self, case: Case) -> list[Batch]:
        """One batch of all pairs, or a batch a pair if one alone leaves the cache."""
        slots = slots_of(case)
        size = case.out_bytes
        pairs = [self._pair(case, i * slots.stride) for i in range(slots.pairs)]
        if size >= 4 * last_level_cache_bytes():
            return [Batch([pair], pair.src, pair.dst, 1.0) for pair in pairs]
        whole = slots.bytes
        return [Batch(pairs, self.src[:whole], self.dst[:whole], whole / size)]

    def _pair(self, case: Case, start: int) -> Pair:
        src = self.src[start : start + case.src_bytes]
        dst = self.dst[start : start + case.out_bytes]
        return Pair(
            src.view(case.numpy_dtype).reshape(case.shape),
            dst.view(case.numpy_dtype).reshape(case.out_shape),
            self.src[start : start + case.out_bytes],
            dst,
        )


def differs(moved: Array, y: Array) -> bool:
    """Whether any byte of `y` is not that of `moved`; in blocks, for the sake of the caches."""
    words = {1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}[y.dtype.itemsize]
    open_blocks: list[tuple[Array, Array]] = [(moved, y)]
    while open_blocks:
        a, b = open_blocks.pop()
        if a.size > 1 << 16:
            axis = int(np.argmax(a.shape))
            half = a.shape[axis] // 2
            before: list[Any] = [slice(None)] * a.ndim
            after = list(before)
            before[axis], after[axis] = slice(None, half), slice(half, None)
            open_blocks += [
                (a[tuple(before)], b[tuple(before)]),
                (a[tuple(after)], b[tuple(after)]),
            ]
        elif words == "c16":
            dense = np.ascontiguousarray(a).view("u8"), np.ascontiguousarray(b).view("u8")
            if not np.array_equal(*dense):
                return True
        elif not np.array_equal(a.view(words), b.view(words)):
            return True
    return False


def huge_page_state() -> dict[str, str]:
    """The system's mode, and how much of this process lies on huge pages."""
    state = {}
    mode = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    rollup = Path("/proc/self/smaps_rollup")
    if mode.exists():
        state["mode"] = mode.read_text().strip()
    if rollup.exists():
        for line in rollup.read_text().splitlines():
            if line.startswith(("Rss:", "AnonHugePages:")):
                name, value = line.split(":")
                state[name] = value.strip()
    return state
