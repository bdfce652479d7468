"""Kernels of the cases, compiled by several processes before anything is timed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from array_bench.cases import Case

from shapewright import _core
from shapewright.cuda.choose import plan_move
from shapewright.cuda.plan import layouts_of
from shapewright.cuda.view import dense_strides

MOST_PROCESSES = 16


def kernels_of(case: Case, item_bytes: int) -> set[str]:
    """Names of the kernels that move a case of dense, aligned arrays."""
    assert case.axes is not None
    strides = dense_strides(tuple(case.shape), item_bytes)
    view = _core.View(case.shape, strides).permute(case.axes)
    layouts = layouts_of(view, item_bytes, dense_strides(tuple(view.shape), item_bytes))
    return {step.kernel for _, layout in layouts for step in plan_move(layout, 0, 0)}


def _compile(names: Sequence[str], capability: tuple[int, int]) -> None:
    from shapewright.cuda.cache import cubin_of

    for name in names:
        cubin_of(name, capability)


def warm(cases: Sequence[Case], capability: tuple[int, int]) -> int:
    """Leaves the machine code of all cases in the cache on disk; how many kernels there are."""
    names = sorted({"copy_16"}.union(*(kernels_of(c, c.src_bytes // _items(c)) for c in cases)))
    processes = min(MOST_PROCESSES, os.cpu_count() or 1)
    # Children take no part in what the parent has of CUDA.
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawning) as pool:
        parts = [names[k::processes] for k in range(processes)]
        list(pool.map(_compile, parts, [capability] * processes))
    return len(names)


def _items(case: Case) -> int:
    return int(np.prod(case.shape, dtype=np.int64))
