"""A block of k x k items in registers, k vectors of so many words, transposed where it stands.

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


def turn_block(target: Target, item_bytes: int, vector: int) -> Function:
    """(regs, at): turns the block that begins at word `at`; of one item, it stays as it is."""
    words = vector // 4
    if vector == item_bytes:
        return _nothing(target)
    if item_bytes == 1:
        return _bytes(target, words)
    if item_bytes == 2:
        return _halves(target, words)
    return _pairs(target) if item_bytes == 8 else _words(target, words)


def turn_squares(target: Target, item_bytes: int) -> Function:
    """(regs, at): 16 / item bytes rows of a word each, k = 4 / item bytes of them in each of four
    squares side by side, become k vectors, and back. Word q of vector j is row k * q + j."""
    if item_bytes == 4:
        return _nothing(target)
    return _squares_of_bytes(target, 4) if item_bytes == 1 else _squares_of_halves(target, 4)


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


def _words(target: Target, words: int) -> Function:
    @target.jit
    def turn(regs: Any, at: Any) -> None:
        for i in range(words):
            for j in range(i):
                upper, lower = u32(at + u32(words * i + j)), u32(at + u32(words * j + i))
                kept = regs[upper]
                regs[upper] = regs[lower]
                regs[lower] = kept

    return turn


def _squares_of_halves(target: Target, words: int) -> Function:
    """Squares of 2 x 2 halves in the words of two rows."""
    permute = target.byte_permute

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        for j in range(words):
            upper, lower = u32(at + u32(j)), u32(at + u32(words + j))
            a, b = regs[upper], regs[lower]
            regs[upper] = permute(a, b, u32(LOW_HALVES))
            regs[lower] = permute(a, b, u32(HIGH_HALVES))

    return turn


def _halves(target: Target, words: int) -> Function:
    squares = _squares_of_halves(target, words)

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        # Squares first, in the words of rows 2i and 2i + 1, ...
        for i in range(words):
            squares(regs, u32(at + u32(words * 2 * i)))
        # ... then the squares change places.
        for i in range(words):
            for j in range(i):
                for k in range(2):
                    upper = u32(at + u32(words * (2 * i + k) + j))
                    lower = u32(at + u32(words * (2 * j + k) + i))
                    kept = regs[upper]
                    regs[upper] = regs[lower]
                    regs[lower] = kept

    return turn


def _squares_of_bytes(target: Target, words: int) -> Function:
    """Squares of 4 x 4 bytes in the words of four rows."""
    permute = target.byte_permute

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        for j in range(words):
            w0, w1 = u32(at + u32(j)), u32(at + u32(words + j))
            w2, w3 = u32(w0 + u32(2 * words)), u32(w0 + u32(3 * words))
            low_a = permute(regs[w0], regs[w1], u32(LOW_BYTES))
            high_a = permute(regs[w0], regs[w1], u32(HIGH_BYTES))
            low_b = permute(regs[w2], regs[w3], u32(LOW_BYTES))
            high_b = permute(regs[w2], regs[w3], u32(HIGH_BYTES))
            regs[w0] = permute(low_a, low_b, u32(LOW_HALVES))
            regs[w1] = permute(low_a, low_b, u32(HIGH_HALVES))
            regs[w2] = permute(high_a, high_b, u32(LOW_HALVES))
            regs[w3] = permute(high_a, high_b, u32(HIGH_HALVES))

    return turn


def _bytes(target: Target, words: int) -> Function:
    squares = _squares_of_bytes(target, words)

    @target.jit
    def turn(regs: Any, at: Any) -> None:
        # Squares first, in the words of rows 4i .. 4i + 3, ...
        for i in range(words):
            squares(regs, u32(at + u32(words * 4 * i)))
        # ... then the squares change places.
        for i in range(words):
            for j in range(i):
                for k in range(4):
                    upper = u32(at + u32(words * (4 * i + k) + j))
                    lower = u32(at + u32(words * (4 * j + k) + i))
                    kept = regs[upper]
                    regs[upper] = regs[lower]
                    regs[lower] = kept

    return turn
