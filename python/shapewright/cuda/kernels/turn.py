"""A block of k x k items in registers, k vectors of 16 bytes, transposed where it stands.

Items of 4 bytes and more only change their names. Pairs of 2 bytes are cut and joined by one
`prmt` a word; quadruples of bytes by two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.target import Function, Target

u32 = np.uint32

LOW_HALVES, HIGH_HALVES = 0x5410, 0x7632
LOW_BYTES, HIGH_BYTES = 0x5140, 0x7362  # of two words in turn: a0 b0 a1 b1, a2 b2 a3 b3


def turn_block(target: Target, item_bytes: int) -> Function:
    """(regs, at): turns the block that begins at word `at`."""
    return {1: _bytes, 2: _halves, 4: _words, 8: _pairs, 16: _nothing}[item_bytes](target)


def _nothing(target: Target) -> Function:
    @target.jit
    def turn(regs: Any, at: Any) -> None:
        pass

    return turn


def _pairs(target: Target) -> Function:
    @target.jit
    def turn(regs: Any, at: Any) -> None:
        for k in range(2):
            low, high = u32(at + u32(2 + k)), u32(at + u32(4 + k))
            kept = regs[low]
            regs[low] = regs[high]
            regs[high] = kept

    return turn


def _words(target: Target) -> Function:
    @target.jit
    def turn(regs: Any, at: Any) -> None:
        for i in range(4):
            for j in range(i):
                upper, lower = u32(at + u32(4 * i + j)), u32(at + u32(4 * j + i))
                kept = regs[upper]
                regs[upper] = regs[lower]
                regs[lower] = kept

    return turn


def _halves(target: Target) -> Function:
    permute = target.byte_permute

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        # Squares of 2 x 2 halves first, in the words of rows 2i and 2i + 1, ...
        for i in range(4):
            for j in range(4):
                upper, lower = u32(at + u32(8 * i + j)), u32(at + u32(8 * i + 4 + j))
                a, b = regs[upper], regs[lower]
                regs[upper] = permute(a, b, u32(LOW_HALVES))
                regs[lower] = permute(a, b, u32(HIGH_HALVES))
        # ... then the squares change places.
        for i in range(4):
            for j in range(i):
                for k in range(2):
                    upper, lower = (
                        u32(at + u32(8 * i + 4 * k + j)),
                        u32(at + u32(8 * j + 4 * k + i)),
                    )
                    kept = regs[upper]
                    regs[upper] = regs[lower]
                    regs[lower] = kept

    return turn


def _bytes(target: Target) -> Function:
    permute = target.byte_permute

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        # Squares of 4 x 4 bytes, in the words of rows 4i .. 4i + 3, ...
        for i in range(4):
            for j in range(4):
                w0, w1 = u32(at + u32(16 * i + j)), u32(at + u32(16 * i + 4 + j))
                w2, w3 = u32(at + u32(16 * i + 8 + j)), u32(at + u32(16 * i + 12 + j))
                low_a = permute(regs[w0], regs[w1], u32(LOW_BYTES))
                high_a = permute(regs[w0], regs[w1], u32(HIGH_BYTES))
                low_b = permute(regs[w2], regs[w3], u32(LOW_BYTES))
                high_b = permute(regs[w2], regs[w3], u32(HIGH_BYTES))
                regs[w0] = permute(low_a, low_b, u32(LOW_HALVES))
                regs[w1] = permute(low_a, low_b, u32(HIGH_HALVES))
                regs[w2] = permute(high_a, high_b, u32(LOW_HALVES))
                regs[w3] = permute(high_a, high_b, u32(HIGH_HALVES))
        # ... then the squares change places.
        for i in range(4):
            for j in range(i):
                for k in range(4):
                    upper = u32(at + u32(16 * i + 4 * k + j))
                    lower = u32(at + u32(16 * j + 4 * k + i))
                    kept = regs[upper]
                    regs[upper] = regs[lower]
                    regs[lower] = kept

    return turn
