"""`permute`, `copy` and `rearrange` on a GPU: a plan found or made, then its launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.cuda.backend import Backend, Held, Launch, current
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import plan_cast
from shapewright.cuda.convert import Conversion, conversion
from shapewright.cuda.images import plan_images
from shapewright.cuda.layout import Digit, Layout, canonical
from shapewright.cuda.result import checked_out, new_result, refuse_shared_memory
from shapewright.cuda.view import GpuArray, read
from shapewright.errors import LayoutError

MOST_PLANS = 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """Launches of one plan, ready but for pointers and stream."""

    # With the offsets of src and dst in bytes, and what the kernel reads besides.
    launches: tuple[tuple[Launch, int, int, tuple[int, ...]], ...]
    held: tuple[Held, ...] = ()

    def __call__(self, stream: int, src: int, dst: int) -> None:
        for launch, src_offset, dst_offset, others in self.launches:
            launch(stream, src + src_offset, dst + dst_offset, *others)


# By all that decides them; begun anew once they are full.
_plans: dict[Any, tuple[Backend, Prepared]] = {}
_views: dict[Any, tuple[_core.View, tuple[int, ...]]] = {}

ViewMaker = Callable[[GpuArray], _core.View]


def permute(x: Any, axes: Sequence[int], out: Any) -> Any:
    """See `shapewright.permute`."""
    src = read(x)
    order = tuple(int(axis) for axis in axes)
    return _move(src, ("permute", order), lambda array: _permuted(array, order), out, None)


def _permuted(array: GpuArray, order: tuple[int, ...]) -> _core.View:
    rank = len(array.shape)
    if sorted(axis + rank if axis < 0 else axis for axis in order) != list(range(rank)):
        message = f"axes {order} do not name each of {rank} axes once"
        facts = {"axes": str(order), "rank": str(rank)}
        raise LayoutError(message, code="perm-invalid", facts=facts)
    return source_view(array).permute(order)


def rearrange(
    x: Any,
    pattern: str,
    sizes: Mapping[str, int],
    out: Any,
    element: int | None,
    scale: Any,
    bias: Any,
    normalize: bool,
) -> Any:
    """See `shapewright.rearrange` and `normalize_images`."""
    src = read(x)
    convert = conversion(src.item, element, scale, bias, normalize)
    key, make = pattern_view(pattern, sizes)
    return _move(src, key, make, out, convert)


def pattern_view(pattern: str, sizes: Mapping[str, int]) -> tuple[Any, ViewMaker]:
    """What names the view of a pattern, and what makes it."""
    key = "rearrange", pattern, tuple(sizes.items())
    return key, lambda array: source_view(array).rearrange(pattern, dict(sizes))


def copy(src: Any, out: Any) -> None:
    """See `shapewright.copy`."""
    source = read(src, "src")
    target = checked_out(out, source.shape, None)
    convert = None
    if target.item != source.item:
        if target.item.element is None:
            message = f"no cast from {source.item.name} to {target.item.name}"
            facts = {"from": source.item.name, "to": target.item.name}
            raise LayoutError(message, code="cast-unsupported", facts=facts)
        convert = conversion(source.item, target.item.element, None, None, False)
    refuse_shared_memory(source, target, "src")
    _run(source, ("copy",), source_view(source), target, convert)


def source_view(array: GpuArray) -> _core.View:
    """The array before anything is done with it."""
    return _core.View(array.shape, array.strides)


def viewed(src: GpuArray, key: Any, make: ViewMaker) -> tuple[_core.View, tuple[int, ...]]:
    """The view a call asks for and the shape of its result."""
    full = (key, src.shape, src.strides)
    found = _views.get(full)
    if found is None:
        view = make(src)
        found = view, tuple(view.shape)
        if len(_views) >= MOST_PLANS:
            _views.clear()
        _views[full] = found
    return found


def _move(src: GpuArray, key: Any, make: ViewMaker, out: Any, convert: Conversion | None) -> Any:
    view, shape = viewed(src, key, make)
    if convert is not None:
        convert.check(shape)
    item = src.item if convert is None else convert.item
    if out is None:
        result, target = new_result(src, shape, item)
    else:
        result, target = out, checked_out(out, shape, item)
        refuse_shared_memory(src, target)
    _run(src, key, view, target, convert)
    return result


def _run(
    src: GpuArray, key: Any, view: _core.View, target: GpuArray, convert: Conversion | None
) -> None:
    backend = current()
    full = (
        key,
        src.shape,
        src.strides,
        src.item.bytes,
        target.strides,
        src.address % 16,
        target.address % 16,
        src.device,
        convert,
    )
    found = _plans.get(full)
    if found is None or found[0] is not backend:
        found = backend, _prepare(backend, view, src, target, convert)
        if len(_plans) >= MOST_PLANS:
            _plans.clear()
        _plans[full] = found
    found[1](src.stream, src.address, target.address)


def layouts_of(
    view: _core.View,
    item_bytes: int,
    strides: Sequence[int],
    written_bytes: int = 0,
    params: Sequence[int] = (),
) -> list[tuple[int, Layout]]:
    """The boxes of a view with what each is read from, `_core.FILL` for padding, written at these
    strides."""
    _, passes, why = view.lower(
        item_bytes,
        dst_item_bytes=written_bytes or item_bytes,
        strides=list(strides),
        params=list(params),
    )
    if len(passes) != 1:
        message = f"more than one pass over memory is needed, and a GPU call is one: {why}"
        raise LayoutError(message, code="gpu-passes", facts={"passes": str(len(passes))})
    layouts = []
    for source, src_offset, dst_offset, param_offset, digits in passes[0][1]:
        rows = [Digit(*digit) for digit in digits]
        layout = canonical(rows, item_bytes, src_offset, dst_offset, param_offset, written_bytes)
        layouts.append((source, layout))
    return layouts


def _prepare(
    backend: Backend,
    view: _core.View,
    src: GpuArray,
    target: GpuArray,
    convert: Conversion | None,
) -> Prepared:
    """Chooses kernels and readies them."""
    if 0 in target.shape:
        return Prepared(())
    if convert is None:
        steps = [
            step
            for _, layout in layouts_of(view, src.item.bytes, target.strides)
            for step in plan_move(layout, src.address, target.address)
        ]
        return Prepared(
            tuple(
                (backend.prepare(step, src.device), step.src_offset, step.dst_offset, ())
                for step in steps
            )
        )
    return _prepare_cast(backend, view, src, target, convert)


def _prepare_cast(
    backend: Backend, view: _core.View, src: GpuArray, target: GpuArray, convert: Conversion
) -> Prepared:
    for name, array in (("x", src), ("out", target)):
        if any(address % array.item.bytes for address in (array.address, *array.strides)):
            message = f"{name} lies off the alignment of its elements, which a cast cannot read"
            raise LayoutError(message, code="gpu-alignment", hint="copy it first: sw.copy")
    params = convert.strides(len(target.shape))
    layouts = layouts_of(view, src.item.bytes, target.strides, target.item.bytes, params)
    if len(layouts) == 1:
        planned = plan_images(layouts[0][1], convert, src.address, target.address)
        if planned is not None:
            step, table = planned
            kept = backend.keep(table, src.device)
            launch = backend.prepare(step, src.device)
            return Prepared(((launch, step.src_offset, step.dst_offset, (kept.address,)),), (kept,))
    held = tuple(backend.keep(data, src.device) for data in (convert.scale, convert.bias) if data)
    addresses = tuple(row.address for row in held) or (src.address, src.address)
    size = 8 if convert.item.name == "f64" else 4
    launches = []
    for _, layout in layouts:
        for step in plan_cast(layout, convert.src, convert.item.name, convert.op):
            others = tuple(address + step.param_offset * size for address in addresses)
            launch = backend.prepare(step, src.device)
            launches.append((launch, step.src_offset, step.dst_offset, others))
    return Prepared(tuple(launches), held)
