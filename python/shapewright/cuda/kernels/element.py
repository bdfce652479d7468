"""Elements of arrays as numbers, and back: what a cast does to the words of one item.

    decode: words -> i64 (bool and integers), f32 (f16, bf16, f32) or f64
    encode: one of those -> words

Casts round as NumPy's `astype`: to nearest, ties to even; a float to an integer is cut off, and an
integer to a narrower one keeps its low bits. f64 becomes f16 in one rounding, bf16 by way of f32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.target import Function, Target

u32, i64, f32, f64 = np.uint32, np.int64, np.float32, np.float64

BYTES = {
    "bool": 1, "u8": 1, "i8": 1, "u16": 2, "i16": 2, "i32": 4, "i64": 8, "f16": 2, "bf16": 2,
    "f32": 4, "f64": 8,
}  # fmt: skip
INTEGERS = ("bool", "u8", "i8", "u16", "i16", "i32", "i64")
SIGNED_BITS = {"i8": 8, "i16": 16, "i32": 32}


def decoder(target: Target, name: str) -> Function:
    """(regs) -> the number in its first words."""
    floats = target.floats
    if name == "f64":
        from_bits = floats["f64_of_bits"]

        @target.jit
        def double(regs: Any) -> Any:
            return from_bits(regs[0], regs[1])

        return double
    if name in ("f32", "f16", "bf16"):
        from_bits = floats["f16_to_f32" if name == "f16" else "f32_of_bits"]
        shift = 16 if name == "bf16" else 0

        @target.jit
        def single(regs: Any) -> Any:
            return from_bits(u32(regs[0] << u32(shift)))

        return single
    if name == "i64":

        @target.jit
        def long(regs: Any) -> Any:
            return i64((i64(regs[1]) << i64(32)) | i64(regs[0]))

        return long
    unused = 64 - SIGNED_BITS.get(name, 63)

    @target.jit
    def integer(regs: Any) -> Any:
        return i64((i64(regs[0]) << i64(unused)) >> i64(unused))

    return integer


def encoder(target: Target, name: str, number: str) -> Function:
    """(value, regs): writes the words of an item. `number` is "i64", "f32" or "f64"."""
    floats = target.floats
    if name == "f64":
        bits = floats["bits_of_f64"]

        @target.jit
        def double(value: Any, regs: Any) -> None:
            low, high = bits(f64(value))
            regs[0], regs[1] = low, high

        return double
    if name == "f32":
        bits = floats["bits_of_f32"]

        @target.jit
        def single(value: Any, regs: Any) -> None:
            regs[0] = bits(f32(value))

        return single
    if name == "f16":
        bits = floats["f64_to_f16" if number == "f64" else "f32_to_f16"]
        kind = f64 if number == "f64" else f32

        @target.jit
        def half(value: Any, regs: Any) -> None:
            regs[0] = bits(kind(value))

        return half
    if name == "bf16":
        bits = floats["bits_of_f32"]

        @target.jit
        def brain(value: Any, regs: Any) -> None:
            word = bits(f32(value))
            if u32(word & u32(0x7FFFFFFF)) > u32(0x7F800000):
                regs[0] = u32(u32(word >> u32(16)) | u32(0x40))
            else:
                odd = u32(u32(word >> u32(16)) & u32(1))
                regs[0] = u32(u32(word + u32(u32(0x7FFF) + odd)) >> u32(16))

        return brain
    if name == "bool":

        @target.jit
        def truth(value: Any, regs: Any) -> None:
            regs[0] = u32(1) if value != 0 else u32(0)

        return truth

    @target.jit
    def integer(value: Any, regs: Any) -> None:
        whole = i64(value)
        regs[0] = u32(whole & i64(0xFFFFFFFF))
        if name == "i64":
            regs[1] = u32((whole >> i64(32)) & i64(0xFFFFFFFF))

    return integer


def number_of(name: str) -> str:
    """What `decoder` gives for a type."""
    return "i64" if name in INTEGERS else "f64" if name == "f64" else "f32"
