"""`rearrange_many`, `pad_stack` and `unpad_stack` on a GPU: one launch for all arrays of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from shapewright import _core
from shapewright.arrays.element import ROWS
from shapewright.cuda.backend import current
from shapewright.cuda.batch import Moves, Numbers, run_known, run_moves, teach
from shapewright.cuda.gather import Gathered, gathered, make_many
from shapewright.cuda.layout import WIDEST, Layout
from shapewright.cuda.move import pattern_view, rearrange, viewed
from shapewright.cuda.plan import layouts_of
from shapewright.cuda.result import (
    check_devices,
    check_out,
    checked_out,
    new_result,
    refuse_shared_memory,
    shape_text,
)
from shapewright.cuda.view import GpuArray, read
from shapewright.errors import LayoutError

MOST_PADS = 4096


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
    if not xs:
        return []
    sources = gathered(xs, "xs")
    key, make = pattern_view(pattern, sizes)
    views = [viewed(first, key, make) for first in sources.firsts]
    targets = None
    if outs is not None:
        targets = gathered(outs, "outs")
        for source, target in _pairs(sources, targets):
            first = sources.firsts[source]
            item = first.item if element is None else None
            check_out(targets.firsts[target], views[source][1], item)
            check_devices(first, targets.firsts[target], "xs")
        _refuse_shared(sources, targets)
    if element is not None and any(ROWS[element][0] != a.item.name for a in sources.firsts):
        given: Sequence[Any] = [None] * len(xs) if outs is None else outs
        return [
            rearrange(x, pattern, sizes, out, element, None, None, False)
            for x, out in zip(xs, given, strict=True)
        ]
    if targets is not None:
        assert outs is not None
        batch = []
        for source, target in _pairs(sources, targets):
            both = np.flatnonzero((sources.groups == source) & (targets.groups == target))
            moved = sources.addresses[both], targets.addresses[both]
            batch += _moves(
                views[source][0], sources.firsts[source], targets.firsts[target], *moved
            )
        run_moves(batch, sources.firsts[0], b"")
        return list(outs)
    results: list[Any] = [None] * len(xs)
    batch = []
    for group, (first, (view, shape)) in enumerate(zip(sources.firsts, views, strict=True)):
        members = sources.members(group)
        made, addresses, like = make_many(first, len(members), shape, first.item)
        if len(members) == len(xs):
            results = made
            if sources.known is not None and len(xs) > 1 and 0 not in shape:
                step = int(addresses[1] - addresses[0])
                if run_known(key, sources.known, like.address, step, b"", first):
                    return results
                layouts = layouts_of(view, first.item.bytes, like.strides)
                teach(key, sources, group, layouts, like.address, step)
        else:
            for i, result in zip(members, made, strict=True):
                results[i] = result
        batch += _moves(view, first, like, sources.addresses[members], addresses)
    run_moves(batch, sources.firsts[0], b"")
    return results


def _moves(
    view: _core.View, first: GpuArray, like: GpuArray, src: Numbers, dst: Numbers
) -> list[Moves]:
    if 0 in like.shape:
        return []
    layouts = layouts_of(view, first.item.bytes, like.strides)
    return [Moves(layout, src, dst) for _, layout in layouts]


def _pairs(sources: Gathered, targets: Gathered) -> list[tuple[int, int]]:
    """The groups of sources and outs that meet."""
    count = len(targets.firsts)
    both = sources.groups.astype(np.int64) * count + targets.groups
    return [divmod(int(pair), count) for pair in np.unique(both)]


def pad_stack(xs: Sequence[Any], shape: Sequence[int] | None, fill: Any, out: Any) -> Any:
    """See `shapewright.pad_stack`."""
    if out is None and shape is None:
        result = _known_stack(xs, fill)
        if result is not None:
            return result
    sources = gathered(xs, "xs")
    first = sources.firsts[0]
    for other in sources.firsts:
        if other.item != first.item:
            message = f"arrays of one result have dtypes {first.item.name} and {other.item.name}"
            facts = {"first": first.item.name, "other": other.item.name}
            hint = "cast them first: sw.copy(src, out)"
            raise LayoutError(message, code="arrays-mixed", facts=facts, hint=hint)
    entry = _stacked_shape(sources, shape)
    whole = (len(xs), *entry)
    if out is None:
        result, target = new_result(first, whole, first.item)
    else:
        result, target = out, checked_out(out, whole, first.item)
        check_devices(first, target, "xs")
        _refuse_shared(sources, _alone(target))
    batch: list[Moves] = []
    for group, source in enumerate(sources.firsts):
        if 0 in entry:
            break
        members = sources.members(group)
        steps = members.astype(np.int64) * target.strides[0]
        places = np.uint64(target.address) + steps.astype(np.uint64)
        layouts = _padded(
            source.shape, entry, source.strides, target.strides[1:], source.item.bytes
        )
        if sources.known is not None and out is None:
            teach(("pad", entry), sources, group, layouts, target.address, target.strides[0])
        for kind, layout in layouts:
            addresses = None if kind == _core.FILL else sources.addresses[members]
            batch.append(Moves(layout, addresses, places))
    run_moves(batch, first, _fill_bytes(fill, first))
    return result


def _known_stack(xs: Sequence[Any], fill: Any) -> Any:
    """The stack where each array is laid out as one that was stacked before; None elsewhere."""
    known = current().known
    arrays = known.read(xs) if known is not None else None
    entry = None if arrays is None else arrays.most
    if arrays is None or entry is None or 0 in entry:
        return None
    first = read(xs[0], "xs[0]")
    result, target = new_result(first, (len(xs), *entry), first.item)
    filling = _fill_bytes(fill, first)
    is_done = run_known(("pad", entry), arrays, target.address, target.strides[0], filling, first)
    return result if is_done else None


@lru_cache(MOST_PADS)
def _padded(
    shape: tuple[int, ...],
    entry: tuple[int, ...],
    strides: tuple[int, ...],
    written: tuple[int, ...],
    item_bytes: int,
) -> list[tuple[int, Layout]]:
    widths = tuple((0, n - size) for n, size in zip(entry, shape, strict=True))
    return layouts_of(_core.View(shape, strides).pad(widths), item_bytes, written)


def unpad_stack(b: Any, lengths: Sequence[Sequence[int]]) -> list[Any]:
    """See `shapewright.unpad_stack`."""
    stack = read(b, "b")
    if not stack.shape or stack.shape[0] != len(lengths):
        message = f"{len(lengths)} lengths for a stack of shape {shape_text(stack.shape)}"
        raise LayoutError(message, code="stack-lengths")
    entry = stack.shape[1:]
    of_shape: dict[tuple[int, ...], list[int]] = {}
    for i, length in enumerate(lengths):
        is_within = len(length) <= len(entry) and all(
            0 <= n <= size for n, size in zip(length, entry, strict=False)
        )
        if not is_within:
            message = f"lengths[{i}] = {shape_text(length)} does not lie within a stack of shape "
            raise LayoutError(message + shape_text(stack.shape), code="stack-lengths")
        of_shape.setdefault((*length, *entry[len(length) :]), []).append(i)
    results: list[Any] = [None] * len(lengths)
    batch: list[Moves] = []
    for shape, members in of_shape.items():
        made, addresses, like = make_many(stack, len(members), shape, stack.item)
        for i, result in zip(members, made, strict=True):
            results[i] = result
        starts = np.array([stack.address + i * stack.strides[0] for i in members], np.uint64)
        view = _core.View(shape, stack.strides[1:])
        batch += _moves(view, stack, like, starts, addresses)
    run_moves(batch, stack, b"")
    return results


def _alone(array: GpuArray) -> Gathered:
    return Gathered(np.array([array.address], np.uint64), np.zeros(1, np.uint32), (array,))


def _refuse_shared(sources: Gathered, outs: Gathered) -> None:
    """No out may share memory with any array that is read, or with another out."""
    lows, highs, written = [], [], []
    for gathered_arrays, is_written in ((sources, 0), (outs, 1)):
        low, high = gathered_arrays.ranges()
        lows.append(low)
        highs.append(high)
        written.append(np.full(len(low), is_written))
    low, high, is_out = (np.concatenate(rows) for rows in (lows, highs, written))
    order = np.argsort(low, kind="stable")
    before = np.maximum.accumulate(high[order])[:-1]
    if (before <= low[order][1:]).all():
        return
    open_rows: list[int] = []
    for row in map(int, order):
        open_rows = [other for other in open_rows if high[other] > low[row]]
        for other in open_rows:
            if is_out[row] or is_out[other]:
                _refuse_pair(sources, outs, *((other, row) if is_out[row] else (row, other)))
        open_rows.append(row)


def _refuse_pair(sources: Gathered, outs: Gathered, beside: int, written: int) -> None:
    count = len(sources.addresses)
    if beside < count:
        array, name = sources.array(beside), f"xs[{beside}]"
    else:
        array, name = outs.array(beside - count), f"outs[{beside - count}]"
    refuse_shared_memory(array, outs.array(written - count), name)


def _stacked_shape(sources: Gathered, given: Sequence[int] | None) -> tuple[int, ...]:
    first, *others = sources.firsts
    rank = len(first.shape)
    for group, src in enumerate(others, 1):
        if len(src.shape) != rank:
            i = int(sources.members(group)[0])
            message = (
                f"xs[{i}] has shape {shape_text(src.shape)}, which is not of the rank of xs[0], "
                f"{shape_text(first.shape)}"
            )
            raise LayoutError(message, code="stack-shape")
    shape = tuple(max(sizes) for sizes in zip(*(a.shape for a in sources.firsts), strict=True))
    if given is None:
        return shape
    if len(given) != rank or any(n < size for n, size in zip(given, shape, strict=False)):
        message = f"arrays of up to {shape_text(shape)} do not fit in {shape_text(given)}"
        raise LayoutError(message, code="stack-shape")
    return tuple(given)


def _fill_bytes(fill: Any, like: GpuArray) -> bytes:
    """16 bytes of the fill, as NumPy casts it; bf16 from float32."""
    element = _fill_element(fill, like)
    return element * (WIDEST // len(element))


def _fill_element(fill: Any, like: GpuArray) -> bytes:
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
