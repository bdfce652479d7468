"""Permutations of memory-mapped files: against NumPy, within a budget of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapewright as sw
from random_layouts import DTYPES, Array, random_bytes
from shapewright import _core

KIB, MIB = 2**10, 2**20
LEAST = 64 * KIB


def mapped(path: Path, x: Array, offset: int = 0) -> Any:
    """`x` in a file, from `offset` on, with a mark before and behind it."""
    path.write_bytes(b"\x5a" * offset + x.tobytes() + b"\xa5" * 100)
    return np.memmap(path, x.dtype, "r+", offset, x.shape)


def check(
    folder: Path, rng: np.random.Generator, x: Array, axes: tuple[int, ...], budget: int
) -> None:
    offsets = [int(n) for n in rng.integers(0, 10000, 2)]
    source = mapped(folder / "x", x, offsets[0])
    want = np.ascontiguousarray(x.transpose(axes))
    target = mapped(folder / "y", random_bytes(rng, want.shape, x.dtype), offsets[1])
    out = sw.permute_large(source, axes, target, budget=budget, threads=int(rng.integers(1, 4)))
    case = (x.shape, x.dtype, axes, budget)
    assert out is target
    assert (folder / "x").read_bytes() == b"\x5a" * offsets[0] + x.tobytes() + b"\xa5" * 100, case
    written = (folder / "y").read_bytes()
    assert written == b"\x5a" * offsets[1] + want.tobytes() + b"\xa5" * 100, case
    assert target.tobytes() == want.tobytes(), case  # the mapping sees it too


SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1,), (0,)),
    ((7, 5), (1, 0)),
    ((1, 100_003), (1, 0)),
    ((509, 521), (1, 0)),
    ((512, 512), (0, 1)),
    ((512, 512), (1, 0)),
    ((3, 70_001), (1, 0)),
    ((70_001, 3), (1, 0)),
    ((31, 37, 41), (2, 1, 0)),
    ((31, 37, 41), (1, 2, 0)),
    ((2, 300, 300, 3), (0, 3, 1, 2)),
    ((11, 12, 13, 14), (3, 1, 0, 2)),
    ((2,) * 15, (14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)),
    ((5, 4, 3000), (1, 0, 2)),
]


@pytest.mark.parametrize(("shape", "axes"), SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["u1", "f4", "V3", "c16"])
def test_shape(tmp_path: Path, shape: tuple[int, ...], axes: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(30)
    x = random_bytes(rng, shape, dtype)
    for budget in (LEAST, 300 * KIB, 64 * MIB):
        check(tmp_path, rng, x, axes, budget)


def test_random_cases(tmp_path: Path) -> None:
    rng = np.random.default_rng(31)
    for _ in range(150):
        rank = int(rng.integers(1, 6))
        most = (200_000, 500, 70, 25, 12)[rank - 1]
        shape = tuple(int(n) for n in rng.integers(1, most, rank))
        axes = tuple(int(a) for a in rng.permutation(rank))
        x = random_bytes(rng, shape, str(rng.choice(DTYPES)))
        check(tmp_path, rng, x, axes, LEAST + int(rng.integers(0, 2 * MIB)))


def test_an_item_longer_than_the_least_budget(tmp_path: Path) -> None:
    rng = np.random.default_rng(32)
    check(tmp_path, rng, random_bytes(rng, (3, 2), "V50000"), (1, 0), 100_000)


def test_parts_of_maps_and_npy_files(tmp_path: Path) -> None:
    x = np.arange(20 * 30 * 4, dtype="i4").reshape(20, 30, 4)
    np.save(tmp_path / "x.npy", x)
    source = np.load(tmp_path / "x.npy", mmap_mode="r")
    target = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", np.dtype("i4"), (9, 4, 30, 12))
    target[:] = -1
    target.flush()
    sw.permute_large(source[5:17], (-1, 1, 0), target[3], budget="1MiB")
    y = np.load(tmp_path / "y.npy")
    assert (y[3] == x[5:17].transpose(2, 1, 0)).all()
    assert (y[:3] == -1).all()
    assert (y[4:] == -1).all()


# What was written through the mapping and not flushed is read, too.
def test_unflushed_elements(tmp_path: Path) -> None:
    source = mapped(tmp_path / "x", np.zeros((40, 50), "f8"))
    source[:] = np.arange(2000).reshape(40, 50)
    target = mapped(tmp_path / "y", np.zeros((50, 40), "f8"))
    assert (sw.permute_large(source, (1, 0), target) == np.arange(2000).reshape(40, 50).T).all()


# shape, axes, bytes of an item, budget -> least run read and written
RUNS = [
    ((100_000, 100_000), (1, 0), 4, 256 * MIB, 15 * KIB),
    ((100_000, 100_000), (1, 0), 4, 32 * MIB, 4 * KIB),
    ((1000, 256, 256, 256), (0, 3, 1, 2), 4, 32 * MIB, 4 * KIB),
    ((64, 1000, 1000, 3), (3, 0, 1, 2), 1, 32 * MIB, MIB),
]


@pytest.mark.parametrize(("shape", "axes", "item", "budget", "run"), RUNS)
def test_runs_are_long(
    shape: tuple[int, ...], axes: tuple[int, ...], item: int, budget: int, run: int
) -> None:
    blocks, block, src_run, dst_run = _core.plan_file(shape, axes, item, budget)
    total = int(np.prod(shape, dtype=np.int64)) * item
    assert 2 * block <= budget
    assert blocks * block >= total
    assert blocks <= 4 * -(-total // (budget // 2))
    assert min(src_run, dst_run) >= run


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident size as Linux counts it")
@pytest.mark.parametrize(
    ("shape", "axes"), [((7000, 9001), (1, 0)), ((20, 224, 3500, 4), (0, 3, 1, 2))], ids=str
)
def test_resident_memory_stays_within_the_budget(
    tmp_path: Path, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    budget = 32 * MIB
    code = f"""
