"""From a kernel to a cubin: Numba writes PTX, nvJitLink assembles it. Neither needs a GPU."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import cuda, types

from shapewright.cuda.gpu import GPU
from shapewright.cuda.kernel import Kernel, Param

KINDS = {"memory": types.uint64, "u32": types.uint32, "u64": types.uint64}
TARGETS = ((7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0))
WARN = ("-Xptxas=-v", "-verbose", "-Xptxas=--warn-on-spills")


@dataclass(frozen=True, slots=True)
class Cubin:
    """Machine code of one kernel for one compute capability."""

    code: bytes
    log: str  # what the assembler says of registers, stack and spills


def _type_of(param: Param) -> Any:
    kind = KINDS[param.kind]
    return types.UniTuple(kind, param.count) if param.count else kind


ENTRY = """
def entry({params}):
    shared = cuda.shared.array({shared}, uint32, alignment=16)
    regs = cuda.local.array({regs}, uint32)
    thread, block = u32(cuda.threadIdx.x), u32(cuda.blockIdx.x)
{phases}
"""


def _entry(kernel: Kernel) -> Any:
    """The function that Numba compiles: it takes no `*args`, so the names are written out."""
    phases = kernel.phases(GPU)
    params = ", ".join(param.name for param in kernel.params)
    lines = []
    for k in range(len(phases)):
        if k:
            lines.append("cuda.syncthreads()")
        lines.append(f"phase{k}(block, thread, shared, regs, {params})")
    source = ENTRY.format(
        params=params,
        shared=max(1, kernel.shared_words),
        regs=kernel.reg_words,
        phases="\n".join("    " + line for line in lines),
    )
    names = {"cuda": cuda, "uint32": types.uint32, "u32": np.uint32}
    names |= {f"phase{k}": phase for k, phase in enumerate(phases)}
    exec(source, names)
    return names["entry"]


@cache
def _warm_up() -> None:
    """NumPy 2.5 has no `row_stack`, which the registry of numba-cuda 0.30 asks for once."""
    from numba.cuda.descriptor import cuda_target

    numpy: Any = np
    is_missing = not hasattr(np, "row_stack")
    if is_missing:
        numpy.row_stack = np.vstack
    try:
        cuda_target.typing_context.refresh()
        cuda_target.target_context.refresh()
    finally:
        if is_missing:
            del numpy.row_stack


def compile_ptx(kernel: Kernel) -> str:
    """PTX whose entry is named as the kernel, for the oldest target; the others take it too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _warm_up()
        signature = types.void(*(_type_of(param) for param in kernel.params))
        ptx, _ = cuda.compile_ptx(
            _entry(kernel), signature, cc=TARGETS[0], launch_bounds=kernel.threads
        )
    named: str = re.sub(r"^\.common .*NumbaEnv.*\n", "", ptx, flags=re.MULTILINE)
    entry = re.search(r"\.entry (\w+)", named)
    assert entry is not None
    return named.replace(entry[1], kernel.name)


def assemble(ptx: str, capability: tuple[int, int]) -> Cubin:
    """Machine code of PTX."""
    from cuda.bindings import nvjitlink

    options = [f"-arch=sm_{capability[0]}{capability[1]}", *WARN]
    handle = nvjitlink.create(len(options), options)
    try:
        data = ptx.encode() + b"\0"
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, data, len(data), "kernel.ptx")
        nvjitlink.complete(handle)
        code = bytearray(nvjitlink.get_linked_cubin_size(handle))
        nvjitlink.get_linked_cubin(handle, code)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        if log:
            nvjitlink.get_info_log(handle, log)
    finally:
        nvjitlink.destroy(handle)
    return Cubin(bytes(code), log.rstrip(b"\0").decode())


def build(kernel: Kernel, capability: tuple[int, int]) -> Cubin:
    """Machine code of a kernel for a compute capability such as (9, 0)."""
    return assemble(compile_ptx(kernel), capability)
