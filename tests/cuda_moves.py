"""Runs what `plan_move` gives on the CPU twins, on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.choose import plan_move
from shapewright.cuda.kernel import Kernel
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.layout import Digit, canonical
from shapewright.cuda.step import Step
from shapewright.cuda.twin import Order, run_twin

Array = np.ndarray[Any, Any]
SCALARS = {"u32": np.uint32, "u64": np.uint64}


def aligned_bytes(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    """Arbitrary bits at a multiple of 16 bytes, in memory of just that size."""
    count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    raw = rng.integers(0, 256, count + 16, dtype=np.uint8)
    skip = -raw.ctypes.data % 16
    x: Array = raw[skip : skip + count].view(dtype).reshape(shape)
    return x


def memory_of(array: Array) -> Array:
    """The bytes that an array is cut out of."""
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    return whole.reshape(-1).view(np.uint8)


def start_in(memory: Array, array: Array, offset: int) -> Any:
    return np.uint64((array.ctypes.data - memory.ctypes.data + offset) % (1 << 64))


def arguments(kernel: Kernel, step: Step, memories: dict[str, Any]) -> list[Any]:
    """What the twin is passed: memories by the name of their parameter, and numbers."""
    values = iter(step.values)
    row: list[Any] = []
    for param in kernel.params:
        if param.kind == "memory":
            row.append(memories[param.name])
            continue
        scalar, value = SCALARS[param.kind], next(values)
        row.append(tuple(map(scalar, value)) if isinstance(value, tuple) else scalar(value))
    return row


def steps_of(x: Array, out: Array) -> list[Step]:
    if x.size == 0:
        return []
    digits = [Digit(*row) for row in zip(x.shape, x.strides, out.strides, strict=True)]
    return plan_move(canonical(digits, x.itemsize), x.ctypes.data, out.ctypes.data)


def move(x: Array, out: Array, order: Order) -> list[str]:
    """Writes x into out; the names of the kernels that did."""
    src, dst = memory_of(x), memory_of(out)
    steps = steps_of(x, out)
    for step in steps:
        kernel = kernel_named(step.kernel)
        memories = {
            "src": (src, start_in(src, x, step.src_offset)),
            "dst": (dst, start_in(dst, out, step.dst_offset)),
        }
        run_twin(kernel, step.blocks, arguments(kernel, step, memories), order)
    return [step.kernel for step in steps]


def expected(x: Array, out: Array) -> Array:
    """All the bytes of out's memory once x is written, by NumPy."""
    whole = memory_of(out)
    copy = whole.copy()
    if x.size:
        offset = out.ctypes.data - whole.ctypes.data
        np.ndarray(out.shape, out.dtype, copy, offset, out.strides)[...] = x
    return copy
