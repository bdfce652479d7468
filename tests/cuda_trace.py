"""Kernel bodies run as plain Python, one thread after another, with every access written down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel
from shapewright.cuda.target import ITEM_BYTES, Target
from shapewright.cuda.twin_arithmetic import ARITHMETIC

WARP = 32
BANKS, BANK_BYTES = 32, 4
SECTOR = 32


@dataclass(frozen=True)
class Instruction:
    """One of a warp, with addresses and widths of the lanes that take part."""

    writes: bool
    lanes: dict[int, tuple[int, int]]  # by lane


@dataclass
class Trace:
    """(space, phase, thread) -> addresses and widths, in the order of the program; `places` has of
    each whether it writes, and its word of registers."""

    rows: dict[tuple[str, int, int], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    places: dict[tuple[str, int, int], list[tuple[bool, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    phase: int = 0
    thread: int = 0

    def note(self, space: str, width: int, *, writes: bool) -> Callable[..., None]:
        def access(memory: Any, offset: Any, regs: Any, at: Any) -> None:
            base = int(memory) if space == "global" else 0
            address = (base + int(offset)) % (1 << 64)
            key = space, self.phase, self.thread
            self.rows[key].append((address, width))
            self.places[key].append((writes, int(at)))

        return access

    def instructions(self, space: str, phase: int, warp: int) -> list[list[tuple[int, int]]]:
        """For each access of the program, what the 32 lanes of a warp do."""
        lanes = [self.rows[space, phase, warp * WARP + lane] for lane in range(WARP)]
        return [list(row) for row in zip(*lanes, strict=True)]

    def masked_instructions(self, space: str) -> list[Instruction]:
        """The same of all phases and warps, where some lanes leave accesses out: one instruction
        are those of lanes that come to the same access of a word of registers for the same time."""
        found: dict[tuple[int, ...], dict[int, tuple[int, int]]] = defaultdict(dict)
        for key in sorted(key for key in self.rows if key[0] == space):
            _, phase, thread = key
            times: Counter[tuple[int, ...]] = Counter()
            for row, (writes, at) in zip(self.rows[key], self.places[key], strict=True):
                which = writes, row[1], at
                times[which] += 1
                found[*which, times[which], phase, thread // WARP][thread % WARP] = row
        return [Instruction(bool(key[0]), lanes) for key, lanes in found.items()]


def _uncompiled(function: Any) -> Any:
    return function.py_func


def trace_block(kernel: Kernel, params: Sequence[Any]) -> Trace:
    """Block 0 of a full tile. Memories are addresses."""
    trace = Trace()

    def numbers(kind: str, count: int) -> Callable[..., Any]:
        raise NotImplementedError

    target = Target(
        jit=lambda function: function,
        load={n: trace.note("global", n, writes=False) for n in ITEM_BYTES},
        store={n: trace.note("global", n, writes=True) for n in ITEM_BYTES},
        shared_load={n: trace.note("shared", n, writes=False) for n in ITEM_BYTES},
        shared_store={n: trace.note("shared", n, writes=True) for n in ITEM_BYTES},
        advance=lambda memory, offset: memory + offset,
        numbers=numbers,
        byte_permute=lambda low, high, selector: low,
        arithmetic={name: _uncompiled(step) for name, step in ARITHMETIC.items()},
        floats={},
    )
    with np.errstate(over="ignore"):
        for phase, function in enumerate(kernel.phases(target)):
            trace.phase = phase
            for thread in range(kernel.threads):
                trace.thread = thread
                regs = np.zeros(kernel.reg_words, np.uint32)
                function(np.uint32(0), np.uint32(thread), None, regs, *params)
    return trace


def wavefronts(lanes: Mapping[int, tuple[int, int]]) -> list[int]:
    """Of each part of a warp that goes at once, in a shared access: of 16 bytes a lane a quarter,
    of 8 bytes a half. Lanes that access the same word share it."""
    width = next(iter(lanes.values()))[1]
    group = min(WARP, BANKS * BANK_BYTES // width)
    words: dict[tuple[int, int], set[int]] = defaultdict(set)
    for lane, (address, size) in lanes.items():
        for word in range(address // BANK_BYTES, (address + size - 1) // BANK_BYTES + 1):
            words[lane // group, word % BANKS].add(word)
    parts: dict[int, int] = defaultdict(int)
    for (part, _), distinct in words.items():
        parts[part] = max(parts[part], len(distinct))
    return list(parts.values())


def conflict(lanes: list[tuple[int, int]]) -> int:
    """Wavefronts of a shared access over the least there can be: 1 where no bank is met twice."""
    return max(wavefronts(dict(enumerate(lanes))))


def sectors(lanes: list[tuple[int, int]]) -> float:
    """32-byte sectors that a warp's access touches, over the least that hold as many bytes."""
    touched = {address // SECTOR for address, _ in lanes}
    return len(touched) / (sum(width for _, width in lanes) / SECTOR)
