"""Integer steps of index arithmetic on the CPU: see target.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from shapewright.cuda.target import Function

u32, u64 = np.uint32, np.uint64
jit = njit(boundscheck=True)


@jit
def divide(left: Any, magic: Any, shift: Any) -> Any:
    high = u32((u64(left) * u64(magic)) >> u64(32))
    return u32(u32(high + left) >> u32(shift & u32(31)))


@jit
def divide_small(left: Any, magic: Any) -> Any:
    return u32((u64(left) * u64(magic)) >> u64(31))


@jit
def rest(left: Any, quotient: Any, size: Any) -> Any:
    return u32(left - u32(quotient * size))


@jit
def mad(total: Any, digit: Any, stride: Any) -> Any:
    return u32(total + u32(digit * stride))


@jit
def wide_mad(total: Any, digit: Any, stride: Any) -> Any:
    return u64(total + u64(digit) * stride)


@jit
def pick(word: Any, flag: Any, there: Any, other: Any) -> Any:
    return there if u32(word & flag) != u32(0) else other


ARITHMETIC: dict[str, Function] = {
    "divide": divide,
    "divide_small": divide_small,
    "rest": rest,
    "mad": mad,
    "wide_mad": wide_mad,
    "pick": pick,
}
