"""Where an item of a tile lies: its number taken apart into a few small digits.

Numbers stay below 2^13, so q = n * magic >> 31 with magic = ceil(2^31 / size) is exact: the error
of the product is below n < 2^31 / size for size <= 2^13. Offsets wrap in 32 bits and are signed.

A tile may cut two digits of the layout, A and B, into chunks. `code` carries the item's place along
each, above the bits of its slot in shared memory: see `Code`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shapewright.cuda.target import Function, Target

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

MOST_ITEMS = 1 << 13


@dataclass(frozen=True, slots=True)
class Code:
    """Bits of a code, lowest first: the slot, the place along A, the place along B."""

    slot_bits: int
    chunk_bits: int

    @property
    def slot_mask(self) -> int:
        """Of the bits of the slot."""
        return (1 << self.slot_bits) - 1

    @property
    def most_chunk(self) -> int:
        """Items of the longest chunk."""
        return 1 << self.chunk_bits

    @property
    def a_unit(self) -> int:
        """One step along A."""
        return 1 << self.slot_bits

    @property
    def b_unit(self) -> int:
        """One step along B."""
        return 1 << (self.slot_bits + self.chunk_bits)


DIRECT_CODE = Code(slot_bits=0, chunk_bits=16)
PACKED_CODE = Code(slot_bits=14, chunk_bits=9)


def small_magic_of(divisor: int) -> int:
    """For a divisor of 1 to 2^13."""
    return -(-(1 << 31) // divisor)


def inner_offset(target: Target, rank: int) -> Function:
    """(item, size, magic, stride, unit) -> (offset in bytes as u64, code).

    What is left for the last digit is that digit itself. Digits of size 1 fill up the rank from
    behind, where 0 is left.
    """

    @target.jit
    def offset_of(item: Any, size: Any, magic: Any, stride: Any, unit: Any) -> Any:
        left = u32(item)
        offset, code = u32(0), u32(0)
        for i in range(rank - 1):
            quotient = u32((u64(left) * u64(magic[i])) >> u64(31))
            digit = u32(left - u32(quotient * size[i]))
            offset = u32(offset + u32(digit * stride[i]))
            code = u32(code + u32(digit * unit[i]))
            left = quotient
        offset = u32(offset + u32(left * stride[rank - 1]))
        code = u32(code + u32(left * unit[rank - 1]))
        return u64(i64(i32(offset))), code

    return offset_of


def within_chunks(target: Target, code_bits: Code) -> Function:
    """(code, left of A, left of B) -> whether the item lies inside the layout."""
    slot_bits, chunk_bits = code_bits.slot_bits, code_bits.chunk_bits
    chunk_mask = code_bits.most_chunk - 1

    @target.jit
    def inside(code: Any, left_a: Any, left_b: Any) -> Any:
        a = u32(u32(code >> u32(slot_bits)) & u32(chunk_mask))
        b = u32(code >> u32(slot_bits + chunk_bits))
        return (a < left_a) & (b < left_b)

    return inside
