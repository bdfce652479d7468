"""One form for every move of the same bytes to the same places: digits, as cpp/copy/canonical.h."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import gcd, prod

MOST_SIZE = 1 << 31  # of a digit: its index is a signed number of 32 bits
WIDEST = 16
SECTOR, LINE = 32, 128  # bytes that a GPU reads and writes whole


@dataclass(frozen=True, slots=True)
class Digit:
    """One loop: strides in bytes, that of the parameters in elements."""

    size: int
    src: int
    dst: int
    param: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """A box of items: where each is read and where it is written.

    Offsets count from the caller's pointers. Destination strides are positive and ascend.
    """

    item_bytes: int
    digits: tuple[Digit, ...]
    src_offset: int = 0
    dst_offset: int = 0
    param_offset: int = 0
    dst_item_bytes: int = 0  # where the items change their size; 0: they keep it

    @property
    def written_bytes(self) -> int:
        """Of an item in the destination."""
        return self.dst_item_bytes or self.item_bytes

    @property
    def items(self) -> int:
        """How many are moved."""
        return prod(digit.size for digit in self.digits)

    def halves(self) -> Iterator[Layout]:
        """The layout in two parts, cut through its longest digit."""
        digit = max(self.digits, key=lambda d: d.size)
        at = self.digits.index(digit)
        low = digit.size // 2
        for first, size in ((0, low), (low, digit.size - low)):
            parts = (*self.digits[:at], replace(digit, size=size), *self.digits[at + 1 :])
            yield replace(
                self,
                digits=tuple(d for d in parts if d.size > 1),
                src_offset=self.src_offset + first * digit.src,
                dst_offset=self.dst_offset + first * digit.dst,
                param_offset=self.param_offset + first * digit.param,
            )


def canonical(
    digits: Iterable[Digit],
    item_bytes: int,
    src_offset: int = 0,
    dst_offset: int = 0,
    param_offset: int = 0,
    dst_item_bytes: int = 0,
) -> Layout:
    """Digits of size 1 left out, destination ascending, neighbours that walk as one joined."""
    ascending = []
    for digit in digits:
        if digit.size == 1:
            continue
        if digit.dst < 0:
            last = digit.size - 1
            src_offset += last * digit.src
            dst_offset += last * digit.dst
            param_offset += last * digit.param
            digit = Digit(digit.size, -digit.src, -digit.dst, -digit.param)
        ascending.append(digit)
    ascending.sort(key=lambda d: (d.dst, d.size))
    folded: list[Digit] = []
    for digit in ascending:
        if folded:
            low = folded[-1]
            step = (low.src * low.size, low.dst * low.size, low.param * low.size)
            if (digit.src, digit.dst, digit.param) == step:
                folded[-1] = replace(low, size=low.size * digit.size)
                continue
        folded.append(digit)
    return Layout(item_bytes, tuple(folded), src_offset, dst_offset, param_offset, dst_item_bytes)


def with_items_of(layout: Layout, src_address: int, dst_address: int) -> Layout:
    """The same bytes in the widest items that all addresses are multiples of.

    An item of 12 bytes, or one off its alignment, becomes several; a run that is dense on both
    sides becomes fewer, of up to 16 bytes. Addresses are the caller's pointers.
    """
    digits = list(layout.digits)
    run = layout.item_bytes
    if digits and digits[0].src == digits[0].dst == run:
        run *= digits.pop(0).size
    aligned = gcd(
        WIDEST,
        run,
        src_address + layout.src_offset,
        dst_address + layout.dst_offset,
        *(abs(stride) for digit in digits for stride in (digit.src, digit.dst)),
    )
    if run > aligned:
        digits.insert(0, Digit(run // aligned, aligned, aligned))
    return replace(layout, item_bytes=aligned, digits=tuple(digits))


def fill_with_items_of(layout: Layout, dst_address: int) -> Layout:
    """The same bytes in the widest items, each read from the same 16 bytes, in which the element is
    repeated."""
    digits = list(layout.digits)
    run = layout.item_bytes
    if digits and digits[0].dst == run:
        run *= digits.pop(0).size
    place = dst_address + layout.dst_offset
    aligned = gcd(WIDEST, run, place, *(digit.dst for digit in digits))
    if aligned < layout.item_bytes:  # parts of an element, which differ
        return with_items_of(layout, 0, dst_address)
    if run > aligned:
        digits.insert(0, Digit(run // aligned, 0, aligned))
    return replace(layout, item_bytes=aligned, digits=tuple(digits))
