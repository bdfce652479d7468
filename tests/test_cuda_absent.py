"""Without a GPU or the [cuda] extra: nothing of it is imported, and a call says what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import shapewright as sw

FOREIGN = {"cuda", "cupy", "jax", "llvmlite", "numba", "torch"}


class OnGpu:
    """An array that says it is on a GPU."""

    def __init__(self) -> None:
        self.array = np.zeros((3, 3), "f4")

    @property
    def __cuda_array_interface__(self) -> dict[str, object]:
        return {
            "shape": (3, 3),
            "strides": None,
            "typestr": "<f4",
            "data": (self.array.ctypes.data, False),
            "version": 3,
        }


class ByDlpack:
    """One that is known by DLPack alone."""

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, **_: object) -> object:
        raise AssertionError


def run(program: str) -> str:
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_import_takes_none_of_it() -> None:
    program = (
        "import sys, numpy as np, shapewright as sw; sw.permute(np.zeros((2, 3)), (1, 0));"
        "print(*{name.split('.')[0] for name in sys.modules}, 'shapewright.cuda' in sys.modules)"
    )
    *modules, kernels = run(program).split()
    assert not FOREIGN & set(modules)
    assert kernels == "False"


CALLS = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
HIDE
import shapewright as sw
from test_cuda_absent import ByDlpack, OnGpu
x, out = OnGpu(), OnGpu()
for call in (
    lambda: sw.permute(x, (1, 0), out=out),
    lambda: sw.permute(ByDlpack(), (1, 0)),
    lambda: sw.copy(x, out),
    lambda: sw.rearrange(x, "a b -> b a", out=out),
    lambda: sw.rearrange_many([x], "a b -> b a", [out]),
    lambda: sw.plan_rearrange("a b -> b a", (3, 3), "f32")(x, out),
):
    try:
        call()
    except sw.LayoutError as error:
        print(error.code, "|", error.message, "|", error.hint)
"""


def said(hide: str) -> set[str]:
    lines = run(CALLS.replace("HIDE", hide)).splitlines()
    assert len(lines) == 6
    return set(lines)


def test_without_the_extra() -> None:
    (line,) = said("sys.modules['cuda'] = sys.modules['cuda.core'] = sys.modules['numba'] = None")
    code, message, hint = line.split(" | ")
    assert code == "gpu-unavailable"
    assert "cuda.core is not installed" in message or "cuda is not installed" in message
    assert 'pip install "shapewright[cuda]"' in hint


def test_without_a_driver() -> None:
    pytest.importorskip("cuda.core")
    from cuda.core import system

    try:
        devices = system.get_num_devices()
    except Exception:
        devices = 0
    if devices:
        pytest.skip("there is a GPU here")
    (line,) = said("")
    code, message, hint = line.split(" | ")
    assert code == "gpu-unavailable"
    assert message.startswith("arrays on a GPU cannot be moved here: ")
    assert 'pip install "shapewright[cuda]"' in hint


def test_everything_else_works() -> None:
    x = np.arange(6).reshape(2, 3)
    assert np.array_equal(sw.permute(x, (1, 0)), x.T)
