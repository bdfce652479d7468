"""A word, k items, of each of 16 / item bytes lines that lie dense one behind the other.

    line i begins at byte  i * line_bytes      a multiple of `step` = 1, 2 or 4, so that by
                                               i * step % 4 the compiler knows how it lies:
        0         on its word      one access
        2         by a half        read as two words and cut out; written as two halves
        1 or 3    by a byte        read as two words and cut out; written as byte, half, byte

In registers the lines are the rows of four squares side by side, as `turn_squares` has them.
"""

from __future__ import annotations

import numpy as np

from shapewright.cuda.target import Function, Target, written_out

u32 = np.uint32

VECTOR, WORD = 16, 4
ON_WORD, BY_BYTE, BY_HALF = 0x3210, 0x1111, 0x5432  # selectors: the first, to the next, that of 2

HEAD = "def run(shared, regs, first, line_bytes, left):\n"
AT = "    at = mad(first, line_bytes, n{i})\n"
READ = "    shared_load(shared, at, regs, n{w})\n"
READ_APART = """
    at = u32(at & down)
    shared_load(shared, at, regs, n{w})
    shared_load(shared, u32(at + n4), regs, spare)
    regs[{w}] = permute(regs[{w}], regs[spare], {selector})
"""
WRITE = "    shared_store(shared, at, regs, n{w})\n"
WRITE_HALVES = """
    store_half(shared, at, regs, n{w})
    regs[spare] = regs[{w}] >> n16
    store_half(shared, u32(at + n2), regs, spare)
"""
WRITE_BYTES = """
    store_byte(shared, at, regs, n{w})
    regs[spare] = regs[{w}] >> n8
    store_half(shared, u32(at + n1), regs, spare)
    regs[spare] = regs[{w}] >> n24
    store_byte(shared, u32(at + n3), regs, spare)
"""
WRITE_ITEM = "{tab}store_item(shared, mad(first, line_bytes, n{i}), regs, n{w})\n"
SHIFT = "{tab}regs[{w}] = regs[{w}] >> bits\n"
WRITE_ONE = """
    if left < k:
{items}
        return
"""
WRITE_PART = """
    if left < k:
        while left > n0:
{items}
            first, left = u32(first + item), u32(left - n1)
        return
"""


def _lines(item_bytes: int) -> list[tuple[int, int]]:
    """Each line, with the word of registers that has its items."""
    k = WORD // item_bytes
    return [(i, WORD * (i % k) + i // k) for i in range(VECTOR // item_bytes)]


def _reading(item_bytes: int, step: int) -> str:
    text = HEAD
    for j in (1, 3) if step == 1 else ():
        text += f"    selector{j} = mad(on_word, by_byte, u32(u32(line_bytes * n{j}) & n3))\n"
    for i, w in _lines(item_bytes):
        off = i * step % WORD
        selector = "by_half" if off == 2 else f"selector{i % WORD}"
        text += AT.format(i=i) + (READ_APART if off else READ).format(w=w, selector=selector)
    return text


def _writing(item_bytes: int, step: int) -> str:
    text = HEAD + _writing_part(item_bytes)
    for i, w in _lines(item_bytes):
        off = i * step % WORD
        how = WRITE if off == 0 else WRITE_HALVES if off == 2 else WRITE_BYTES
        text += AT.format(i=i) + how.format(w=w)
    return text


def _writing_part(item_bytes: int) -> str:
    """Item by item, those that are left."""
    most = WORD // item_bytes - 1
    if most == 0:
        return ""
    tab = " " * (8 if most == 1 else 12)
    each = WRITE_ITEM if most == 1 else WRITE_ITEM + SHIFT
    items = "".join(each.format(tab=tab, i=i, w=w) for i, w in _lines(item_bytes))
    return (WRITE_ONE if most == 1 else WRITE_PART).format(items=items)


def words_of_lines(target: Target, writes: bool, item_bytes: int, step: int) -> Function:
    """(shared, regs, first, line_bytes, left): reads or writes words; that of line 0 is at byte
    `first`, and `left` items of each line are there from it on. What is read past the end of a line
    has no meaning, nothing is written there. The word behind the lines of `regs` is lost."""
    names = {f"n{n}": u32(n) for n in range(25)} | {
        "k": u32(WORD // item_bytes),
        "item": u32(item_bytes),
        "bits": u32(8 * item_bytes),
        "spare": u32(VECTOR // item_bytes),
        "down": u32(0xFFFFFFFC),
        "on_word": u32(ON_WORD),
        "by_byte": u32(BY_BYTE),
        "by_half": u32(BY_HALF),
    }
    steps = {
        "u32": u32,
        "mad": target.arithmetic["mad"],
        "permute": target.byte_permute,
        "shared_load": target.shared_load[WORD],
        "shared_store": target.shared_store[WORD],
        "store_half": target.shared_store[2],
        "store_byte": target.shared_store[1],
        "store_item": target.shared_store[item_bytes],
    }
    text = (_writing if writes else _reading)(item_bytes, step)
    made: Function = target.jit(written_out(text, {**names, **steps}))
    return made
