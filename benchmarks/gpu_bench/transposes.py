"""Transposes against a copy of as many bytes, and against what others make of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from array_bench.cases import Case, cases, thinned

import shapewright as sw
from gpu_bench.clock import Work, device_us, pairs_for

WIDTHS = {"u8": "uint8", "u16": "int16", "f16": "float16", "bf16": "bfloat16", "i16": "int16",
          "f32": "float32", "f64": "float64", "c64": "complex64", "c128": "complex128"}  # fmt: skip
MOST_BYTES = 2 << 30


def all_cases(quick: bool) -> list[Case]:
    """`ttc57`, `real_nets` and squares, in f32, f64, f16 and u8."""
    ttc = [case for case in cases("ttc57") if case.dtype == "f32"]
    found = [replace(case, dtype=d) for d in ("f32", "f64", "f16", "u8") for case in ttc]
    found += cases("real_nets")
    found += [case for case in cases("powers") if case.name.startswith("sq")]
    found = [case for case in found if case.dtype in WIDTHS and case.src_bytes <= MOST_BYTES]
    return thinned(found, 24 if quick else None)


def filled(torch: Any, case: Case) -> Any:
    """A tensor of arbitrary bits."""
    raw = torch.randint(0, 256, (case.src_bytes,), dtype=torch.uint8, device="cuda")
    return raw.view(getattr(torch, WIDTHS[case.dtype])).view(case.shape)


def poisoned(torch: Any, case: Case) -> Any:
    """A result in which no byte is right by chance of what lay there."""
    raw = torch.full((case.out_bytes,), 0xA5, dtype=torch.uint8, device="cuda")
    return raw.view(getattr(torch, WIDTHS[case.dtype])).view(case.out_shape)


def is_right(torch: Any, case: Case) -> bool:
    """Byte for byte what PyTorch makes of it."""
    x, out = filled(torch, case), poisoned(torch, case)
    assert case.axes is not None
    sw.permute(x, case.axes, out=out)
    want = x.permute(case.axes).contiguous()
    return bool(torch.equal(out.view(-1).view(torch.uint8), want.view(-1).view(torch.uint8)))


def rivals(
    torch: Any, case: Case, xs: list[Any], outs: list[Any], *, has_peers: bool
) -> dict[str, Work]:
    """Those whose packages are here. PyTorch and CuPy write where we write."""
    axes = case.axes
    assert axes is not None
    found: dict[str, Work] = {"torch": lambda k: outs[k].copy_(xs[k].permute(axes))}
    if has_peers:
        makers: tuple[tuple[str, Callable[[], Work]], ...] = (
            ("torch compiled", lambda: _compiled(torch, xs, axes)),
            ("cupy", lambda: _cupy(torch, xs, outs, axes)),
            ("jax", lambda: _jax(xs, axes)),
        )
        for name, make in makers:
            try:
                found[name] = make()
            except Exception as error:
                print(f"  {name} left out of {case.name}: {error!r}"[:160], file=sys.stderr)
    return found


def _compiled(torch: Any, xs: list[Any], axes: tuple[int, ...]) -> Work:
    torch.compiler.reset()  # or the ninth case of one source line would run uncompiled
    run: Callable[[Any], Any] = torch.compile(lambda x: x.permute(axes).contiguous())
    run(xs[0])
    return lambda k: run(xs[k])


def _cupy(torch: Any, xs: list[Any], outs: list[Any], axes: tuple[int, ...]) -> Work:
    cupy = import_module("cupy")
    sources = [cupy.from_dlpack(x).transpose(axes) for x in xs]
    results = [cupy.from_dlpack(out) for out in outs]

    def run(k: int) -> None:
        with cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream):
            cupy.copyto(results[k], sources[k])

    run(0)
    return run


def _jax(xs: list[Any], axes: tuple[int, ...]) -> Work:
    """On its own stream, so that neither events nor graphs see it: each call is waited for, and
    this figure bears the cost of the launch."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    jax = import_module("jax")
    arrays = [jax.dlpack.from_dlpack(x) for x in xs]
    run = jax.jit(lambda x: jax.numpy.transpose(x, axes) + 0)
    run(arrays[0]).block_until_ready()
    return lambda k: run(arrays[k]).block_until_ready()


def measure(torch: Any, case: Case, rounds: int, *, has_peers: bool) -> dict[str, Any]:
    """Times of a case. `score` is the limit's time over ours; the limit is the faster of PyTorch's
    copy and ours of as many bytes, for the driver's copy is slow at some sizes."""
    pairs = pairs_for(2 * case.src_bytes)
    xs = [filled(torch, case) for _ in range(pairs)]
    outs = [poisoned(torch, case) for _ in range(pairs)]
    axes = case.axes
    assert axes is not None
    candidates: dict[str, Work] = {
        "ours": lambda k: sw.permute(xs[k], axes, out=outs[k]),
        "copy": lambda k: outs[k].view(-1).copy_(xs[k].view(-1)),
        "our copy": lambda k: sw.copy(xs[k].view(-1), outs[k].view(-1)),
        **rivals(torch, case, xs, outs, has_peers=has_peers),
    }
    times = device_us(torch, candidates, pairs, rounds, alone=("jax",))
    limit = min(times["copy"]["us"], times["our copy"]["us"])
    return {
        "set": case.set,
        "case": case.name,
        "dtype": case.dtype,
        "bytes": case.src_bytes,
        "times": times,
        "score": limit / times["ours"]["us"],
        "GB/s": 2e-3 * case.src_bytes / times["ours"]["us"],
    }
