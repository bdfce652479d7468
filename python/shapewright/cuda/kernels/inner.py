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

from shapewright.cuda.target import Function, Target, written_out

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


WEAVE_CODE = Code(slot_bits=0, chunk_bits=9)
PACKED_CODE = Code(slot_bits=14, chunk_bits=9)


def small_magic_of(divisor: int) -> int:
    """For a divisor of 1 to 2^13."""
    return -(-(1 << 31) // divisor)


DIGIT = """
    quotient = divide_small(left, magic[{i}])
    digit = rest(left, quotient, size[{i}])
    offset = mad(offset, digit, stride[{i}])
    code = mad(code, digit, unit[{i}])
    left = quotient
"""
OFFSET_OF = """
def offset_of(item, size, magic, stride, unit):
    left = u32(item)
    offset, code = u32(0), u32(0)
{digits}
    offset = mad(offset, left, stride[{last}])
    code = mad(code, left, unit[{last}])
    return u64(i64(i32(offset))), code
"""


def inner_offset(target: Target, rank: int) -> Function:
    """(item, size, magic, stride, unit) -> (offset in bytes as u64, code).

    What is left for the last digit is that digit itself. Digits of size 1 fill up the rank from
    behind, where 0 is left.
    """
    digits = "".join(DIGIT.format(i=i) for i in range(rank - 1))
    text = OFFSET_OF.format(digits=digits, last=rank - 1)
    names = {"u32": u32, "u64": u64, "i32": i32, "i64": i64}
    return target.jit(written_out(text, names | dict(target.arithmetic)))


def left_of_chunks(target: Target) -> Function:
    """(chunks, chunk of A, of B) -> what is left of A and of B from there on; `chunks` holds the
    length of a chunk and the size of A, then of B."""

    @target.jit
    def what_is_left(chunks: Any, a: Any, b: Any) -> Any:
        return u32(chunks[1] - u32(a * chunks[0])), u32(chunks[3] - u32(b * chunks[2]))

    return what_is_left


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
