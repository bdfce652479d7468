"""The memory of results, threads, and forks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import shapewright as sw
from random_layouts import same_bits
from shapewright import _core

MIB = 2**20
BLOCK = 2 * MIB


def test_a_large_result_is_aligned_and_its_memory_used_again() -> None:
    _core.trim_pool()
    in_use, kept, _ = _core.pool_bytes()
    assert kept == 0
    x = np.arange(3 * MIB // 4, dtype="f4").reshape(3, -1)
    y = sw.permute(x, (1, 0))
    assert y.ctypes.data % BLOCK == 0
    assert _core.pool_bytes()[:2] == (in_use + 2 * BLOCK, 0)
    view = y[5:, 1:]
    address = y.ctypes.data
    del y
    assert _core.pool_bytes()[0] == in_use + 2 * BLOCK  # the view keeps it
    del view
    assert _core.pool_bytes()[:2] == (in_use, 2 * BLOCK)
    again = sw.permute(x, (1, 0))
    assert again.ctypes.data == address
    assert same_bits(again, np.ascontiguousarray(x.T))
    del again
    _core.trim_pool()
    assert _core.pool_bytes()[1] == 0


def test_a_small_result_is_numpys_own() -> None:
    y = sw.permute(np.zeros((3, 100)), (1, 0))
    assert y.flags.owndata


@pytest.mark.parametrize("limit", [0, 8 * MIB])
def test_what_is_kept_is_bounded(limit: int) -> None:
    code = """
import numpy as np, shapewright as sw
from shapewright import _core
x = np.zeros((3, MIB // 2), 'f8')
ys = [sw.permute(x, (1, 0)) for _ in range(4)]
print(*_core.pool_bytes())
del ys
print(*_core.pool_bytes())
""".replace("MIB", str(MIB))
    environment = {**os.environ, "SHAPEWRIGHT_POOL_BYTES": str(limit)}
    run = [sys.executable, "-c", code]
    text = subprocess.check_output(run, text=True, env=environment)
    before, after = ([int(word) for word in line.split()] for line in text.splitlines())
    assert before == [4 * 12 * MIB, 0, limit]
    assert after[0] == 0
    assert after[1] <= limit


def test_memory_is_freed_when_a_call_fails() -> None:
    in_use = _core.pool_bytes()[0]
    xs = [np.zeros((1024, 1024), "f8"), np.zeros(3, "f8")]
    with pytest.raises(sw.PatternError):
        sw.rearrange_many(xs, "a b -> b a")
    assert _core.pool_bytes()[0] == in_use


def test_many_python_threads_at_once() -> None:
    rng = np.random.default_rng(1)
    shapes = [(8, 9), (70, 90), (300, 501), (900, 1100)]
    sources = [rng.integers(0, 2**31, shape).astype("i4") for shape in shapes]
    wrong: list[str] = []

    def work(seed: int) -> None:
        own = np.random.default_rng(seed)
        for _ in range(60):
            x = sources[int(own.integers(len(sources)))]
            rows = int(own.integers(1, x.shape[0] + 1))
            part = x[:rows]
            if not (sw.permute(part, (1, 0)) == part.T).all():
                wrong.append(f"permute {part.shape}")
            y = sw.rearrange(part, "a b -> b a", dtype="f64", scale=2.0)
            if not (y == part.T * 2.0).all():
                wrong.append(f"rearrange {part.shape}")
            batch = sw.pad_stack([part[i] for i in range(min(rows, 5))])
            if not (batch == part[:5]).all():
                wrong.append(f"pad_stack {part.shape}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_gil_is_free_during_a_long_copy() -> None:
    x = np.zeros((4096, 4096), "f4")
    out = np.empty((4096, 4096), "f4")
    done = threading.Event()
    ticks = 0

    def copy() -> None:
        for _ in range(5):
            sw.permute(x, (1, 0), out=out, threads=1)
        done.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(100)  # nobody is made to give the GIL up
    try:
        thread = threading.Thread(target=copy)
        thread.start()
        while not done.is_set():
            ticks += 1
            done.wait(1e-4)
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert ticks > 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_goes_on() -> None:
    code = """
import os, warnings, numpy as np, shapewright as sw
warnings.simplefilter("ignore")
x = np.arange(3_000_000.0).reshape(1000, 3000)
kept = sw.permute(x, (1, 0))
child = os.fork()
y = sw.permute(x, (1, 0))
right = (y == x.T).all() and (kept == x.T).all()
if child == 0:
    os._exit(0 if right else 1)
assert right
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_threads_of_the_process() -> None:
    code = "from shapewright import _core; print(_core.default_threads())"
    environment = {**os.environ, "SHAPEWRIGHT_NUM_THREADS": "3"}
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, text=True, env=environment).strip() == "3"


def test_threadpoolctl_sees_our_threads() -> None:
    pytest.importorskip("threadpoolctl")
    code = """
import threadpoolctl
from shapewright import _core
from shapewright.arrays.threads import register_threadpoolctl
register_threadpoolctl()
register_threadpoolctl()
before = _core.default_threads()
with threadpoolctl.threadpool_limits(1, user_api="shapewright"):
    assert _core.default_threads() == 1
assert _core.default_threads() == before
(info,) = [i for i in threadpoolctl.threadpool_info() if i["user_api"] == "shapewright"]
assert info["num_threads"] == before
assert info["version"] == _core.__version__
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


@pytest.mark.parametrize("module", ["torch", "jax", "ml_dtypes", "threadpoolctl"])
def test_frameworks_are_not_imported_for_numpy_arrays(module: str) -> None:
    code = f"""
import sys, numpy as np, shapewright as sw
sw.normalize_images(sw.pad_stack([np.zeros((2, 2, 3), "u1")]), 0, 1)
sw.lazy(np.zeros(3)).pad((1, 1)).run()
assert {module!r} not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
