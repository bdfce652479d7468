"""Where a block of work lies: its number taken apart into digits, one division each.

    block = (... d2 * size1 + d1) * size0 + d0        0 <= d_i < size_i
    src   = sum of d_i * src_i,  dst likewise         bytes modulo 2^64

Digits ascend in the destination: blocks that run at the same time write what lies together, which
on an H200 is worth 7% of the bandwidth of a transpose. Two digits may count the chunks of A and B,
of which a block wants to know its own; flags above the bits of their shifts say which.

Division by an invariant: q = (mulhi(n, magic) + n) >> shift, exact for n < 2^31 (Granlund and
Montgomery, 1994, with N = 32). Digits of size 1 fill up the rank; their magic and shift are 0.
"""

from __future__ import annotations

import numpy as np

from shapewright.cuda.target import Function, Target, written_out

u32, u64 = np.uint32, np.uint64

IS_A, IS_B = 1 << 8, 1 << 9  # flags of a shift, which is below 32


def magic_of(divisor: int) -> tuple[int, int]:
    """(magic, shift) for a divisor of 1 to 2^31."""
    shift = (divisor - 1).bit_length()
    if shift == 0:
        return 0, 0
    return ((((1 << shift) - divisor) << 32) // divisor + 1) & 0xFFFFFFFF, shift


DIGIT = """
    quotient = divide(left, magic[{i}], shift[{i}])
    digit = rest(left, quotient, size[{i}])
    src_offset = wide_mad(src_offset, digit, src[{i}])
    dst_offset = wide_mad(dst_offset, digit, dst[{i}])
    a = pick(shift[{i}], IS_A, digit, a)
    b = pick(shift[{i}], IS_B, digit, b)
    left = quotient
"""
OFFSETS = """
def offsets(block, size, magic, shift, src, dst):
    left = u32(block)
    src_offset, dst_offset = u64(0), u64(0)
    a, b = u32(0), u32(0)
{digits}
    return src_offset, dst_offset, a, b
"""


def outer_offsets(target: Target, rank: int) -> Function:
    """(block, size, magic, shift, src, dst) -> (src offset, dst offset, chunk of A, of B)."""
    text = OFFSETS.format(digits="".join(DIGIT.format(i=i) for i in range(rank)))
    names = {"u32": u32, "u64": u64, "IS_A": u32(IS_A), "IS_B": u32(IS_B)}
    return target.jit(written_out(text, names | dict(target.arithmetic)))
