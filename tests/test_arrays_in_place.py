"""Matrices transposed in their own memory: against NumPy, with nothing moved beside it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import shapewright as sw
from random_layouts import DTYPES, Array, random_bytes
from shapewright import _core

GUARD = 4096
MIB = 2**20


def guarded(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> tuple[Array, Array]:
    """An array of random bytes, and the memory it lies in: GUARD bytes more at either end."""
    count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    raw = rng.integers(0, 2 if dtype == "?" else 256, count + 2 * GUARD + 16, dtype=np.uint8)
    start = GUARD + int(rng.integers(0, 16))
    x: Array = raw[start : start + count].view(dtype).reshape(shape)
    return x, raw


def check(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    dtype: str,
    max_scratch: int | None,
    threads: int | None = None,
) -> None:
    x, raw = guarded(rng, shape, dtype)
    before = raw.copy()
    want = np.swapaxes(x, -1, -2).tobytes()
    y = sw.transpose_inplace(x, max_scratch=max_scratch, threads=threads)
    case = (shape, dtype, max_scratch, threads)
    assert y.shape == (*shape[:-2], shape[-1], shape[-2]), case
    assert y.dtype == x.dtype, case
    assert y.ctypes.data == x.ctypes.data, case
    assert y.tobytes() == want, case
    start = x.ctypes.data - raw.ctypes.data
    assert (raw[:start] == before[:start]).all(), case
    assert (raw[start + x.nbytes :] == before[start + x.nbytes :]).all(), case


SHAPES: list[tuple[int, ...]] = [
    (0, 5), (5, 0), (0, 0), (1, 1), (1, 7), (7, 1), (2, 2), (2, 3), (3, 2), (4, 0, 3, 2),
    (16, 16), (17, 17), (64, 64), (127, 127), (128, 128), (257, 257), (300, 300), (3, 129, 129),
    (128, 64), (64, 128), (96, 384), (384, 96), (1000, 3), (3, 1000), (9973, 2), (2, 9973),
    (101, 103), (127, 1021), (1021, 127), (1009, 1013), (499, 1000), (997, 64), (64, 997),
    (5, 40, 30), (2, 3, 61, 67), (1000, 3, 5), (700, 16, 16), (2, 400, 300), (4, 1, 500, 31),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["u1", "V3", "f4", "c16", "V100"])
def test_shape(shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(20)
    rows, cols = shape[-2:]
    item = np.dtype(dtype).itemsize
    least = least_scratch(rows, cols, item)
    check(rng, shape, dtype, None)
    check(rng, shape, dtype, None, threads=1)
    for scratch in (least, 3 * least, 10**9):
        check(rng, shape, dtype, scratch, threads=3)


def least_scratch(rows: int, cols: int, item: int) -> int:
    """What the documentation promises to do with."""
    line = max(64, item) // item * item
    if rows == cols:
        tile = min(rows, max(1, 64 // item))
        return min(rows * cols * item, tile * (-(-tile * item // 64) * 64 + 64))
    return min(rows * cols * item, 2 * min(rows, cols) * line)


def test_random_cases() -> None:
    rng = np.random.default_rng(21)
    for _ in range(300):
        dtype = str(rng.choice(DTYPES))
        square = rng.random() < 0.3
        rows = int(rng.integers(1, 700))
        cols = rows if square else int(rng.integers(1, 700))
        lead = tuple(int(n) for n in rng.integers(0 if rng.random() < 0.05 else 1, 4,
                                                  rng.integers(0, 3)))  # fmt: skip
        least = least_scratch(rows, cols, np.dtype(dtype).itemsize)
        scratch = None if rng.random() < 0.4 else least + int(rng.integers(0, 40 * least + 1))
        check(rng, (*lead, rows, cols), dtype, scratch, threads=int(rng.integers(1, 5)))


# Longer than the cache, so that stores go past it.
@pytest.mark.parametrize("shape", [(3001, 3001), (2048, 2048), (1024, 3072), (3067, 1021)], ids=str)
def test_long_arrays(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(22)
    for max_scratch in (None, 256 << 10):
        check(rng, shape, "f4", max_scratch)


# rows, cols, bytes of an item, max_scratch -> method, passes
PLANS = [
    (1, 5, 4, None, "nothing", 0),
    (8192, 8192, 4, None, "swap", 1),
    (100, 90, 4, None, "whole", 1),
    (4096, 12288, 4, None, "column panels", 2),
    (12288, 4096, 4, None, "row panels", 2),
    (10_000_000, 3, 4, None, "row panels", 2),
    (3, 10_000_000, 4, None, "column panels", 2),
    (10007, 20011, 4, None, "column panels", 3),
    (20011, 10007, 4, None, "row panels", 3),
    (4096, 12288, 4, 1 << 20, "column panels", 2),
]


@pytest.mark.parametrize(("rows", "cols", "item", "scratch", "method", "passes"), PLANS)
def test_plan(
    rows: int, cols: int, item: int, scratch: int | None, method: str, passes: int
) -> None:
    found = _core.plan_inplace(1, rows, cols, item, scratch)
    assert found[:2] == (method, passes)
    assert found[2] <= (scratch or max(256 << 10, rows * cols * item // 8))


def test_scratch_is_what_the_plan_says_and_within_the_bound() -> None:
    rng = np.random.default_rng(23)
    for _ in range(200):
        rows, cols, item = (int(n) for n in rng.integers(2, [3000, 3000, 20]))
        least = least_scratch(rows, cols, item)
        most = least + int(rng.integers(0, 20 * least))
        _, passes, scratch = _core.plan_inplace(1, rows, cols, item, most, 4)
        assert 0 < scratch <= most
        assert 1 <= passes <= 3
        if rows * cols < 200_000:
            x = random_bytes(rng, (rows, cols), f"V{item}")
            assert _core.transpose_inplace(x, most, 4) == (passes, scratch)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident size as Linux counts it")
@pytest.mark.parametrize("shape", [(4096, 4096), (2048, 6144), (4099, 3001)], ids=str)
def test_resident_memory_grows_by_the_scratch_alone(shape: tuple[int, int]) -> None:
    scratch = MIB
    code = f"""
