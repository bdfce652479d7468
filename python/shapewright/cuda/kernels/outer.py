"""Where a block of work lies: its number taken apart into digits, one division each.

    block = (... d2 * size1 + d1) * size0 + d0        0 <= d_i < size_i
    src   = sum of d_i * src_i,  dst likewise         bytes modulo 2^64

Division by an invariant: q = (mulhi(n, magic) + n) >> shift, exact for n < 2^31 (Granlund and
Montgomery, 1994, with N = 32). Digits of size 1 fill up the rank; their magic and shift are 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.target import Function, Target

u32, u64 = np.uint32, np.uint64


def magic_of(divisor: int) -> tuple[int, int]:
    """(magic, shift) for a divisor of 1 to 2^31."""
    shift = (divisor - 1).bit_length()
    if shift == 0:
        return 0, 0
    return ((((1 << shift) - divisor) << 32) // divisor + 1) & 0xFFFFFFFF, shift


def outer_offsets(target: Target, rank: int) -> Function:
    """(block, size, magic, shift, src, dst) -> (src offset, dst offset, d0, d1)."""

    @target.jit
    def offsets(block: Any, size: Any, magic: Any, shift: Any, src: Any, dst: Any) -> Any:
        left = u32(block)
        src_offset, dst_offset = u64(0), u64(0)
        first, second = u32(0), u32(0)
        for i in range(rank):
            high = u32((u64(left) * u64(magic[i])) >> u64(32))
            quotient = u32(u32(high + left) >> shift[i])
            digit = u32(left - u32(quotient * size[i]))
            src_offset += u64(digit) * src[i]
            dst_offset += u64(digit) * dst[i]
            if i == 0:
                first = digit
            if i == 1:
                second = digit
            left = quotient
        return src_offset, dst_offset, first, second

    return offsets
