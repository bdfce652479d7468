"""Floats on the GPU: bits and back, halves by the hardware, arithmetic that is never fused."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.cuda.extending import intrinsic

from shapewright.cuda.target import Function

I16, I32, I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
HALF, FLOAT, DOUBLE = ir.HalfType(), ir.FloatType(), ir.DoubleType()


@intrinsic
def _f32_of_bits(typing_context: Any, word: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.bitcast(args[0], FLOAT)

    return types.float32(types.uint32), emit


@intrinsic
def _bits_of_f32(typing_context: Any, value: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.bitcast(args[0], I32)

    return types.uint32(types.float32), emit


@intrinsic
def _f64_of_bits(typing_context: Any, low: Any, high: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        upper = b.shl(b.zext(args[1], I64), ir.Constant(I64, 32))
        return b.bitcast(b.or_(upper, b.zext(args[0], I64)), DOUBLE)

    return types.float64(types.uint32, types.uint32), emit


@intrinsic
def _bits_of_f64(typing_context: Any, value: Any) -> Any:
    result = types.UniTuple(types.uint32, 2)

    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        both = b.bitcast(args[0], I64)
        high = b.trunc(b.lshr(both, ir.Constant(I64, 32)), I32)
        return context.make_tuple(b, result, [b.trunc(both, I32), high])

    return result(types.float64), emit


@intrinsic
def _f16_to_f32(typing_context: Any, word: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(FLOAT, [I16])
        call = ir.InlineAsm(function, "cvt.f32.f16 $0, $1;", "=f,h", side_effect=False)
        return b.call(call, [b.trunc(args[0], I16)])

    return types.float32(types.uint32), emit


def _to_f16(number: Any, assembly: str, constraint: str, kind: Any) -> Function:
    @intrinsic
    def convert(typing_context: Any, value: Any) -> Any:
        def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
            function = ir.FunctionType(I16, [kind])
            call = ir.InlineAsm(function, assembly, constraint, side_effect=False)
            return b.zext(b.call(call, args), I32)

        return types.uint32(number), emit

    return convert


def _rounded(operation: str, bits: int) -> Function:
    number, kind = (types.float32, FLOAT) if bits == 32 else (types.float64, DOUBLE)
    letter = "f" if bits == 32 else "d"

    @intrinsic
    def compute(typing_context: Any, left: Any, right: Any) -> Any:
        def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
            function = ir.FunctionType(kind, [kind, kind])
            assembly = f"{operation}.rn.f{bits} $0, $1, $2;"
            constraint = f"={letter},{letter},{letter}"
            return b.call(ir.InlineAsm(function, assembly, constraint, side_effect=False), args)

        return number(number, number), emit

    return compute


FLOATS: dict[str, Function] = {
    "f32_of_bits": _f32_of_bits,
    "bits_of_f32": _bits_of_f32,
    "f64_of_bits": _f64_of_bits,
    "bits_of_f64": _bits_of_f64,
    "f16_to_f32": _f16_to_f32,
    "f32_to_f16": _to_f16(types.float32, "cvt.rn.f16.f32 $0, $1;", "=h,f", FLOAT),
    "f64_to_f16": _to_f16(types.float64, "cvt.rn.f16.f64 $0, $1;", "=h,d", DOUBLE),
    **{f"{op}_f{bits}": _rounded(op, bits) for op in ("mul", "add", "div") for bits in (32, 64)},
}
