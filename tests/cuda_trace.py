"""Kernel bodies run as plain Python, one thread after another, with every access written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel
from shapewright.cuda.target import ITEM_BYTES, Target
from shapewright.cuda.twin_arithmetic import ARITHMETIC

WARP = 32
BANKS, BANK_BYTES = 32, 4
SECTOR = 32


@dataclass
class Trace:
    """(space, phase, thread) -> addresses and widths, in the order of the program."""

    rows: dict[tuple[str, int, int], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    phase: int = 0
    thread: int = 0

    def note(self, space: str, width: int) -> Callable[..., None]:
        def access(memory: Any, offset: Any, regs: Any, at: Any) -> None:
            base = int(memory) if space == "global" else 0
            address = (base + int(offset)) % (1 << 64)
            self.rows[space, self.phase, self.thread].append((address, width))

        return access

    def instructions(self, space: str, phase: int, warp: int) -> list[list[tuple[int, int]]]:
        """For each access of the program, what the 32 lanes of a warp do."""
        lanes = [self.rows[space, phase, warp * WARP + lane] for lane in range(WARP)]
        return [list(row) for row in zip(*lanes, strict=True)]


def _uncompiled(function: Any) -> Any:
    return function.py_func


def trace_block(kernel: Kernel, params: Sequence[Any]) -> Trace:
    """Block 0 of a full tile. Memories are addresses."""
    trace = Trace()

    def numbers(kind: str, count: int) -> Callable[..., Any]:
        raise NotImplementedError

    target = Target(
        jit=lambda function: function,
        load={n: trace.note("global", n) for n in ITEM_BYTES},
        store={n: trace.note("global", n) for n in ITEM_BYTES},
        shared_load={n: trace.note("shared", n) for n in ITEM_BYTES},
        shared_store={n: trace.note("shared", n) for n in ITEM_BYTES},
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


def conflict(lanes: list[tuple[int, int]]) -> int:
    """Wavefronts of a shared access over the least there can be: 1 where no bank is met twice.

    Accesses of 16 bytes go by quarters of a warp, of 8 bytes by halves. Lanes that read the same
    word share it.
    """
    width = lanes[0][1]
    group = min(WARP, BANKS * BANK_BYTES // width)
    worst = 0
    for first in range(0, WARP, group):
        words: dict[int, set[int]] = defaultdict(set)
        for address, size in lanes[first : first + group]:
            for word in range(address // BANK_BYTES, (address + size - 1) // BANK_BYTES + 1):
                words[word % BANKS].add(word)
        worst = max(worst, *(len(distinct) for distinct in words.values()))
    return worst


def sectors(lanes: list[tuple[int, int]]) -> float:
    """32-byte sectors that a warp's access touches, over the least that hold as many bytes."""
    touched = {address // SECTOR for address, _ in lanes}
    return len(touched) / (sum(width for _, width in lanes) / SECTOR)
