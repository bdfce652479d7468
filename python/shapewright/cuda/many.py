"""`rearrange_many`, `pad_stack` and `unpad_stack` on a GPU: one launch for all arrays of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shapewright import _core
from shapewright.arrays.element import ROWS
from shapewright.cuda.batch import Move, run_moves
from shapewright.cuda.move import pattern_view, rearrange, viewed
from shapewright.cuda.plan import layouts_of
from shapewright.cuda.result import (
    byte_range,
    checked_out,
    new_result,
    refuse_shared_memory,
    shape_text,
)
from shapewright.cuda.view import GpuArray, read
from shapewright.errors import LayoutError


def rearrange_many(
    xs: Sequence[Any],
    pattern: str,
    sizes: Mapping[str, int],
    outs: Sequence[Any] | None,
    element: int | None,
) -> list[Any]:
    """See `shapewright.rearrange_many`. Casts are one launch an array."""
    if outs is not None and len(outs) != len(xs):
        message = f"{len(outs)} outs for {len(xs)} arrays"
        raise LayoutError(message, code="outs-count")
    sources = [read(x, f"xs[{i}]") for i, x in enumerate(xs)]
    _same_device(sources)
    key, make = pattern_view(pattern, sizes)
    views = [viewed(src, key, make) for src in sources]
    given = None
    if outs is not None:
        given = [
            checked_out(out, shape, src.item if element is None else None)
            for out, (_, shape), src in zip(outs, views, sources, strict=True)
        ]
        _refuse_shared(sources, given)
    if element is not None and any(ROWS[element][0] != src.item.name for src in sources):
        targets: Sequence[Any] = [None] * len(xs) if outs is None else outs
        return [
            rearrange(x, pattern, sizes, out, element, None, None, False)
            for x, out in zip(xs, targets, strict=True)
        ]
    results, moves = [], []
    for i, (src, (view, shape)) in enumerate(zip(sources, views, strict=True)):
        if given is None:
            result, target = new_result(src, shape, src.item)
        else:
            assert outs is not None
            result, target = outs[i], given[i]
        results.append(result)
        if 0 not in shape:
            layouts = layouts_of(view, src.item.bytes, target.strides)
            moves += [Move(layout, src.address, target.address) for _, layout in layouts]
    if sources:
        run_moves(moves, sources[0], b"")
    return results


def pad_stack(xs: Sequence[Any], shape: Sequence[int] | None, fill: Any, out: Any) -> Any:
    """See `shapewright.pad_stack`."""
    sources = [read(x, f"xs[{i}]") for i, x in enumerate(xs)]
    first = sources[0]
    _same_device(sources)
    for src in sources:
        if src.item != first.item:
            message = f"arrays of one result have dtypes {first.item.name} and {src.item.name}"
            facts = {"first": first.item.name, "other": src.item.name}
            hint = "cast them first: sw.copy(src, out)"
            raise LayoutError(message, code="arrays-mixed", facts=facts, hint=hint)
    entry = _stacked_shape(sources, shape)
    whole = (len(sources), *entry)
    if out is None:
        result, target = new_result(first, whole, first.item)
    else:
        result, target = out, checked_out(out, whole, first.item)
        for i, src in enumerate(sources):
            refuse_shared_memory(src, target, f"xs[{i}]")
    moves = []
    for i, src in enumerate(sources):
        if 0 in entry:
            break
        widths = tuple((0, n - size) for n, size in zip(entry, src.shape, strict=True))
        view = _core.View(src.shape, src.strides).pad(widths)
        place = target.address + i * target.strides[0]
        for source, layout in layouts_of(view, src.item.bytes, target.strides[1:]):
            address = None if source == _core.FILL else src.address
            moves.append(Move(layout, address, place))
    run_moves(moves, first, _fill_bytes(fill, first))
    return result


def unpad_stack(b: Any, lengths: Sequence[Sequence[int]]) -> list[Any]:
    """See `shapewright.unpad_stack`."""
    stack = read(b, "b")
    if not stack.shape or stack.shape[0] != len(lengths):
        message = f"{len(lengths)} lengths for a stack of shape {shape_text(stack.shape)}"
        raise LayoutError(message, code="stack-lengths")
    results, moves = [], []
    for i, length in enumerate(lengths):
        entry = stack.shape[1:]
        is_within = len(length) <= len(entry) and all(
            0 <= n <= size for n, size in zip(length, entry, strict=False)
        )
        if not is_within:
            message = f"lengths[{i}] = {shape_text(length)} does not lie within a stack of shape "
            raise LayoutError(message + shape_text(stack.shape), code="stack-lengths")
        shape = (*length, *entry[len(length) :])
        result, target = new_result(stack, shape, stack.item)
        results.append(result)
        if 0 not in shape:
            view = _core.View(shape, stack.strides[1:])
            start = stack.address + i * stack.strides[0]
            layouts = layouts_of(view, stack.item.bytes, target.strides)
            moves += [Move(layout, start, target.address) for _, layout in layouts]
    run_moves(moves, stack, b"")
    return results


def _same_device(sources: Sequence[GpuArray]) -> None:
    for i, src in enumerate(sources):
        if src.device != sources[0].device:
            message = f"xs[{i}] is on cuda:{src.device} and xs[0] on cuda:{sources[0].device}"
            raise LayoutError(message, code="array-device", hint="move one of them")


def _refuse_shared(sources: Sequence[GpuArray], outs: Sequence[GpuArray]) -> None:
    """No out may share memory with any array that is read, or with another out."""
    rows = [(*byte_range(a), 0, i) for i, a in enumerate(sources)]
    rows += [(*byte_range(a), 1, i) for i, a in enumerate(outs)]
    rows.sort()
    open_rows: list[tuple[int, int, int, int]] = []
    for row in rows:
        open_rows = [other for other in open_rows if other[1] > row[0]]
        for other in open_rows:
            written = row if row[2] else other
            if not written[2]:
                continue
            beside = other if written is row else row
            array = outs[beside[3]] if beside[2] else sources[beside[3]]
            name = f"{'outs' if beside[2] else 'xs'}[{beside[3]}]"
            refuse_shared_memory(array, outs[written[3]], name)
        open_rows.append(row)


def _stacked_shape(sources: Sequence[GpuArray], given: Sequence[int] | None) -> tuple[int, ...]:
    rank = len(sources[0].shape)
    for i, src in enumerate(sources):
        if len(src.shape) != rank:
            message = (
                f"xs[{i}] has shape {shape_text(src.shape)}, which is not of the rank of xs[0], "
                f"{shape_text(sources[0].shape)}"
            )
            raise LayoutError(message, code="stack-shape")
    shape = tuple(max(sizes) for sizes in zip(*(src.shape for src in sources), strict=True))
    if given is None:
        return shape
    if len(given) != rank or any(n < size for n, size in zip(given, shape, strict=False)):
        message = f"arrays of up to {shape_text(shape)} do not fit in {shape_text(given)}"
        raise LayoutError(message, code="stack-shape")
    return tuple(given)


def _fill_bytes(fill: Any, like: GpuArray) -> bytes:
    """One element of the fill, as NumPy casts it; bf16 from float32."""
    name = like.item.name
    if name == "bf16":
        bits = int(np.float32(fill).view(np.uint32))
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).to_bytes(2, "little")
    row = next((row for row in ROWS if row[0] == name), None)
    if row is None or row[1].startswith("float8"):
        if fill == 0:
            return bytes(like.item.bytes)
        message = f"there is no fill of dtype {name} but 0"
        raise LayoutError(message, code="array-dtype", facts={"dtype": name})
    return np.full(1, fill, row[1]).tobytes()
