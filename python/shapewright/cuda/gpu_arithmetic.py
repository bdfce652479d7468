"""Integer steps of index arithmetic on a GPU, an instruction or two each: see target.py.

Written as LLVM, because Numba takes a millisecond to type each operation of Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.cuda.extending import intrinsic

from shapewright.cuda.target import Function

I32, I64 = ir.IntType(32), ir.IntType(64)
u32, u64 = types.uint32, types.uint64


def _of(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], Function]:
    """An intrinsic of these types whose body gets the builder and the values."""

    def make(emit: Callable[..., Any]) -> Function:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            return emit(b, *args)

        makers: dict[int, Callable[..., Any]] = {
            2: lambda typing, p, q: (result(*arguments), generate),
            3: lambda typing, p, q, r: (result(*arguments), generate),
            4: lambda typing, p, q, r, s: (result(*arguments), generate),
        }
        made: Function = intrinsic(makers[len(arguments)])
        return made

    return make


def _high(b: Any, left: Any, magic: Any, bits: int) -> Any:
    product = b.mul(b.zext(left, I64), b.zext(magic, I64))
    return b.trunc(b.lshr(product, ir.Constant(I64, bits)), I32)


@_of(u32, u32, u32, u32)
def divide(b: Any, left: Any, magic: Any, shift: Any) -> Any:
    total = b.add(_high(b, left, magic, 32), left)
    return b.lshr(total, b.and_(shift, ir.Constant(I32, 31)))


@_of(u32, u32, u32)
def divide_small(b: Any, left: Any, magic: Any) -> Any:
    return _high(b, left, magic, 31)


@_of(u32, u32, u32, u32)
def rest(b: Any, left: Any, quotient: Any, size: Any) -> Any:
    return b.sub(left, b.mul(quotient, size))


@_of(u32, u32, u32, u32)
def mad(b: Any, total: Any, digit: Any, stride: Any) -> Any:
    return b.add(total, b.mul(digit, stride))


@_of(u64, u64, u32, u64)
def wide_mad(b: Any, total: Any, digit: Any, stride: Any) -> Any:
    return b.add(total, b.mul(b.zext(digit, I64), stride))


@_of(u32, u32, u32, u32, u32)
def pick(b: Any, word: Any, flag: Any, there: Any, other: Any) -> Any:
    is_set = b.icmp_unsigned("!=", b.and_(word, flag), ir.Constant(I32, 0))
    return b.select(is_set, there, other)


ARITHMETIC: dict[str, Function] = {
    "divide": divide,
    "divide_small": divide_small,
    "rest": rest,
    "mad": mad,
    "wide_mad": wide_mad,
    "pick": pick,
}
