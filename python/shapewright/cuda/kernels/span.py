"""G8: whole lines off alignment, against vectors: channels first to last and back, 7 x 7 pixels.

Lines of any size lie dense one behind the other, so that 16 / item bytes of them, a group, are
whole vectors; on the other side an item of each line is one vector:

    shared memory, as the lines lie       the other side
    l0: p0 p1 .. p48 | l1: p0 p1 ..       p0 of l0, l1 .. l15
    .. | l15: p0 p1 .. p48                p1 of l0, l1 .. l15
    -- the next group, `pitch` vectors on ..

    gather   vectors of the source as they lie -> shared; then a thread takes a word, k = 4 / item
             bytes items, of each line of a group, turns them and writes k vectors
    scatter  a thread reads k vectors, turns them and puts a word into each line of a group;
             then shared -> vectors of the destination as they lie

With the pitch that the host chooses, the words of a warp, of 8 groups or fewer, meet no bank twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.lines import VECTOR, WORD, words_of_lines
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.kernels.turn import turn_squares
from shapewright.cuda.target import Function, Target

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

THREADS = 128
OUTER_RANK = 4  # digits among blocks
AT_ONCE = 4  # vectors of a thread that move as they lie
SHARED_BYTES = 16896
MOST_VECTORS = SHARED_BYTES // VECTOR - 1  # of a tile; the word past its end may be read
LANES = 8  # groups beside each other in a warp, at most
STEPS = {1: (1, 2, 4), 2: (2, 4), 4: (4,)}  # bytes of an item -> that may divide those of a line

PARAMS = (
    Param("lines", "u32", 3),  # items of a line, the magic of it, vectors to the next group
    Param("groups", "u32", 2),  # of a tile, and of all
    Param("words", "u32", 4),  # of a line, the magic of it, log2 of groups beside each other, units
    Param("row", "u32"),  # bytes from one item of a line to the next on the other side
)


def _moves_as_they_lie(target: Target) -> tuple[Function, Function]:
    """(memory, thread, shared, regs, vectors, lines): to shared memory, and from it."""
    load, store = target.load[VECTOR], target.store[VECTOR]
    shared_load, shared_store = target.shared_load[VECTOR], target.shared_store[VECTOR]
    divide = target.arithmetic["divide_small"]

    @target.jit
    def slot_of(vector: Any, lines: Any) -> Any:
        group = divide(vector, lines[1])
        return u32(u32(vector + u32(group * u32(lines[2] - lines[0]))) * u32(VECTOR))

    @target.jit
    def to_shared(
        memory: Any, thread: Any, shared: Any, regs: Any, vectors: Any, lines: Any
    ) -> None:
        first = u32(thread)
        while first < vectors:
            for n in range(AT_ONCE):
                vector = u32(first + u32(n * THREADS))
                if vector < vectors:
                    load(memory, u64(u32(vector * u32(VECTOR))), regs, u32(n * WORD))
            for n in range(AT_ONCE):
                vector = u32(first + u32(n * THREADS))
                if vector < vectors:
                    shared_store(shared, slot_of(vector, lines), regs, u32(n * WORD))
            first = u32(first + u32(AT_ONCE * THREADS))

    @target.jit
    def from_shared(
        memory: Any, thread: Any, shared: Any, regs: Any, vectors: Any, lines: Any
    ) -> None:
        first = u32(thread)
        while first < vectors:
            for n in range(AT_ONCE):
                vector = u32(first + u32(n * THREADS))
                if vector < vectors:
                    shared_load(shared, slot_of(vector, lines), regs, u32(n * WORD))
            for n in range(AT_ONCE):
                vector = u32(first + u32(n * THREADS))
                if vector < vectors:
                    store(memory, u64(u32(vector * u32(VECTOR))), regs, u32(n * WORD))
            first = u32(first + u32(AT_ONCE * THREADS))

    return to_shared, from_shared


def _moves_turned(target: Target, item_bytes: int, step: int, *, writes: bool) -> Function:
    """(memory, thread, shared, regs, live, lines, words, row): the vectors of the other side into
    lines, or words of lines to there."""
    k = WORD // item_bytes
    load, store, advance = target.load[VECTOR], target.store[VECTOR], target.advance
    divide, rest = target.arithmetic["divide_small"], target.arithmetic["rest"]
    move_words = words_of_lines(target, writes, item_bytes, step)
    turn = turn_squares(target, item_bytes)

    @target.jit
    def run(
        memory: Any, thread: Any, shared: Any, regs: Any, live: Any, lines: Any, words: Any,
        row: Any,
    ) -> None:  # fmt: skip
        across = i64(i32(row))
        line_bytes = u32(lines[0] * u32(item_bytes))
        unit = u32(thread)
        while unit < words[3]:
            others = u32(unit >> words[2])
            high = divide(others, words[1])
            word = rest(others, high, words[0])
            group = u32(u32(high << words[2]) + u32(unit - u32(others << words[2])))
            if group < live:
                item = u32(word * u32(k))
                left = u32(lines[0] - item)
                first = u32(u32(u32(group * lines[2]) * u32(VECTOR)) + u32(word * u32(WORD)))
                column = u64(i64(item) * across) + u64(u32(group * u32(VECTOR)))
                at_item = advance(memory, column)
                if writes:
                    if left >= u32(k):
                        for t in range(k):
                            load(at_item, u64(i64(t) * across), regs, u32(t * WORD))
                    else:
                        for t in range(k - 1):
                            if u32(t) < left:
                                load(at_item, u64(i64(t) * across), regs, u32(t * WORD))
                    turn(regs, u32(0))
                    move_words(shared, regs, first, line_bytes, left)
                else:
                    move_words(shared, regs, first, line_bytes, left)
                    turn(regs, u32(0))
                    if left >= u32(k):
                        for t in range(k):
                            store(at_item, u64(i64(t) * across), regs, u32(t * WORD))
                    else:
                        for t in range(k - 1):
                            if u32(t) < left:
                                store(at_item, u64(i64(t) * across), regs, u32(t * WORD))
            unit = u32(unit + u32(THREADS))

    return run


def _gather_phases(target: Target, item_bytes: int, step: int) -> tuple[Function, ...]:
    advance = target.advance
    offsets = outer_offsets(target, OUTER_RANK)
    to_shared, _ = _moves_as_they_lie(target)
    turned = _moves_turned(target, item_bytes, step, writes=False)

    @target.jit
    def fetch(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        lines: Any, groups: Any, words: Any, row: Any,
    ) -> None:  # fmt: skip
        at, _, chunk, _ = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        live = min(groups[0], u32(groups[1] - u32(chunk * groups[0])))
        to_shared(advance(src, at), thread, shared, regs, u32(live * lines[0]), lines)

    @target.jit
    def flush(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        lines: Any, groups: Any, words: Any, row: Any,
    ) -> None:  # fmt: skip
        _, at, chunk, _ = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        live = min(groups[0], u32(groups[1] - u32(chunk * groups[0])))
        turned(advance(dst, at), thread, shared, regs, live, lines, words, row)

    return fetch, flush


def _scatter_phases(target: Target, item_bytes: int, step: int) -> tuple[Function, ...]:
    advance = target.advance
    offsets = outer_offsets(target, OUTER_RANK)
    _, from_shared = _moves_as_they_lie(target)
    turned = _moves_turned(target, item_bytes, step, writes=True)

    @target.jit
    def fetch(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        lines: Any, groups: Any, words: Any, row: Any,
    ) -> None:  # fmt: skip
        at, _, chunk, _ = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        live = min(groups[0], u32(groups[1] - u32(chunk * groups[0])))
        turned(advance(src, at), thread, shared, regs, live, lines, words, row)

    @target.jit
    def flush(
        block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
        outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
        lines: Any, groups: Any, words: Any, row: Any,
    ) -> None:  # fmt: skip
        _, at, chunk, _ = offsets(block, outer_size, outer_magic, outer_shift, outer_src, outer_dst)
        live = min(groups[0], u32(groups[1] - u32(chunk * groups[0])))
        from_shared(advance(dst, at), thread, shared, regs, u32(live * lines[0]), lines)

    return fetch, flush


def span_kernel(scatters: bool, item_bytes: int, step: int) -> Kernel:
    """Items of 1 to 4 bytes, lines of a multiple of `step`."""

    def phases(target: Target) -> tuple[Function, ...]:
        make = _scatter_phases if scatters else _gather_phases
        return make(target, item_bytes, step)

    return Kernel(
        name=f"{'scatter' if scatters else 'gather'}_{item_bytes}_{step}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *outer_params(OUTER_RANK),
            *PARAMS,
        ),
        phases=phases,
        reg_words=max(AT_ONCE * WORD, VECTOR // item_bytes + 1),
        shared_words=SHARED_BYTES // 4,
    )


def gather_kernel(item_bytes: int, step: int) -> Kernel:
    """Lines of the source to vectors of the destination."""
    return span_kernel(False, item_bytes, step)


def scatter_kernel(item_bytes: int, step: int) -> Kernel:
    """Vectors of the source to lines of the destination."""
    return span_kernel(True, item_bytes, step)
