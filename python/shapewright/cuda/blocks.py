"""A layout in units that a thread moves at once: its items, or blocks of k x k of them.

k = vector / item bytes
A, dense in the source        size / k vectors, read one beside the other
B, dense in the destination   size / k vectors, written one beside the other
rows of a block               src: one step along B, dst: one step along A
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapewright.cuda.layout import Digit, Layout


@dataclass(frozen=True, slots=True)
class Blocked:
    """`units` is the layout of the units, each counted as one item of `vector` bytes."""

    units: Layout
    item_bytes: int
    vector: int
    row_src: int = 0
    row_dst: int = 0

    @classmethod
    def of_items(cls, layout: Layout) -> Blocked:
        """Each unit is an item."""
        return cls(layout, layout.item_bytes, layout.item_bytes)

    @property
    def side(self) -> int:
        """Rows of a block."""
        return self.vector // self.item_bytes


def dense_digits(layout: Layout) -> tuple[Digit, Digit] | None:
    """A, dense in the source, and B, dense in the destination; None where that is one digit, or
    one of them is not there."""
    item = layout.item_bytes
    along_a = next((d for d in layout.digits if d.src == item), None)
    along_b = next((d for d in layout.digits if d.dst == item), None)
    if along_a is None or along_b is None or along_a == along_b:
        return None
    return along_a, along_b


def blocked(layout: Layout, src_address: int, dst_address: int, vector: int) -> Blocked | None:
    """The layout in blocks of such vectors; None where one would lie off its alignment."""
    dense = dense_digits(layout)
    if dense is None:
        return None
    a, b = dense
    item = layout.item_bytes
    side = vector // item
    others = [d for d in layout.digits if d not in dense]
    places = (
        src_address + layout.src_offset,
        dst_address + layout.dst_offset,
        b.src,
        a.dst,
        *(stride for d in others for stride in (d.src, d.dst)),
    )
    if a.size % side or b.size % side or any(place % vector for place in places):
        return None
    if max(abs(b.src), a.dst) * side >= 1 << 31:
        return None
    digits = [
        Digit(a.size // side, vector, a.dst * side),
        Digit(b.size // side, b.src * side, vector),
        *others,
    ]
    ascending = sorted((d for d in digits if d.size > 1), key=lambda d: d.dst)
    units = replace(layout, item_bytes=vector, digits=tuple(ascending))
    return Blocked(units, item, vector, row_src=b.src, row_dst=a.dst)
