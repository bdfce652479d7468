"""What a kernel body is built from: how a target compiles and how it reaches memory.

Bodies see memory as words of 32 bits in an array `regs`, whatever the dtype. An item of S bytes is
max(1, S / 4) words there; the upper bits of a shorter item are zero.

    load[S](memory, offset, regs, at)      offset u64 in bytes, modulo 2^64; at u32, a word of regs
    store[S](memory, offset, regs, at)
    shared_load[S](shared, byte, regs, at) byte u32
    shared_store[S](shared, byte, regs, at)
    advance(memory, offset) -> memory      the same memory, addressed from elsewhere
    numbers(kind, N)(memory, offset)       -> a tuple of N u32 or u64, at a multiple of 8 bytes
    byte_permute(a, b, selector) -> u32    as the instruction prmt
    arithmetic                             of u32, wrapping:
        divide(n, magic, shift)            (mulhi(n, magic) + n) >> (shift & 31)
        divide_small(n, magic)             n * magic >> 31
        rest(n, q, size)                   n - q * size
        mad(t, n, stride)                  t + n * stride; wide_mad: t and stride are u64
        pick(word, flag, n, other)         n where the flag is in the word
    floats                                 bits of floats and back, halves, and arithmetic in which
                                           each operation is rounded
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ITEM_BYTES = (1, 2, 4, 8, 16)
Function = Callable[..., Any]


def words_of(item_bytes: int) -> int:
    """Words of 32 bits that an item takes in registers."""
    return max(1, item_bytes // 4)


def written_out(text: str, names: Mapping[str, Any]) -> Function:
    """The one function of a text, its loops written out.

    Compilers unroll a loop over digits only while it is short; past that each access to a tuple
    becomes a chain of branches, which made kernels of 8 digits four times as slow.
    """
    found = dict(names)
    exec(text, found)
    return next(f for name, f in found.items() if name not in names and callable(f))


@dataclass(frozen=True, slots=True)
class Target:
    """The CPU or a GPU."""

    jit: Function
    load: Mapping[int, Function]
    store: Mapping[int, Function]
    shared_load: Mapping[int, Function]
    shared_store: Mapping[int, Function]
    advance: Function
    numbers: Callable[[str, int], Function]
    byte_permute: Function
    arithmetic: Mapping[str, Function]
    floats: Mapping[str, Function]
