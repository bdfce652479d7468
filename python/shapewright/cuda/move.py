"""`permute`, `copy` and `rearrange` on a GPU: a plan found or made, then its launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shapewright import _core
from shapewright.cuda.backend import current
from shapewright.cuda.convert import Conversion, conversion, value_tag
from shapewright.cuda.plan import Plan, planned
from shapewright.cuda.result import check_devices, check_out, refuse_shared_memory
from shapewright.cuda.view import GpuArray, make_like, read, torch_maker
from shapewright.errors import LayoutError

MOST_PLANS = 1024
COPY = ("copy",)

# By all that decides them; begun anew once they are full.
_plans: dict[Any, Plan] = {}
_views: dict[Any, tuple[_core.View, tuple[int, ...]]] = {}

ViewMaker = Callable[[GpuArray], _core.View]


def permute(x: Any, axes: Sequence[int], out: Any) -> Any:
    """See `shapewright.permute`."""
    order = tuple(axes)
    result = _known(order, x, out)
    if result is not None:
        return result
    src = read(x)
    return _move(src, order, lambda array: _permuted(array, order), out, None, order)


def _known(tag: Any, x: Any, out: Any) -> Any:
    """The result of a call that was planned before, enqueued; None for another one."""
    known = current().known
    if known is None:
        return None
    if out is None:
        return known.run_new(tag, x)
    return out if known.run(tag, x, out) else None


def _permuted(array: GpuArray, axes: tuple[int, ...]) -> _core.View:
    order = tuple(int(axis) for axis in axes)
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
    key, make = pattern_view(pattern, sizes)
    values = value_tag(scale), value_tag(bias)
    tag = None if None in values else (key, element, values, normalize)
    result = None if tag is None else _known(tag, x, out)
    if result is not None:
        return result
    src = read(x)
    convert = conversion(src.item, element, scale, bias, normalize)
    return _move(src, key, make, out, convert, tag)


def pattern_view(pattern: str, sizes: Mapping[str, int]) -> tuple[Any, ViewMaker]:
    """What names the view of a pattern, and what makes it."""
    key = "rearrange", pattern, tuple(sizes.items())
    return key, lambda array: source_view(array).rearrange(pattern, dict(sizes))


def copy(src: Any, out: Any) -> None:
    """See `shapewright.copy`."""
    if _known(COPY, src, out) is not None:
        return
    source, target = read(src, "src"), read(out, "out")
    convert = None
    if target.item != source.item:
        if target.item.element is None:
            message = f"no cast from {source.item.name} to {target.item.name}"
            facts = {"from": source.item.name, "to": target.item.name}
            raise LayoutError(message, code="cast-unsupported", facts=facts)
        convert = conversion(source.item, target.item.element, None, None, False)
    _run(source, COPY, source_view, target, convert, COPY, "src")


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


def _move(
    src: GpuArray, key: Any, make: ViewMaker, out: Any, convert: Conversion | None, tag: Any
) -> Any:
    if out is not None:
        _run(src, key, make, read(out, "out"), convert, tag, "x")
        return out
    _, shape = viewed(src, key, make)
    if convert is not None:
        convert.check(shape)
    item = src.item if convert is None else convert.item
    result = make_like(src, shape, item)
    _run(src, key, make, read(result, "the result"), convert, tag, "x")
    known = current().known
    if tag is not None and known is not None and src.kind == "torch":
        known.remember_new(tag, src.owner, torch_maker(src.owner, shape, item))
    return result


def _run(
    src: GpuArray,
    key: Any,
    make: ViewMaker,
    target: GpuArray,
    convert: Conversion | None,
    tag: Any,
    name: str,
) -> None:
    """Everything but the overlap is checked when a plan is made, for the key holds it. `tag` names
    the call to the core, beside its arrays; None: it is not to be known there."""
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
        plan = planned(backend, view, src, target, convert)
        if plan.meets(src.address, target.address):
            refuse_shared_memory(src, target, name)
        if len(_plans) >= MOST_PLANS:
            _plans.clear()
        _plans[full] = plan
        if tag is not None and backend.known is not None and src.kind == target.kind == "torch":
            plan.teach(backend.known, tag, src.owner, target.owner)
    elif plan.meets(src.address, target.address):
        refuse_shared_memory(src, target, name)
    plan(src.stream, src.address, target.address)
    if src.is_lent:
        backend.wait(src.device, src.stream)