import resource, numpy as np, shapewright as sw
small = np.zeros((300, 200), "f4")
sw.transpose_inplace(small)
x = np.arange({shape[0] * shape[1]}, dtype="f4").reshape({shape})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
y = sw.transpose_inplace(x, max_scratch={scratch}, threads=2)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
n, m = {shape}
assert y[1, 0] == 1 and y[0, 1] == m and y[m - 1, n - 1] == n * m - 1
print(1024 * grown)
"""
    grown = int(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert grown <= scratch + MIB  # the engine's own tiles and the threads' stacks


def test_a_part_of_an_array_is_turned_alone() -> None:
    x = np.arange(5 * 6 * 7).reshape(5, 6, 7)
    before = x.copy()
    y = sw.transpose_inplace(x[2:4])
    assert (y == before[2:4].swapaxes(1, 2)).all()
    assert (x[:2] == before[:2]).all()
    assert (x[4:] == before[4:]).all()


def test_twice_is_once_back() -> None:
    x = np.arange(6 * 123 * 457, dtype="f4").reshape(6, 123, 457)
    before = x.copy()
    assert (sw.transpose_inplace(sw.transpose_inplace(x)) == before).all()


def test_of_other_kinds() -> None:
    buffer = memoryview(bytearray(range(6))).cast("B", (2, 3))
    assert sw.transpose_inplace(buffer).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert bytes(buffer) == bytes([0, 3, 1, 4, 2, 5])


def test_of_a_tensor() -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(12).reshape(3, 4)
    want, version = x.T.clone(), x._version
    y = sw.transpose_inplace(x)
    assert isinstance(y, torch.Tensor)
    assert (y == want).all()
    assert y.data_ptr() == x.data_ptr()
    assert x._version > version


def read_only() -> Array:
    x = np.zeros((2, 3))
    x.flags.writeable = False
    return x


# code, what the message says, the array, max_scratch
REFUSED = [
    ("in-place-rank", "two axes", np.zeros(5), None),
    ("in-place-rank", "two axes", np.zeros(()), None),
    ("in-place-strides", "not dense", np.zeros((3, 4)).T, None),
    ("in-place-strides", "not dense", np.zeros((3, 8))[:, ::2], None),
    ("in-place-strides", "not dense", np.zeros((3, 4))[::-1], None),
    ("in-place-strides", "not dense", np.broadcast_to(np.zeros(4), (3, 4)), None),
    ("in-place-read-only", "read-only", read_only(), None),
    ("array-dtype", "refer to Python", np.zeros((2, 2), object), None),
    ("array-kind", "list", [[1, 2]], None),
    ("scratch-too-small", "max_scratch of 9 bytes", np.zeros((30, 40)), 9),
    ("scratch-too-small", "less than the 1024", np.zeros((300, 300)), 9),
    ("bytes-syntax", "max_scratch '1M'", np.zeros((30, 40)), "1M"),
    ("bytes-syntax", "negative", np.zeros((30, 40)), -1),
]


@pytest.mark.parametrize(("code", "says", "x", "scratch"), REFUSED)
def test_refused(code: str, says: str, x: Array, scratch: int | None) -> None:
    with pytest.raises(sw.ShapewrightError, match=says) as refusal:
        sw.transpose_inplace(x, max_scratch=scratch)
    assert refusal.value.code == code
