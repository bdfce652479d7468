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

    `phases(target)` gives functions of (block, thread, shared, regs, *params). A kernel that
    `loops` lets each launched block do several blocks of work in turn: launched blocks take two
    more parameters, the blocks of work in all and for each, before those in `params`.
    """

    name: str
    threads: int
    params: tuple[Param, ...]
    phases: Callable[[Target], tuple[Callable[..., Any], ...]]
    reg_words: int
    shared_words: int = 0
    loops: bool = False
    vector_bytes: int = 16  # of the widest access to memory in a full block

    @property
    def launch_params(self) -> tuple[Param, ...]:
        """What is passed to a launch, in order."""
        loop = (Param("blocks", "u32"), Param("blocks_each", "u32")) if self.loops else ()
        return loop + self.params


def outer_params(rank: int) -> tuple[Param, ...]:
    """Digits that number the blocks: see kernels/outer.py."""
    return (
        Param("outer_size", "u32", rank),
        Param("outer_magic", "u32", rank),
        Param("outer_shift", "u32", rank),
        Param("outer_src", "u64", rank),
        Param("outer_dst", "u64", rank),
    )
