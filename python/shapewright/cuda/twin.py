"""The CPU as a target: the same bodies, every access checked for bounds and alignment.

Memory is a pair (bytes, start): an offset counts from byte `start` of the array. An access outside
of it, or at an address that is no multiple of the item, raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
from numba import njit
from numba.np.unsafe.ndarray import to_fixed_tuple

from shapewright.cuda.kernel import Kernel
from shapewright.cuda.target import ITEM_BYTES, Function, Target, words_of
from shapewright.cuda.twin_arithmetic import ARITHMETIC
from shapewright.cuda.twin_floats import FLOATS

u8, u32, u64, i64 = np.uint8, np.uint32, np.uint64, np.int64
jit = njit(boundscheck=True)

POISON = 0xDEADBEEF
OUTSIDE = "an access outside of memory"
MISALIGNED = "an access off its alignment"
Order = Literal["forward", "reversed", "shuffled"]
ORDERS: tuple[Order, ...] = ("forward", "reversed", "shuffled")


@jit
def _index(memory: Any, offset: Any, item_bytes: Any) -> Any:
    at = i64(memory[1] + offset)
    if at < 0 or at + item_bytes > memory[0].size:
        raise IndexError(OUTSIDE)
    if (i64(memory[0].ctypes.data) + at) % item_bytes != 0:
        raise ValueError(MISALIGNED)
    return at


def _load(item_bytes: int) -> Function:
    words, each = words_of(item_bytes), min(item_bytes, 4)

    @jit
    def load(memory: Any, offset: Any, regs: Any, at: Any) -> None:
        first = _index(memory, offset, item_bytes)
        for w in range(words):
            word = u32(0)
            for k in range(each):
                word = u32(word | (u32(memory[0][first + 4 * w + k]) << u32(8 * k)))
            regs[i64(at) + w] = word

    return load


def _store(item_bytes: int) -> Function:
    words, each = words_of(item_bytes), min(item_bytes, 4)

    @jit
    def store(memory: Any, offset: Any, regs: Any, at: Any) -> None:
        first = _index(memory, offset, item_bytes)
        for w in range(words):
            for k in range(each):
                memory[0][first + 4 * w + k] = u8((regs[i64(at) + w] >> u32(8 * k)) & u32(255))

    return store


def _shared_load(item_bytes: int) -> Function:
    load = _load(item_bytes)

    @jit
    def shared_load(shared: Any, byte: Any, regs: Any, at: Any) -> None:
        load((shared.view(np.uint8), u64(0)), u64(byte), regs, at)

    return shared_load


def _shared_store(item_bytes: int) -> Function:
    store = _store(item_bytes)

    @jit
    def shared_store(shared: Any, byte: Any, regs: Any, at: Any) -> None:
        store((shared.view(np.uint8), u64(0)), u64(byte), regs, at)

    return shared_store


def _numbers(kind: str, count: int) -> Function:
    bits = int(kind[1:])
    load = _load(bits // 8)

    @jit
    def numbers(memory: Any, offset: Any) -> Any:
        values = np.empty(count, u32 if bits == 32 else u64)
        words = np.zeros(2, np.uint32)
        for k in range(count):
            load(memory, offset + u64(bits // 8 * k), words, u32(0))
            values[k] = words[0] if bits == 32 else u64(words[0]) | (u64(words[1]) << u64(32))
        return to_fixed_tuple(values, count)

    return numbers


@jit
def _advance(memory: Any, offset: Any) -> Any:
    return memory[0], u64(memory[1] + offset)


@jit
def _byte_permute(low: Any, high: Any, selector: Any) -> Any:
    both = u64(low) | (u64(high) << u64(32))
    result = u32(0)
    for k in range(4):
        source = u64((selector >> u32(4 * k)) & u32(7))
        result = u32(result | (u32((both >> (u64(8) * source)) & u64(255)) << u32(8 * k)))
    return result


TWIN = Target(
    jit=jit,
    load={n: _load(n) for n in ITEM_BYTES},
    store={n: _store(n) for n in ITEM_BYTES},
    shared_load={n: _shared_load(n) for n in ITEM_BYTES},
    shared_store={n: _shared_store(n) for n in ITEM_BYTES},
    advance=_advance,
    numbers=_numbers,
    byte_permute=_byte_permute,
    arithmetic=ARITHMETIC,
    floats=FLOATS,
)


@cache
def _runner(kernel: Kernel) -> Function:
    """(blocks, order, shared, regs, *params): phase after phase, each by every thread in order."""
    phases = kernel.phases(TWIN)
    first, second = phases[0], phases[-1]
    two = len(phases) == 2
    assert len(phases) <= 2

    @jit
    def run(blocks: Any, order: Any, shared: Any, regs: Any, *params: Any) -> None:
        for block in range(blocks):
            shared[:] = u32(POISON)
            for thread in order:
                regs[:] = u32(POISON)
                first(u32(block), thread, shared, regs, *params)
            if two:
                for thread in order:
                    regs[:] = u32(POISON)
                    second(u32(block), thread, shared, regs, *params)

    return run


def thread_order(threads: int, order: Order, seed: int = 0) -> Any:
    """The numbers of a block's threads, in the order they run within a phase."""
    numbers = np.arange(threads, dtype=np.uint32)
    if order == "reversed":
        return numbers[::-1].copy()
    if order == "shuffled":
        np.random.default_rng(seed).shuffle(numbers)
    return numbers


def run_twin(kernel: Kernel, blocks: int, params: Sequence[Any], order: Order = "forward") -> None:
    """Runs every block of work. A memory among `params` is a pair (bytes, start)."""
    shared = np.empty(max(1, kernel.shared_words) + 4, np.uint32)
    skip = (-shared.ctypes.data % 16) // 4
    shared = shared[skip : skip + max(1, kernel.shared_words)]
    regs = np.empty(kernel.reg_words, np.uint32)
    _runner(kernel)(blocks, thread_order(kernel.threads, order), shared, regs, *params)