import json, resource, numpy as np, shapewright as sw
axes, shape = {axes}, {shape}
x = np.memmap("x", "f4", "w+", 0, shape)
step = max(1, 2**18 // int(np.prod(shape[1:])))
for start in range(0, shape[0], step):
    part = x[start:start + step]
    size = part.size
    with open("x", "r+b") as file:
        file.seek(start * x.strides[0])
        np.arange(start * 7, start * 7 + size, dtype="f4").tofile(file)
out = np.memmap("y", "f4", "w+", 0, tuple(shape[a] for a in axes))
small = np.memmap("small", "f4", "w+", 0, (300, 200))
sw.permute_large(small, (1, 0), np.memmap("turned", "f4", "w+", 0, (200, 300)), budget={LEAST})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sw.permute_large(x, axes, out, budget={budget}, threads=2)
grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
right = all((out.take(i, axes.index(0)) == x[i].transpose(np.argsort(np.argsort(
    [a for a in axes if a != 0])))).all() for i in range(0, shape[0], max(1, shape[0] // 8)))
print(json.dumps([grown, bool(right)]))
"""
    text = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=tmp_path)
    grown, right = json.loads(text)
    assert right
    assert grown <= budget + 2 * MIB


Call = Callable[[Any, Any], Any]
NO_MAP: Any = np.zeros((40, 30))
# code, what the message says, the call on a map of shape (40, 30) and one of (30, 40)
REFUSED: list[tuple[str, str, Call]] = [
    ("file-map", "x is no np.memmap", lambda x, y: sw.permute_large(NO_MAP, (1, 0), y)),
    ("file-map", "out is no np.memmap", lambda x, y: sw.permute_large(x, (1, 0), y.copy())),
    ("file-map", "not dense", lambda x, y: sw.permute_large(x.T, (0, 1), y)),
    ("file-map", "not dense", lambda x, y: sw.permute_large(x[:, :20], (1, 0), y[:20])),
    ("file-map", "copy-on-write",
     lambda x, y: sw.permute_large(np.memmap(x.filename, "f8", "c", 0, (40, 30)), (1, 0), y)),
    ("perm-invalid", r"\(0, 0\)", lambda x, y: sw.permute_large(x, (0, 0), y)),
    ("perm-invalid", r"2 axes", lambda x, y: sw.permute_large(x, (0, 1, 2), y)),
    ("out-shape", r"\(30, 40\) where the result has \(40, 30\)",
     lambda x, y: sw.permute_large(x, (0, 1), y)),
    ("out-dtype", "int64 where the result has float64",
     lambda x, y: sw.permute_large(x, (1, 0), y.view("i8"))),
    ("out-read-only", "read-only",
     lambda x, y: sw.permute_large(x, (1, 0), np.memmap(y.filename, "f8", "r", 0, (30, 40)))),
    ("file-shared", "one file",
     lambda x, y: sw.permute_large(np.memmap(y.filename, "f8", "r", 0, (40, 30)), (1, 0), y)),
    ("budget-too-small", "65535 bytes is less than the 65536",
     lambda x, y: sw.permute_large(x, (1, 0), y, budget=LEAST - 1)),
    ("bytes-syntax", "1M", lambda x, y: sw.permute_large(x, (1, 0), y, budget="1M")),
    ("threads-count", "threads=0", lambda x, y: sw.permute_large(x, (1, 0), y, threads=0)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "says", "call"), REFUSED)
def test_refused_and_nothing_written(tmp_path: Path, code: str, says: str, call: Call) -> None:
    x = mapped(tmp_path / "x", np.arange(1200.0).reshape(40, 30))
    y = mapped(tmp_path / "y", np.full((30, 40), 7.0))
    with pytest.raises(sw.ShapewrightError, match=says) as refusal:
        call(x, y)
    assert refusal.value.code == code
    assert (y == 7).all()


@pytest.mark.parametrize("name", ["x", "out"])
def test_a_file_cut_short_since(tmp_path: Path, name: str) -> None:
    x = mapped(tmp_path / "x", np.zeros((400, 300)))
    out = mapped(tmp_path / "out", np.full((300, 400), 7.0))
    with (tmp_path / name).open("r+b") as file:
        file.truncate(400 * 300 * 8 - 1)
    with pytest.raises(sw.LayoutError, match=f"the file of {name} has 959999 bytes") as refusal:
        sw.permute_large(x, (1, 0), out)
    assert refusal.value.code == "file-too-short"
    assert (out.ravel()[:1000] == 7).all()
