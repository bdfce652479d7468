"""An array of a GPU as its pointer, shape and strides, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from shapewright.arrays.device import is_on_gpu
from shapewright.arrays.element import ItemType, item_type
from shapewright.cuda.backend import current
from shapewright.errors import LayoutError

LEGACY_STREAM = 1
Make = Callable[[Any, tuple[int, ...], ItemType], Any]


@dataclass(slots=True, eq=False)  # not frozen: that alone would cost a microsecond a call
class GpuArray:
    """What a kernel needs to know of an array. Strides are bytes; `stream` is a raw handle."""

    owner: Any
    kind: str  # "torch", "cupy", "numba", "jax" or "other"
    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    item: ItemType
    device: int
    stream: int
    read_only: bool = False
    is_lent: bool = False  # its owner may use the memory anew as soon as the call has returned


def dense_strides(shape: tuple[int, ...], item_bytes: int) -> tuple[int, ...]:
    """Bytes from one element to the next along each axis, in C order."""
    strides, step = [], item_bytes
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def _item_of(dtype: Any, argument: str) -> ItemType:
    try:
        return item_type(dtype)
    except LayoutError:
        size = getattr(dtype, "itemsize", 0)
        if not size:
            message = f"{argument} has dtype {dtype}, whose elements have no bytes of their own"
            raise LayoutError(message, code="array-dtype", facts={"dtype": str(dtype)}) from None
        return ItemType(str(dtype), int(size), None)


def _read_torch(x: Any, argument: str) -> GpuArray:
    import torch

    if not x.is_cuda:
        _refuse(x, argument)
    if x.requires_grad and torch.is_grad_enabled():
        message = f"{argument} requires a gradient, and no gradient passes through here"
        hint = "call it under torch.no_grad(), or give x.detach()"
        raise LayoutError(message, code="array-grad", hint=hint)
    if x.is_conj() or x.is_neg():
        message = f"{argument} cannot be read as an array: its conjugation or sign is put off"
        hint = "give x.resolve_conj() or x.resolve_neg()"
        raise LayoutError(message, code="array-kind", hint=hint)
    item = _torch_items.get(x.dtype) or _torch_item(x.dtype)
    device = x.device.index
    stream = torch._C._cuda_getCurrentRawStream(device)
    strides = tuple([step * item.bytes for step in x.stride()])
    return GpuArray(x, "torch", x.data_ptr(), tuple(x.shape), strides, item, device, stream)


_torch_items: dict[Any, ItemType] = {}


def _torch_item(dtype: Any) -> ItemType:
    found = _torch_items[dtype] = _item_of(dtype, "x")
    return found


def _read_cupy(x: Any, argument: str) -> GpuArray:
    import cupy

    return GpuArray(
        x,
        "cupy",
        x.data.ptr,
        x.shape,
        x.strides,
        _item_of(x.dtype, argument),
        x.device.id,
        cupy.cuda.get_current_stream().ptr,
    )


def _read_dlpack(x: Any, argument: str) -> GpuArray:
    """Our stream waits for that of the exporter, which does not wait for ours."""
    current()  # says what is missing, before an import does
    from cuda.core.utils import StridedMemoryView

    view = StridedMemoryView.from_dlpack(x, stream_ptr=LEGACY_STREAM)
    item = _item_of(view.dtype if getattr(x, "dtype", None) is None else x.dtype, argument)
    shape = tuple(view.shape)
    strides = dense_strides(shape, item.bytes)
    if view.strides is not None:
        strides = tuple(step * item.bytes for step in view.strides)
    is_jax = type(x).__module__.partition(".")[0] in ("jax", "jaxlib")
    return GpuArray(
        (x, view),
        "jax" if is_jax else "other",
        view.ptr,
        shape,
        strides,
        item,
        view.device_id,
        LEGACY_STREAM,
        read_only=is_jax or bool(view.readonly),
        is_lent=True,
    )


def _read_interface(x: Any, argument: str) -> GpuArray:
    """`__cuda_array_interface__`; its stream becomes ours, so that nothing has to wait."""
    import numpy as np

    described = x.__cuda_array_interface__
    if described.get("mask") is not None:
        message = f"{argument} cannot be read as an array: a masked array would lose its mask"
        raise LayoutError(message, code="array-kind")
    item = _item_of(np.dtype(described["typestr"]), argument)
    shape = tuple(described["shape"])
    address, read_only = described["data"]
    is_numba = type(x).__module__.startswith("numba.")
    return GpuArray(
        x,
        "numba" if is_numba else "other",
        address or 0,
        shape,
        tuple(described.get("strides") or dense_strides(shape, item.bytes)),
        item,
        int(getattr(x, "device_id", 0)),
        described.get("stream") or LEGACY_STREAM,
        bool(read_only),
    )


READERS: dict[str, Callable[[Any, str], GpuArray]] = {
    "torch": _read_torch,
    "cupy": _read_cupy,
    "jax": _read_dlpack,
    "jaxlib": _read_dlpack,
}


_readers: dict[type, Callable[[Any, str], GpuArray]] = {}


def read(x: Any, argument: str = "x") -> GpuArray:
    """An array as a kernel sees it. Raises `LayoutError` for what is not on a GPU."""
    reader = _readers.get(type(x))
    if reader is None:
        reader = _readers[type(x)] = _reader_of(type(x))
    return reader(x, argument)


def _reader_of(kind: type) -> Callable[[Any, str], GpuArray]:
    for base in kind.__mro__:
        reader = READERS.get(base.__module__.partition(".")[0])
        if reader is not None:
            return reader
    if hasattr(kind, "__cuda_array_interface__"):
        return _read_interface
    return _read_foreign if hasattr(kind, "__dlpack_device__") else _refuse


def _read_foreign(x: Any, argument: str) -> GpuArray:
    return _read_dlpack(x, argument) if is_on_gpu(x) else _refuse(x, argument)


def _refuse(x: Any, argument: str) -> GpuArray:
    message = f"{argument} is not on a GPU, and the other array is"
    facts = {"type": f"{type(x).__module__}.{type(x).__qualname__}"}
    raise LayoutError(message, code="array-device", facts=facts, hint="move one of them")


def shape_and_dtype(x: Any) -> tuple[tuple[int, ...], str]:
    """What a plan compares with its own."""
    array = read(x)
    return array.shape, array.item.name


def torch_maker(like: Any, shape: tuple[int, ...], item: ItemType) -> Callable[[], Any]:
    """Makes new tensors of PyTorch."""
    import torch

    same = _torch_items.get(like.dtype)
    dtype = like.dtype if same is item or same == item else getattr(torch, TORCH_NAMES[item.name])
    # With the strides given, PyTorch is a third quicker than `torch.empty`.
    strides = dense_strides(shape, 1)
    return partial(torch.empty_strided, shape, strides, dtype=dtype, device=like.device)


def _make_torch(like: Any, shape: tuple[int, ...], item: ItemType) -> Any:
    return torch_maker(like, shape, item)()


TORCH_NAMES = {
    "bool": "bool", "u8": "uint8", "i8": "int8", "u16": "uint16", "i16": "int16", "i32": "int32",
    "i64": "int64", "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64",
}  # fmt: skip


def _numpy_dtype(like: Any, item: ItemType) -> Any:
    import numpy as np

    from shapewright.arrays.element import ROWS

    if _item_of(like.dtype, "x") == item:
        return like.dtype
    return np.dtype(next(row[1] for row in ROWS if row[0] == item.name))


def _make_cupy(like: Any, shape: tuple[int, ...], item: ItemType) -> Any:
    import cupy

    with cupy.cuda.Device(like.device.id):
        return cupy.empty(shape, _numpy_dtype(like, item))


def _make_numba(like: Any, shape: tuple[int, ...], item: ItemType) -> Any:
    from numba import cuda

    return cuda.device_array(shape, _numpy_dtype(like, item))


MAKERS: dict[str, Make] = {"torch": _make_torch, "cupy": _make_cupy, "numba": _make_numba}


def make_like(like: GpuArray, shape: tuple[int, ...], item: ItemType) -> Any:
    """A new dense array of the kind of another, on its device. Raises `LayoutError` for a kind
    that has no such thing."""
    maker = MAKERS.get(like.kind)
    if maker is None:
        message = f"a result cannot be made as arrays of kind {like.kind!r} are made"
        hint = "give `out`, an array of PyTorch, CuPy or Numba"
        raise LayoutError(message, code="gpu-result", facts={"kind": like.kind}, hint=hint)
    return maker(like.owner, shape, item)
