"""A kernel as data: its phases and what is passed to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from shapewright.cuda.target import Target

Kind = Literal["memory", "u32", "u64"]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; with `count`, a tuple of as many."""

    name: str
    kind: Kind
    count: int = 0


@dataclass(frozen=True, slots=True)
class Kernel:
    """Phases with a barrier between each two; every thread of a block runs each phase.

    `phases(target)` gives functions of (block, thread, shared, regs, *params).
    """

    name: str
    threads: int
    params: tuple[Param, ...]
    phases: Callable[[Target], tuple[Callable[..., Any], ...]]
    reg_words: int
    shared_words: int = 0
    vector_bytes: int = 16  # of the widest access to memory in a full block


def outer_params(rank: int) -> tuple[Param, ...]:
    """Digits that number the blocks: see kernels/outer.py."""
    return (
        Param("outer_size", "u32", rank),
        Param("outer_magic", "u32", rank),
        Param("outer_shift", "u32", rank),
        Param("outer_src", "u64", rank),
        Param("outer_dst", "u64", rank),
    )
