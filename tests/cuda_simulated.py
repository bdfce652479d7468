"""A GPU that is none: arrays with `__cuda_array_interface__` in the machine's memory, and a backend
that runs every launch on the CPU twins. All of the path but the driver is the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np

from cuda_moves import SCALARS
from shapewright.arrays.element import ROWS, ItemType
from shapewright.cuda import backend, view
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.step import Step
from shapewright.cuda.twin import ORDERS, run_twin

Array = np.ndarray[Any, Any]
ARENA_BYTES = 256 << 20
POISON = 0xA5


class FakeArray:
    """An array that says it is on a GPU."""

    def __init__(self, array: Array, *, read_only: bool = False) -> None:
        self.array, self.read_only = array, read_only

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.array.shape,
            "strides": self.array.strides,
            "typestr": self.array.dtype.str,
            "data": (self.array.ctypes.data, self.read_only),
            "version": 3,
        }


@dataclass
class Simulated:
    """Memory that kernels may touch, and what was launched."""

    known: None = None
    arena: Array = field(default_factory=lambda: np.full(ARENA_BYTES, POISON, np.uint8))
    used: int = 0
    launched: list[str] = field(default_factory=list)
    orders: Iterator[Any] = field(default_factory=lambda: cycle(ORDERS))
    live: int = 0

    def take(self, size: int) -> Array:
        start = self.used + (-(self.arena.ctypes.data + self.used) % 256)
        self.used = start + size
        assert self.used <= self.arena.size
        return self.arena[start : start + size]

    def empty(self, shape: tuple[int, ...], dtype: Any) -> FakeArray:
        count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        memory = self.take(count)
        memory[:] = POISON
        return FakeArray(memory.view(dtype).reshape(shape))

    def array(self, values: Any) -> FakeArray:
        made = self.empty(values.shape, values.dtype)
        made.array[...] = values
        return made

    def make_like(self, like: Any, shape: tuple[int, ...], item: ItemType) -> FakeArray:
        name = next(row[1] for row in ROWS if row[0] == item.name)
        return self.empty(shape, name)

    def prepare(self, step: Step, device: int) -> Any:
        kernel = kernel_named(step.kernel)
        numbers = [param for param in kernel.params if param.kind != "memory"]
        values = []
        for param, value in zip(numbers, step.values, strict=True):
            scalar = SCALARS[param.kind]
            values.append(tuple(map(scalar, value)) if isinstance(value, tuple) else scalar(value))
        base = self.arena.ctypes.data
        count = len(kernel.params) - len(numbers)
        assert all(param.kind == "memory" for param in kernel.params[:count])

        def launch(stream: int, *pointers: int) -> None:
            assert len(pointers) == count
            memories = [(self.arena, np.uint64((p - base) % (1 << 64))) for p in pointers]
            run_twin(kernel, step.blocks, [*memories, *values], next(self.orders))
            self.launched.append(step.kernel)

        return launch

    def keep(self, data: bytes, device: int) -> Any:
        memory = self.take(len(data))
        memory[:] = np.frombuffer(data, np.uint8)
        return _Held(memory, self)

    def constant(self, data: bytes, device: int) -> int:
        return int(self.keep(data, device).address)

    def wait(self, device: int, stream: int) -> None:
        self.launched.append("wait")

    def stage(self, size: int, device: int, stream: int) -> Any:
        self.live += 1
        return _Held(self.take(size), self)


@dataclass
class _Held:
    memory: Array
    owner: Simulated

    @property
    def address(self) -> int:
        return int(self.memory.ctypes.data)

    def write(self, data: bytes) -> None:
        assert len(data) == self.memory.size
        self.memory[:] = np.frombuffer(data, np.uint8)

    def free(self) -> None:
        self.owner.live -= 1


@contextmanager
def simulated_gpu() -> Iterator[Simulated]:
    gpu = Simulated()
    backend.replace(gpu)
    view.MAKERS["other"] = lambda like, shape, item: gpu.make_like(like, shape, item)
    try:
        yield gpu
    finally:
        backend.replace(None)
        del view.MAKERS["other"]
    assert gpu.live == 0, "memory of a call was not given back"
