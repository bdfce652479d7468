"""From a view and two arrays to launches that are ready: `Plan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.cuda.backend import Backend, Compiled, Held, Launch
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import plan_cast
from shapewright.cuda.convert import Conversion
from shapewright.cuda.images import plan_images
from shapewright.cuda.kernels.cast import compute_type
from shapewright.cuda.kernels.element import BYTES
from shapewright.cuda.layout import Digit, Layout, canonical
from shapewright.cuda.result import byte_range
from shapewright.cuda.view import GpuArray
from shapewright.errors import LayoutError


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

    def teach(self, known: _core.KnownCalls, tag: Any, x: Any, out: Any) -> None:
        """Makes calls of this kind known to the core, so that they need no Python."""
        ready = [
            (launch.launch, src_offset, dst_offset, list(others))
            for launch, src_offset, dst_offset, others in self.launches
            if isinstance(launch, Compiled)
        ]
        if len(ready) == len(self.launches):
            known.remember(tag, x, out, ready, self.src_range, self.dst_range, self.held)

    def __call__(self, stream: int, src: int, dst: int) -> None:
        for launch, src_offset, dst_offset, others in self.launches:
            launch(stream, src + src_offset, dst + dst_offset, *others)


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


def planned(
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
    size = BYTES[compute_type(convert.item.name)]
    for _, layout in layouts:
        for step in plan_cast(layout, convert.src, convert.item.name, convert.op):
            others = tuple(address + step.param_offset * size for address in addresses)
            launch = backend.prepare(step, src.device)
            launches.append((launch, step.src_offset, step.dst_offset, others))
