"""Rivals in moving arrays: NumPy, PyTorch, einops on PyTorch, XLA through JAX, OpenCV for images.

Each prepares a call on given buffers. XLA, einops and OpenCV have no `out` and make their result
anew: `keep_freed_memory` spares them page faults. One thread each: JAX is told so before it is
imported, PyTorch and OpenCV when they are.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from array_bench.buffers import Pair
from array_bench.calls import numpy_images
from array_bench.cases import Array, Case

Call = Callable[[], object]


@cache
def torch() -> Any:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # waiting threads would slow the next one
    module = import_module("torch")
    module.set_num_threads(1)
    return module


@cache
def jax() -> Any:
    os.environ["NPROC"] = "1"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    module = import_module("jax")
    module.config.update("jax_enable_x64", True)
    return module


@cache
def cv2() -> Any:
    module = import_module("cv2")
    module.setNumThreads(1)
    return module


def numpy_transpose(case: Case, pair: Pair) -> Call:
    y, moved = pair.y, case.moved(pair.x)
    return lambda: np.copyto(y, moved)


def torch_transpose(case: Case, pair: Pair) -> Call:
    x, y = torch().from_numpy(pair.x), torch().from_numpy(pair.y)
    axes = axes_of(case)
    return lambda: y.copy_(x.permute(axes))


def einops_transpose(case: Case, pair: Pair) -> Call:
    rearrange = import_module("einops").rearrange
    x = torch().from_numpy(pair.x)
    names = [f"a{axis}" for axis in range(x.ndim)]
    pattern = f"{' '.join(names)} -> {' '.join(names[axis] for axis in axes_of(case))}"
    return lambda: rearrange(x, pattern).contiguous()


@cache
def xla_permutation(axes: tuple[int, ...]) -> Any:
    return jax().jit(lambda x: jax().numpy.transpose(x, axes))


def xla_transpose(case: Case, pair: Pair) -> Call:
    transpose, x = xla_permutation(axes_of(case)), jax().numpy.asarray(pair.x)
    return lambda: transpose(x).block_until_ready()


def axes_of(case: Case) -> tuple[int, ...]:
    if case.axes is None:
        raise NotImplementedError("a view, not a transpose")  # noqa: EM101
    return case.axes


def torch_images(x: Array, y: Array, mean: Array, std: Array) -> Call:
    source = torch().from_numpy(x)
    means, stds = (torch().from_numpy(values).view(3, 1, 1) for values in (mean, std))
    return lambda: ((source.permute(0, 3, 1, 2).float() / 255 - means) / stds).contiguous()


def torch_images_in_place(x: Array, y: Array, mean: Array, std: Array) -> Call:
    source, result = torch().from_numpy(x), torch().from_numpy(y)
    means, stds = (torch().from_numpy(values).view(3, 1, 1) for values in (mean, std))
    return lambda: result.copy_(source.permute(0, 3, 1, 2)).div_(255).sub_(means).div_(stds)


@cache
def xla_normalization(mean: tuple[float, ...], std: tuple[float, ...]) -> Any:
    jnp = jax().numpy
    means, stds = np.array(mean, np.float32), np.array(std, np.float32)

    def chain(x: Any) -> Any:
        return jnp.transpose((x.astype(jnp.float32) / 255 - means) / stds, (0, 3, 1, 2))

    return jax().jit(chain)


def xla_images(x: Array, y: Array, mean: Array, std: Array) -> Call:
    call, source = xla_normalization(tuple(mean), tuple(std)), jax().numpy.asarray(x)
    return lambda: call(source).block_until_ready()


def opencv_images(x: Array, y: Array, mean: Array, std: Array) -> Call:
    """One scale for all channels is all that `blobFromImages` has: less work than the others do."""
    dnn, images = cv2().dnn, list(x)
    height, width = x.shape[1:3]
    scale, means = 1 / (255 * float(std.mean())), [float(value) * 255 for value in mean]
    return lambda: dnn.blobFromImages(images, scale, (width, height), means, False)


def numpy_fresh(x: Array) -> Call:
    return lambda: np.ascontiguousarray(x.T)


def torch_fresh(x: Array) -> Call:
    source = torch().from_numpy(x)
    return lambda: source.permute(1, 0).contiguous()


def xla_fresh(x: Array) -> Call:
    transpose, source = xla_permutation((1, 0)), jax().numpy.asarray(x)
    return lambda: transpose(source).block_until_ready()


# Rival -> the packages it needs, and its call in each field.
NEEDS = {
    "numpy": ("numpy",),
    "torch": ("torch",),
    "torch in place": ("torch",),
    "einops": ("torch", "einops"),
    "xla": ("jax",),
    "opencv": ("cv2",),
}
TRANSPOSES = {
    "numpy": numpy_transpose,
    "torch": torch_transpose,
    "einops": einops_transpose,
    "xla": xla_transpose,
}
IMAGES = {
    "numpy": numpy_images,
    "torch": torch_images,
    "torch in place": torch_images_in_place,
    "xla": xla_images,
    "opencv": opencv_images,
}
FRESH = {"numpy": numpy_fresh, "torch": torch_fresh, "xla": xla_fresh}
# One case in so many of a set has each rival; 0: none.
EVERY = {
    "numpy": {"ttc57": 6, "ttc57_odd": 12, "real_nets": 6, "powers": 2, "xla_pjrt": 6},
    "torch": {"ttc57": 1, "ttc57_odd": 6, "real_nets": 6, "powers": 2, "xla_pjrt": 6},
    "einops": {"real_nets": 12},
    "xla": {"ttc57": 3, "ttc57_odd": 12, "real_nets": 6, "powers": 4, "xla_pjrt": 3},
}
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
MOST_BYTES = 1 << 30  # of a case that rivals take part in
MOST_AXES = {"xla": 12}  # its compiler does not come back from two dozen


def keep_freed_memory() -> None:
    """Lets glibc keep what is freed, whatever its size, for the next result."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1)):
            mallopt(option, value)


def give_back_freed_memory() -> None:
    """Kept memory comes apart from case to case, and results of another size need more of it."""
    gc.collect()
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def present() -> list[str]:
    return [name for name, modules in NEEDS.items() if all(find_spec(module) for module in modules)]


def of_case(case: Case, number: int) -> dict[str, Callable[[Case, Pair], Call]]:
    """The rivals of the `number`-th case of its set."""
    if case.out_bytes > MOST_BYTES or case.axes is None:
        return {}
    found: dict[str, Callable[[Case, Pair], Call]] = {}
    for name in present():
        every = EVERY.get(name, {}).get(case.set, 0)
        if every and number % every == 0 and len(case.shape) <= MOST_AXES.get(name, 64):
            found[name] = TRANSPOSES[name]
    return found


def versions() -> dict[str, str]:
    return {
        module: str(import_module(module).__version__)
        for name in present()
        for module in NEEDS[name]
    }
