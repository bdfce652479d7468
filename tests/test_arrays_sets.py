"""The copy kernels of every instruction set and tuning, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np, shapewright as sw
rng = np.random.default_rng(5)
for dtype in ("u1", "u2", "f4", "f8", "c16"):
    for shape, axes in (((67, 131), (1, 0)), ((9, 3, 257), (0, 2, 1)), ((5, 40, 3), (2, 0, 1))):
        x = rng.integers(0, 200, shape).astype(dtype)
        np.testing.assert_array_equal(sw.permute(x, axes), x.transpose(axes))
big = rng.integers(0, 2**31, (2049, 1531), dtype=np.int32)
np.testing.assert_array_equal(sw.permute(big, (1, 0)), big.T)
image = rng.integers(0, 256, (3, 31, 45, 3), dtype=np.uint8)
mean, std = np.float32([0.4, 0.5, 0.6]), np.float32([0.2, 0.3, 0.25])
want = ((image.astype("f4") / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
got = sw.normalize_images(image, mean, std)
assert got.tobytes() == np.ascontiguousarray(want).tobytes()
half = rng.standard_normal(1000).astype("f8").astype("f2")
out = np.empty(1000, "f4")
sw.copy(half, out)
np.testing.assert_array_equal(out, half.astype("f4"))
plan = sw.plan_rearrange("a b -> b a", (64, 64), "f32")
print(plan.explain())
"""


def run(name: str, tuning: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "SHAPEWRIGHT_ISA": name, "SHAPEWRIGHT_TUNING": tuning},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("tuning", ["near", "far"])
@pytest.mark.parametrize("name", ["baseline", "avx2", "avx512", "avx512vbmi"])
def test_every_set_moves_the_same_bytes(name: str, tuning: str) -> None:
    done = run(name, tuning)
    if "isa-unknown" in done.stderr or "does not run" in done.stderr:
        pytest.skip(f"no {name} here")
    assert done.returncode == 0, done.stderr
    assert f"({name})" in done.stdout


def test_an_unknown_set_is_refused() -> None:
    done = run("avx1024")
    assert done.returncode != 0
    assert 'SHAPEWRIGHT_ISA is "avx1024"' in done.stderr


def test_an_unknown_tuning_is_refused() -> None:
    done = run("baseline", "fast")
    assert done.returncode != 0
    assert 'SHAPEWRIGHT_TUNING is "fast"; there are near, far' in done.stderr
