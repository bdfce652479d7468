"""Whether an array is on a GPU, asked once for each type, and the module that moves it there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

CUDA_DEVICES = (2, 13)  # of DLPack: CUDA, and CUDA's managed memory
Probe = Callable[[Any], bool]

_probes: dict[type, Probe | None] = {}


def _always(_: Any) -> bool:
    return True


def _by_dlpack(x: Any) -> bool:
    try:
        return x.__dlpack_device__()[0] in CUDA_DEVICES
    except Exception:  # tracers and the like have no device; the CPU path says what they are
        return False


def _probe_of(kind: type) -> Probe | None:
    roots = {base.__module__.partition(".")[0] for base in kind.__mro__}
    if "numpy" in roots:
        return None
    if "torch" in roots:
        return attrgetter("is_cuda") if hasattr(kind, "is_cuda") else None
    if "cupy" in roots:
        return _always
    if hasattr(kind, "__dlpack_device__"):
        return _by_dlpack
    return _always if hasattr(kind, "__cuda_array_interface__") else None


def is_on_gpu(x: Any) -> bool:
    """Whether the memory of an array is a GPU's.

    >>> import numpy as np
    >>> is_on_gpu(np.zeros(3))
    False
    """
    kind = type(x)
    try:
        probe = _probes[kind]
    except KeyError:
        probe = _probes[kind] = _probe_of(kind)
    return probe is not None and probe(x)


@cache
def gpu(module: str) -> Any:
    """A module of `shapewright.cuda`, imported when the first array of a GPU comes."""
    return import_module(f"shapewright.cuda.{module}")
