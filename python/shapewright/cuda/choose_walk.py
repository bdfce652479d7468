"""Parameters of the kernel that walks through tiles of many digits: see kernels/walk.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapewright.cuda.choose_packed import padded
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.kernels.inner import small_magic_of
from shapewright.cuda.kernels.walk import MOST_UNITS, OUTER_RANK, TILE_RANK
from shapewright.cuda.layout import MOST_SIZE, WIDEST, Digit, Layout
from shapewright.cuda.step import Step, blocks_of, outer_values, values_of

FEW_DIGITS = 6  # that direct takes apart for each item
LEAST_UNITS = 256  # of a tile, two a thread: to take its number apart costs as much as they do


def walk_step(layout: Layout, src_address: int, dst_address: int) -> Step | None:
    """Digits so many that to take all of them apart for each item costs more than the move."""
    item = layout.item_bytes
    if item == WIDEST or len(layout.digits) <= FEW_DIGITS:
        return None
    inside, outside, units = _whole_tile(layout.digits)
    reach = sum((d.size - 1) * max(abs(d.src), d.dst) for d in inside)
    if units < LEAST_UNITS or len(outside) > OUTER_RANK or reach >= MOST_SIZE:
        return None
    kernel = kernel_named(f"walk_{item}")
    named = outer_values(outside, OUTER_RANK) | {
        "units": units,
        "size": padded((d.size for d in inside), 1, TILE_RANK),
        "magic": padded((small_magic_of(d.size) for d in inside), 1 << 31, TILE_RANK),
        "src_stride": padded((d.src for d in inside), 0, TILE_RANK),
        "dst_stride": padded((d.dst for d in inside), 0, TILE_RANK),
    }
    return Step(
        kernel=kernel.name,
        blocks=blocks_of(outside),
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel, named),
    )


def _whole_tile(digits: Sequence[Digit]) -> tuple[list[Digit], list[Digit], int]:
    """The first digits, the last of them cut into chunks of one size, what numbers the tiles, and
    the items of one."""
    inside: list[Digit] = []
    units = 1
    for at, digit in enumerate(digits):
        room = min(MOST_UNITS // units, digit.size)
        chunk = next(n for n in range(room, 0, -1) if digit.size % n == 0)
        if chunk > 1:
            inside.append(replace(digit, size=chunk))
            units *= chunk
        if chunk < digit.size or len(inside) == TILE_RANK:
            rest = Digit(digit.size // chunk, digit.src * chunk, digit.dst * chunk)
            return inside, [d for d in (rest, *digits[at + 1 :]) if d.size > 1], units
    return inside, [], units
