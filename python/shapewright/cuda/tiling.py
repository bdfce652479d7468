"""Which digits of a layout a block of work holds, whole or cut, and which number the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd, prod
from typing import Any

from shapewright.cuda.layout import LINE, SECTOR, Digit, Layout
from shapewright.cuda.step import outer_values

MOST_REACH = 1 << 31  # bytes from a tile's first item to any other


@dataclass(frozen=True, slots=True)
class Cut:
    """A digit and how much of it a tile holds."""

    digit: Digit
    chunk: int

    @property
    def is_cut(self) -> bool:
        """Whether more than one tile has a part of it."""
        return self.chunk < self.digit.size

    @property
    def chunks(self) -> Digit:
        """The digit that counts the chunks."""
        return Digit(
            -(-self.digit.size // self.chunk),
            self.digit.src * self.chunk,
            self.digit.dst * self.chunk,
            self.digit.param * self.chunk,
        )


@dataclass(frozen=True)
class Tiling:
    """The digits inside a tile, at most two of them cut, and those outside."""

    inside: tuple[Cut, ...]
    outside: tuple[Digit, ...]

    @property
    def items(self) -> int:
        """Of a full tile."""
        return prod(cut.chunk for cut in self.inside)

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """A and B, as far as there are any."""
        return tuple(cut for cut in self.inside if cut.is_cut)

    @cached_property
    def cut_digits(self) -> tuple[Digit, ...]:
        """What counts the chunks of A and B, as far as there are any."""
        return tuple(cut.chunks for cut in self.cuts)

    @cached_property
    def block_digits(self) -> tuple[Digit, ...]:
        """What numbers the blocks, ascending in the destination."""
        return tuple(sorted((*self.cut_digits, *self.outside), key=lambda d: d.dst))

    def outer_values(self, rank: int) -> dict[str, tuple[int, ...]]:
        """Values of `outer_params`."""
        return outer_values(self.block_digits, rank, *self.cut_digits)

    def chunk_values(self) -> dict[str, Any]:
        """How many units, and chunks and sizes of A and B; 1 and 1 for one that is not there."""
        rows = [(cut.chunk, cut.digit.size) for cut in self.cuts] + [(1, 1), (1, 1)]
        return {"units": self.items, "chunks": (*rows[0], *rows[1])}


def even(size: int, chunk: int) -> int:
    """The least chunk that gives no more chunks than `chunk` does."""
    chunks = -(-size // chunk)
    return -(-size // chunks)


def whole_sectors(chunk: int, unit_bytes: int) -> int:
    """The longest chunk, up to this one, of whole lines, else of whole sectors, else as it is.

    Sectors that two blocks write a part of each are written twice.
    """
    for whole in (LINE, SECTOR):
        granule = whole // gcd(whole, unit_bytes)
        if chunk >= granule:
            return chunk // granule * granule
    return chunk


def within_reach(digit: Digit, chunk: int, reach: int) -> int:
    """The largest chunk, up to this one, whose items lie within so many bytes."""
    step = max(abs(digit.src), abs(digit.dst), 1)
    return max(1, min(chunk, reach // step + 1))


def linear_tiling(layout: Layout, most_items: int, most_chunk: int, most_rank: int) -> Tiling:
    """A tile of the digits that come first in the destination."""
    inside: list[Cut] = []
    items, reach = 1, MOST_REACH - 1
    digits = layout.digits
    for digit in digits:
        room = min(most_items // items, most_chunk)
        chunk = within_reach(digit, min(digit.size, room), reach)
        if chunk < 2 or len(inside) == most_rank:
            break
        chunk = even(digit.size, chunk)
        inside.append(Cut(digit, chunk))
        items *= chunk
        reach -= (chunk - 1) * max(abs(digit.src), abs(digit.dst))
        if chunk < digit.size:
            break
    return Tiling(tuple(inside), digits[len(inside) :])


def _run(
    digits: Sequence[Digit], strides: Sequence[int], item_bytes: int, target: int
) -> list[int]:
    """Indices of the digits that lie dense one behind the other, until a run is long enough."""
    run, chosen = item_bytes, []
    for at in sorted(range(len(digits)), key=lambda i: abs(strides[i])):
        if abs(strides[at]) != run:
            break
        chosen.append(at)
        run *= digits[at].size
        if run >= target:
            break
    return chosen


def packed_tiling(
    layout: Layout, most_items: int, most_chunk: int, most_rank: int, run_bytes: int
) -> Tiling | None:
    """A tile of what is dense in the source and what is dense in the destination.

    None where one of them is nothing, or the tile cannot be made small enough.
    """
    digits = layout.digits
    read = _run(digits, [d.src for d in digits], layout.item_bytes, run_bytes)
    written = _run(digits, [d.dst for d in digits], layout.written_bytes, run_bytes)
    if not read or not written:
        return None
    chunk = {at: digits[at].size for at in (*read, *written)}
    can_cut = list(dict.fromkeys((read[-1], written[-1])))
    if len(chunk) > most_rank:
        return None

    def items() -> int:
        return prod(chunk.values())

    def run_of(at: int) -> int:
        sides = [side for side in (read, written) if at == side[-1]]
        return min(prod(chunk[i] for i in side) for side in sides)

    for at in can_cut:
        if chunk[at] > most_chunk:
            chunk[at] = even(chunk[at], most_chunk)
    while items() > most_items:
        longest = max((at for at in can_cut if chunk[at] > 1), key=run_of, default=None)
        if longest is None:
            return None
        chunk[longest] = even(digits[longest].size, -(-chunk[longest] // 2))
    for at, stride in ((read[-1], digits[read[-1]].src), (written[-1], digits[written[-1]].dst)):
        if chunk[at] < digits[at].size:
            chunk[at] = whole_sectors(chunk[at], abs(stride))
    # A small tile takes in what comes next in the destination.
    for at, digit in enumerate(digits):
        cuts = sum(chunk[i] < digits[i].size for i in chunk)
        room = min(most_items // items(), most_chunk)
        if at in chunk or len(chunk) == most_rank or room < 2:
            continue
        if digit.size <= room:
            chunk[at] = digit.size
        elif cuts < 2:
            chunk[at] = even(digit.size, room)
    reach = sum((chunk[i] - 1) * max(abs(digits[i].src), abs(digits[i].dst)) for i in chunk)
    if reach >= MOST_REACH:
        return None
    inside = tuple(Cut(digits[i], chunk[i]) for i in sorted(chunk))
    return Tiling(inside, tuple(d for i, d in enumerate(digits) if i not in chunk))
