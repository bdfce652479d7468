"""The GPU as a target: memory is an address, and accesses are as wide as the item says.

Each function is an intrinsic of Numba that writes the LLVM instruction itself, for arrays of Numba
know neither vectors nor alignment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import cuda, types
from numba.cuda.extending import intrinsic

from shapewright.cuda.gpu_arithmetic import ARITHMETIC
from shapewright.cuda.gpu_floats import FLOATS
from shapewright.cuda.target import ITEM_BYTES, Function, Target, words_of

I8, I32 = ir.IntType(8), ir.IntType(32)
GLOBAL, SHARED = 1, 3
PRMT = "prmt.b32 $0, $1, $2, $3;"


def _memory_type(item_bytes: int) -> Any:
    """Vectors of words: LLVM splits those of bytes."""
    words = words_of(item_bytes)
    return ir.VectorType(I32, words) if words > 1 else ir.IntType(8 * item_bytes)


def _register(context: Any, builder: Any, array_type: Any, array: Any, at: Any, k: int) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [builder.add(at, ir.Constant(at.type, k))])


def _read(context: Any, b: Any, pointer: Any, item_bytes: int, regs: tuple[Any, Any, Any]) -> None:
    value = b.load(pointer, align=item_bytes)
    words = words_of(item_bytes)
    for k in range(words):
        word = b.extract_element(value, ir.Constant(I32, k)) if words > 1 else value
        if word.type.width < 32:
            word = b.zext(word, I32)
        b.store(word, _register(context, b, *regs, k))


def _write(context: Any, b: Any, pointer: Any, item_bytes: int, regs: tuple[Any, Any, Any]) -> None:
    words = words_of(item_bytes)
    kind = _memory_type(item_bytes)
    value = ir.Constant(kind, ir.Undefined)
    for k in range(words):
        word = b.load(_register(context, b, *regs, k))
        if words > 1:
            value = b.insert_element(value, word, ir.Constant(I32, k))
        else:
            value = b.trunc(word, kind) if item_bytes < 4 else word
    b.store(value, pointer, align=item_bytes)


def _global_access(item_bytes: int, move: Callable[..., None]) -> Function:
    @intrinsic
    def access(typing_context: Any, memory: Any, offset: Any, regs: Any, at: Any) -> Any:
        def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
            kind = ir.PointerType(_memory_type(item_bytes), addrspace=GLOBAL)
            pointer = b.inttoptr(b.add(args[0], args[1]), kind)
            move(context, b, pointer, item_bytes, (signature.args[2], args[2], args[3]))
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, regs, types.uint32), emit

    return access


def _shared_access(item_bytes: int, move: Callable[..., None]) -> Function:
    @intrinsic
    def access(typing_context: Any, shared: Any, byte: Any, regs: Any, at: Any) -> Any:
        def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(signature.args[0])(context, b, args[0]).data
            base = b.addrspacecast(data, ir.PointerType(I32, addrspace=SHARED))
            at_byte = b.gep(b.bitcast(base, ir.PointerType(I8, addrspace=SHARED)), [args[1]])
            kind = ir.PointerType(_memory_type(item_bytes), addrspace=SHARED)
            pointer = b.bitcast(at_byte, kind)
            move(context, b, pointer, item_bytes, (signature.args[2], args[2], args[3]))
            return context.get_dummy_value()

        return types.void(shared, types.uint32, regs, types.uint32), emit

    return access


def _numbers(kind: str, count: int) -> Function:
    bits = int(kind[1:])
    number = types.uint32 if bits == 32 else types.uint64

    @intrinsic
    def numbers(typing_context: Any, memory: Any, offset: Any) -> Any:
        result = types.UniTuple(number, count)

        def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
            pointer = ir.PointerType(ir.IntType(bits), addrspace=GLOBAL)
            start = b.inttoptr(b.add(args[0], args[1]), pointer)
            rows = [
                b.load(b.gep(start, [ir.Constant(I32, k)]), align=bits // 8) for k in range(count)
            ]
            return context.make_tuple(b, result, rows)

        return result(types.uint64, types.uint64), emit

    return numbers


@intrinsic
def _advance(typing_context: Any, memory: Any, offset: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.add(args[0], args[1])

    return types.uint64(types.uint64, types.uint64), emit


@intrinsic
def _byte_permute(typing_context: Any, low: Any, high: Any, selector: Any) -> Any:
    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(I32, [I32, I32, I32])
        return b.call(ir.InlineAsm(function, PRMT, "=r,r,r,r", side_effect=False), args)

    return types.uint32(types.uint32, types.uint32, types.uint32), emit


GPU = Target(
    jit=cuda.jit(device=True, inline="always"),
    load={n: _global_access(n, _read) for n in ITEM_BYTES},
    store={n: _global_access(n, _write) for n in ITEM_BYTES},
    shared_load={n: _shared_access(n, _read) for n in ITEM_BYTES},
    shared_store={n: _shared_access(n, _write) for n in ITEM_BYTES},
    advance=_advance,
    numbers=_numbers,
    byte_permute=_byte_permute,
    arithmetic=ARITHMETIC,
    floats=FLOATS,
)
