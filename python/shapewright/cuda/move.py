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
from shapewright.cuda.result import (
    byte_range,
    check_devices,
    check_out,
    new_result,
    refuse_shared_memory,
)
from shapewright.cuda.view import GpuArray, read
from shapewright.errors import LayoutError

MOST_PLANS = 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """Launches ready but for pointers and stream."""

    backend: Backend
    # With the offsets of src and dst in bytes, and what the kernel reads besides.
    launches: tuple[tuple[Launch, int, int, tuple[int, ...]], ...]
    held: tuple[Held, ...]
    src_range: tuple[int, int]  # bytes that are read, from the address of src
    dst_range: tuple[int, int]

    def meets(self, src: int, dst: int) -> bool:
        """Whether the ranges of bytes that are read and written have one in common."""
        return (
            src + self.src_range[0] < dst + self.dst_range[1]
            and dst + self.dst_range[0] < src + self.src_range[1]
        )

    def __call__(self, stream: int, src: int, dst: int) -> None:
        for launch, src_offset, dst_offset, others in self.launches:
            launch(stream, src + src_offset, dst + dst_offset, *others)


# By all that decides them; begun anew once they are full.
_plans: dict[Any, Plan] = {}
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
    source, target = read(src, "src"), read(out, "out")
    convert = None
    if target.item != source.item:
        if target.item.element is None:
            message = f"no cast from {source.item.name} to {target.item.name}"
            facts = {"from": source.item.name, "to": target.item.name}
            raise LayoutError(message, code="cast-unsupported", facts=facts)
        convert = conversion(source.item, target.item.element, None, None, False)
    _run(source, ("copy",), source_view, target, convert, "src")


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
    if out is not None:
        _run(src, key, make, read(out, "out"), convert, "x")
        return out
    _, shape = viewed(src, key, make)
    if convert is not None:
        convert.check(shape)
    result, target = new_result(src, shape, src.item if convert is None else convert.item)
    _run(src, key, make, target, convert, "x")
    return result


def _run(
    src: GpuArray,
    key: Any,
    make: ViewMaker,
    target: GpuArray,
    convert: Conversion | None,
    name: str,
) -> None:
    """Everything but the overlap is checked when a plan is made, for the key holds it."""
    backend = current()
    full = (
        key,
        src.shape,
        src.strides,
        src.item,
        target.shape,
        target.strides,
        target.item,
        target.read_only,
        src.address % 16,
        target.address % 16,
        src.device,
        target.device,
        convert,
    )
    plan = _plans.get(full)
    if plan is None or plan.backend is not backend:
        view, shape = viewed(src, key, make)
        check_out(target, shape, src.item if convert is None else convert.item)
        check_devices(src, target, name)
        if convert is not None:
            convert.check(shape)
        plan = _planned(backend, view, src, target, convert)
        if plan.meets(src.address, target.address):
            refuse_shared_memory(src, target, name)
        if len(_plans) >= MOST_PLANS:
            _plans.clear()
        _plans[full] = plan
    elif plan.meets(src.address, target.address):
        refuse_shared_memory(src, target, name)
    plan(src.stream, src.address, target.address)


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


def _planned(
    backend: Backend,
    view: _core.View,
    src: GpuArray,
    target: GpuArray,
    convert: Conversion | None,
) -> Plan:
    """Chooses kernels and readies them."""
    launches: list[tuple[Launch, int, int, tuple[int, ...]]] = []
    held: list[Held] = []
    if 0 in target.shape:
        pass
    elif convert is not None:
        _plan_conversion(backend, view, src, target, convert, launches, held)
    else:
        for _, layout in layouts_of(view, src.item.bytes, target.strides):
            for step in plan_move(layout, src.address, target.address):
                launch = backend.prepare(step, src.device)
                launches.append((launch, step.src_offset, step.dst_offset, ()))
    first, last = byte_range(src)
    begin, end = byte_range(target)
    return Plan(
        backend,
        tuple(launches),
        tuple(held),
        (first - src.address, last - src.address),
        (begin - target.address, end - target.address),
    )


def _plan_conversion(
    backend: Backend,
    view: _core.View,
    src: GpuArray,
    target: GpuArray,
    convert: Conversion,
    launches: list[tuple[Launch, int, int, tuple[int, ...]]],
    held: list[Held],
) -> None:
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
            held.append(backend.keep(table, src.device))
            launch = backend.prepare(step, src.device)
            launches.append((launch, step.src_offset, step.dst_offset, (held[0].address,)))
            return
    held += [backend.keep(data, src.device) for data in (convert.scale, convert.bias) if data]
    addresses = tuple(row.address for row in held) or (src.address, src.address)
    size = 8 if convert.item.name == "f64" else 4
    for _, layout in layouts:
        for step in plan_cast(layout, convert.src, convert.item.name, convert.op):
            others = tuple(address + step.param_offset * size for address in addresses)
            launch = backend.prepare(step, src.device)
            launches.append((launch, step.src_offset, step.dst_offset, others))
