"""A launch as data: which kernel, how many blocks, what it is passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from shapewright.cuda.kernel import Kernel
from shapewright.cuda.kernels.outer import IS_A, IS_B, magic_of
from shapewright.cuda.layout import Digit

MOST_BLOCKS = 1 << 31
MODULUS = {"u32": 1 << 32, "u64": 1 << 64}


@dataclass(frozen=True, slots=True)
class Step:
    """One launch of a kernel. Pointers come later; `values` are those of the other parameters."""

    kernel: str
    blocks: int
    src_offset: int
    dst_offset: int
    values: tuple[int | tuple[int, ...], ...]  # unsigned
    param_offset: int = 0  # elements of scale and bias


def outer_values(
    digits: Sequence[Digit], rank: int, a: Digit | None = None, b: Digit | None = None
) -> dict[str, tuple[int, ...]]:
    """Values of `outer_params`; `a` and `b` are those among the digits that count chunks."""
    rows = [*digits, *[Digit(1, 0, 0)] * (rank - len(digits))]
    magics = [magic_of(digit.size) for digit in rows]
    flags = [IS_A * (digit is a) + IS_B * (digit is b) for digit in rows]
    return {
        "outer_size": tuple(digit.size for digit in rows),
        "outer_magic": tuple(magic for magic, _ in magics),
        "outer_shift": tuple(shift + flag for (_, shift), flag in zip(magics, flags, strict=True)),
        "outer_src": tuple(digit.src for digit in rows),
        "outer_dst": tuple(digit.dst for digit in rows),
    }


def blocks_of(digits: Sequence[Digit]) -> int:
    """Blocks that these digits number."""
    return prod(digit.size for digit in digits)


def values_of(kernel: Kernel, named: Mapping[str, Any]) -> tuple[int | tuple[int, ...], ...]:
    """Values in the kernel's order, unsigned; memories are left out."""
    values: list[int | tuple[int, ...]] = []
    for param in kernel.params:
        if param.kind == "memory":
            continue
        modulus, value = MODULUS[param.kind], named[param.name]
        if param.count:
            assert len(value) == param.count, param.name
            values.append(tuple(v % modulus for v in value))
        else:
            values.append(value % modulus)
    return tuple(values)
