"""`permute_large`: axes of memory-mapped arrays in a new order, within a budget of memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shapewright import _core
from shapewright.errors import LayoutError, OverlapError
from shapewright.units import parse_bytes

if TYPE_CHECKING:
    import numpy as np

    Mapped = np.memmap[Any, Any]


class Place(NamedTuple):
    """Where the elements of a memory-mapped array lie."""

    path: Path
    offset: int


def permute_large(
    x: Mapped,
    axes: Sequence[int],
    out: Mapped,
    *,
    budget: int | str = "256MiB",
    threads: int | None = None,
) -> Mapped:
    """Writes a memory-mapped array into another with its axes in a new order; gives `out`.

    >>> import numpy as np, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(folder / "x.npy", np.arange(6).reshape(2, 3))
    >>> x = np.load(folder / "x.npy", mmap_mode="r")
    >>> out = np.lib.format.open_memmap(folder / "y.npy", "w+", x.dtype, (3, 2))
    >>> permute_large(x, (1, 0), out)
    memmap([[0, 3],
            [1, 4],
            [2, 5]])

    `axes` as in `permute`. Both are `np.memmap`, dense in C order, of one dtype and two files. The
    files are read and written at their paths, block by block, and the mappings stay untouched: the
    process grows by no more than `budget` (bytes or text) and 2 MiB. The system's cache of files is
    not counted, as it gives way to others. The larger the budget, the longer the pieces that are
    read and written: of float32 matrices with 256 MiB, 15 KiB and more.

    Raises `LayoutError` where an argument does not do, `OverlapError` for two maps of one file;
    nothing is written then.
    """
    import numpy as np

    budget_bytes = parse_bytes(budget)
    given: tuple[tuple[str, Any], ...] = (("x", x), ("out", out))
    for name, array in given:
        if not isinstance(array, np.memmap) or not isinstance(array.filename, str | os.PathLike):
            message = f"{name} is no np.memmap of a file"
            raise LayoutError(
                message,
                code="file-map",
                facts={"type": type(array).__name__},
                hint="np.memmap, np.load(..., mmap_mode='r') and open_memmap make them",
            )
        _check_map(name, array)
    order = _axes(axes, x.ndim)
    shape = tuple(x.shape[axis] for axis in order)
    if out.shape != shape:
        message = f"out has shape {out.shape} where the result has {shape}"
        raise LayoutError(
            message, code="out-shape", facts={"out": str(out.shape), "result": str(shape)}
        )
    if out.dtype != x.dtype:
        message = f"out has dtype {out.dtype} where the result has {x.dtype}"
        raise LayoutError(
            message, code="out-dtype", facts={"out": str(out.dtype), "result": str(x.dtype)}
        )
    if not out.flags.writeable:
        message = "out is read-only"
        raise LayoutError(message, code="out-read-only", hint="map it with mode 'r+' or 'w+'")
    source, target = _place(x), _place(out)
    with source.path.open("rb") as src, target.path.open("r+b") as dst:
        if os.path.sameopenfile(src.fileno(), dst.fileno()):
            message = "x and out are maps of one file"
            raise OverlapError(message, code="file-shared", facts={"path": str(source.path)})
        for name, file, place, array in (("x", src, source, x), ("out", dst, target, out)):
            size, end = os.fstat(file.fileno()).st_size, place.offset + array.nbytes
            if size < end:
                message = f"the file of {name} has {size} bytes where its array ends at {end}"
                raise LayoutError(message, code="file-too-short", facts={"path": str(place.path)})
        _core.permute_file(
            (src.fileno(), source.offset),
            (dst.fileno(), target.offset),
            list(x.shape),
            order,
            x.dtype.itemsize,
            budget_bytes,
            threads,
        )
    return out


def _axes(axes: Sequence[int], rank: int) -> list[int]:
    order = [axis + rank if axis < 0 else axis for axis in axes]
    if sorted(order) != list(range(rank)):
        message = f"axes {tuple(axes)} do not name each of {rank} axes once"
        facts = {"axes": str(tuple(axes)), "rank": str(rank)}
        raise LayoutError(message, code="perm-invalid", facts=facts)
    return order


def _check_map(name: str, array: Mapped) -> None:
    if not array.flags.c_contiguous:
        message = f"{name} is not dense in C order"
        facts = {"shape": str(array.shape), "strides": str(array.strides)}
        raise LayoutError(
            message, code="file-map", facts=facts, hint="give the whole map; axes do the turning"
        )
    if array.mode == "c":
        message = f"{name} is mapped copy-on-write: what it shows need not be in the file"
        raise LayoutError(message, code="file-map", hint="map it with mode 'r' or 'r+'")
    if array.dtype.hasobject or array.dtype.itemsize == 0:
        message = f"{name} has dtype {array.dtype}, which cannot be moved"
        raise LayoutError(message, code="array-dtype", facts={"dtype": str(array.dtype)})


def _place(array: Mapped) -> Place:
    """A part of a map inherits the offset of the whole, so its own address tells the rest."""
    import numpy as np

    whole = array
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    skipped = array.ctypes.data - whole.ctypes.data
    return Place(Path(str(whole.filename)), int(whole.offset) + skipped)
