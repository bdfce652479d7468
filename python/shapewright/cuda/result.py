"""Where a call writes: an `out` that was checked, or a new array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapewright.arrays.element import ItemType
from shapewright.cuda.view import GpuArray, make_like, read
from shapewright.errors import LayoutError, OverlapError

MOST_OVERLAP_WORK = 100_000


def shape_text(shape: Sequence[int]) -> str:
    """As CPU errors write it."""
    return "[" + ", ".join(map(str, shape)) + "]"


def checked_out(out: Any, shape: tuple[int, ...], item: ItemType | None) -> GpuArray:
    """An `out` of this shape and type that can be written; without `item`, of any type."""
    view = read(out, "out")
    check_out(view, shape, item)
    return view


def check_out(view: GpuArray, shape: tuple[int, ...], item: ItemType | None) -> None:
    """Raises where `checked_out` would."""
    if view.read_only:
        message = "out is read-only"
        facts = {"out": f"{view.item.name}{shape_text(view.shape)}"}
        raise LayoutError(message, code="out-read-only", facts=facts)
    if item is not None and view.item != item:
        message = f"out has dtype {view.item.name} where the result has {item.name}"
        facts = {"out": view.item.name, "result": item.name}
        raise LayoutError(message, code="out-dtype", facts=facts)
    if view.shape != shape:
        have, want = shape_text(view.shape), shape_text(shape)
        message = f"out has shape {have} where the result has {want}"
        raise LayoutError(message, code="out-shape", facts={"out": have, "result": want})
    _refuse_self_overlap(view)


def new_result(like: GpuArray, shape: tuple[int, ...], item: ItemType) -> tuple[Any, GpuArray]:
    """A dense array of the kind of `like`, and how a kernel sees it."""
    array = make_like(like, shape, item)
    return array, read(array, "the result")


def byte_range(array: GpuArray) -> tuple[int, int]:
    """[first, last) of the addresses an array takes."""
    if 0 in array.shape:
        return array.address, array.address
    low = high = array.address
    for size, stride in zip(array.shape, array.strides, strict=True):
        reach = (size - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high + array.item.bytes


def check_devices(src: GpuArray, out: GpuArray, name: str = "x") -> None:
    """Raises where two arrays are on different GPUs."""
    if src.device != out.device:
        message = f"{name} is on cuda:{src.device} and out on cuda:{out.device}"
        facts = {name: f"cuda:{src.device}", "out": f"cuda:{out.device}"}
        raise LayoutError(message, code="array-device", facts=facts, hint="move one of them")


def refuse_shared_memory(src: GpuArray, out: GpuArray, name: str = "x") -> None:
    """Raises `OverlapError` where two arrays of one device have a byte in common."""
    check_devices(src, out, name)
    a, b = byte_range(src), byte_range(out)
    if a[0] >= b[1] or b[0] >= a[1]:
        return
    import numpy as np

    try:
        shadows = _shadow(src), _shadow(out)
        if not np.shares_memory(*shadows, max_work=MOST_OVERLAP_WORK):  # type: ignore[arg-type]
            return
    except np.exceptions.TooHardError:
        pass
    facts = {name: shape_text(src.shape), "out": shape_text(out.shape)}
    message = f"out shares memory with {name}"
    raise OverlapError(message, code="out-overlap", facts=facts)


def _shadow(array: GpuArray) -> Any:
    """An array of NumPy at the same addresses, which are computed with and never read."""
    import numpy as np

    class Interface:
        __array_interface__ = {  # noqa: RUF012
            "shape": array.shape,
            "strides": array.strides,
            "typestr": f"|V{array.item.bytes}",
            "data": (array.address, False),
            "version": 3,
        }

    return np.asarray(Interface())


def _refuse_self_overlap(out: GpuArray) -> None:
    """Refuses strides that do not nest, though some of those meet no address twice."""
    reach = out.item.bytes
    axes = zip(out.strides, out.shape, strict=True)
    for stride, size in sorted((abs(stride), size) for stride, size in axes if size > 1):
        if stride < reach:
            message = "two positions of out may lie at one address: it cannot be written"
            facts = {"out": shape_text(out.shape), "strides": shape_text(out.strides)}
            raise OverlapError(message, code="out-overlap", facts=facts)
        reach += (size - 1) * stride
