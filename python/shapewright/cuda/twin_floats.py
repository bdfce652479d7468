"""Floats on the CPU: bits and back by NumPy, halves by integer arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from shapewright.cuda.target import Function

u32, u64, i64, f32, f64 = np.uint32, np.uint64, np.int64, np.float32, np.float64
jit = njit(boundscheck=True, error_model="numpy")


@jit
def _f32_of_bits(word: Any) -> Any:
    return u32(word).view(np.float32)


@jit
def _bits_of_f32(value: Any) -> Any:
    return f32(value).view(np.uint32)


@jit
def _f64_of_bits(low: Any, high: Any) -> Any:
    return u64(u64(low) | (u64(high) << u64(32))).view(np.float64)


@jit
def _bits_of_f64(value: Any) -> Any:
    both = f64(value).view(np.uint64)
    return u32(both & u64(0xFFFFFFFF)), u32(both >> u64(32))


@jit
def _f16_to_f32(word: Any) -> Any:
    sign = f32(-1.0) if word & u32(0x8000) else f32(1.0)
    exponent, fraction = i64((word >> u32(10)) & u32(31)), i64(word & u32(1023))
    if exponent == 31:
        return f32(sign * f32(np.inf)) if fraction == 0 else f32(np.nan)
    if exponent == 0:
        return f32(sign * f32(fraction) * f32(2.0**-24))
    return f32(sign * f32(fraction + 1024) * f32(2.0 ** (exponent - 25)))


@jit
def _f64_to_f16(value: Any) -> Any:
    """Rounded to nearest even in units of the last place of the result."""
    bits = f64(value).view(np.uint64)
    sign = u32(u32(bits >> u64(63)) << u32(15))
    size = abs(f64(value))
    if np.isnan(size):
        return u32(sign | u32(0x7E00))
    if size >= 65520.0:
        return u32(sign | u32(0x7C00))
    exponent: Any = max(i64((bits >> u64(52)) & u64(2047)) - 1023, -14)
    whole = i64(np.rint(size * 2.0 ** (10 - exponent)))  # an exact product, 1024 .. 2048 or less
    return u32(sign | u32(whole + ((exponent + 14) << 10)))


@jit
def _f32_to_f16(value: Any) -> Any:
    return _f64_to_f16(f64(value))


@jit
def _mul_f32(left: Any, right: Any) -> Any:
    return f32(f32(left) * f32(right))


@jit
def _add_f32(left: Any, right: Any) -> Any:
    return f32(f32(left) + f32(right))


@jit
def _div_f32(left: Any, right: Any) -> Any:
    return f32(f32(left) / f32(right))


@jit
def _mul_f64(left: Any, right: Any) -> Any:
    return f64(left) * f64(right)


@jit
def _add_f64(left: Any, right: Any) -> Any:
    return f64(left) + f64(right)


@jit
def _div_f64(left: Any, right: Any) -> Any:
    return f64(left) / f64(right)


FLOATS: dict[str, Function] = {
    "f32_of_bits": _f32_of_bits,
    "bits_of_f32": _bits_of_f32,
    "f64_of_bits": _f64_of_bits,
    "bits_of_f64": _bits_of_f64,
    "f16_to_f32": _f16_to_f32,
    "f32_to_f16": _f32_to_f16,
    "f64_to_f16": _f64_to_f16,
    "mul_f32": _mul_f32,
    "add_f32": _add_f32,
    "div_f32": _div_f32,
    "mul_f64": _mul_f64,
    "add_f64": _add_f64,
    "div_f64": _div_f64,
}
