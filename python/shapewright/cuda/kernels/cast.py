"""Elements changed on their way: cast, or scaled and shifted and then cast.

The same two phases as `packed`; each item is changed between shared memory and the destination.

    plain       y = x                        affine     y = x * scale + bias
    normalize   y = (x / 255 - bias) / scale     in f32, or f64 where that is the result's type

Every operation is rounded by itself: none is fused with the next. Scales and biases are arrays in
the compute type, with strides of their own along each digit, 0 where they do not vary.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param
from shapewright.cuda.kernels.element import BYTES, decoder, encoder, number_of
from shapewright.cuda.kernels.inner import PACKED_CODE, inner_offset, left_of_chunks, within_chunks
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.kernels.packed import (
    SHARED_BYTES,
    THREADS,
    packed_params,
    packed_phases,
    packed_words,
    tile_units,
)
from shapewright.cuda.target import Function, Target

u32, u64, f32, f64 = np.uint32, np.uint64, np.float32, np.float64

OPS = ("plain", "affine", "normalize")
WHITE = 255


def compute_type(dst: str) -> str:
    """In which scale and bias are applied."""
    return "f64" if dst == "f64" else "f32"


def cast_kernel(src: str, dst: str, op: str, tile_rank: int, outer_rank: int) -> Kernel:
    """From one element type to another, by name."""
    src_bytes, dst_bytes = BYTES[src], BYTES[dst]
    compute = compute_type(dst)
    rounds = tile_units(src_bytes, src_bytes) // THREADS
    number = number_of(src) if op == "plain" else compute

    def phases(target: Target) -> tuple[Function, ...]:
        fetch_items, _ = packed_phases(target, src_bytes, src_bytes, tile_rank, outer_rank)
        shared_load, store = target.shared_load[src_bytes], target.store[dst_bytes]
        advance = target.advance
        offsets = outer_offsets(target, outer_rank)
        offset_of = inner_offset(target, tile_rank)
        what_is_left = left_of_chunks(target)
        inside = within_chunks(target, PACKED_CODE)
        slot_mask = PACKED_CODE.slot_mask
        decode, encode = decoder(target, src), encoder(target, dst, number)
        change = _change(target, op, compute)

        @target.jit
        def fetch(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            scale: Any, bias: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            units: Any, chunks: Any, rows: Any,
            load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
            store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
            outer_param: Any, store_param: Any,
        ) -> None:  # fmt: skip
            fetch_items(
                block, thread, shared, regs, src, dst,
                outer_size, outer_magic, outer_shift, outer_src, outer_dst,
                units, chunks, rows,
                load_size, load_magic, load_stride, load_unit,
                store_size, store_magic, store_stride, store_unit,
            )  # fmt: skip

        @target.jit
        def flush(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            scale: Any, bias: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            units: Any, chunks: Any, rows: Any,
            load_size: Any, load_magic: Any, load_stride: Any, load_unit: Any,
            store_size: Any, store_magic: Any, store_stride: Any, store_unit: Any,
            outer_param: Any, store_param: Any,
        ) -> None:  # fmt: skip
            param_at, dst_at, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_param, outer_dst
            )
            left_a, left_b = what_is_left(chunks, a, b)
            dst_block = advance(dst, dst_at)
            scale_block, bias_block = advance(scale, param_at), advance(bias, param_at)
            for r in range(rounds):
                item = u32(thread + u32(r * THREADS))
                offset, code = offset_of(item, store_size, store_magic, store_stride, store_unit)
                param, _ = offset_of(item, store_size, store_magic, store_param, store_unit)
                if item < units and inside(code, left_a, left_b):
                    slot = u32(u32(code & u32(slot_mask)) * u32(src_bytes))
                    shared_load(shared, slot, regs, u32(0))
                    value = change(decode(regs), scale_block, bias_block, param, regs)
                    encode(value, regs)
                    store(dst_block, offset, regs, u32(0))

        return fetch, flush

    return Kernel(
        name=f"cast_{src}_{dst}_{op}_{tile_rank}_{outer_rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            Param("scale", "memory"),
            Param("bias", "memory"),
            *packed_params(tile_rank, outer_rank),
            Param("outer_param", "u64", outer_rank),
            Param("store_param", "u32", tile_rank),
        ),
        phases=phases,
        reg_words=max(packed_words(src_bytes, src_bytes), dst_bytes // 4),
        shared_words=SHARED_BYTES // 4,
        vector_bytes=src_bytes,
    )


def _change(target: Target, op: str, compute: str) -> Function:
    """(value, scale, bias, param offset, regs) -> value."""
    if op == "plain":

        @target.jit
        def keep(value: Any, scale: Any, bias: Any, param: Any, regs: Any) -> Any:
            return value

        return keep
    bits = compute[1:]
    kind = f64 if compute == "f64" else f32
    load = target.load[BYTES[compute]]
    decode = decoder(target, compute)
    floats = target.floats
    multiply, add = floats[f"mul_f{bits}"], floats[f"add_f{bits}"]
    divide = floats[f"div_f{bits}"]

    if op == "affine":

        @target.jit
        def affine(value: Any, scale: Any, bias: Any, param: Any, regs: Any) -> Any:
            load(scale, param, regs, u32(0))
            scaled = multiply(kind(value), decode(regs))
            load(bias, param, regs, u32(0))
            return add(scaled, decode(regs))

        return affine

    @target.jit
    def normalize(value: Any, scale: Any, bias: Any, param: Any, regs: Any) -> Any:
        unit = divide(kind(value), kind(WHITE))
        load(bias, param, regs, u32(0))
        centred = add(unit, -decode(regs))
        load(scale, param, regs, u32(0))
        return divide(centred, decode(regs))

    return normalize
