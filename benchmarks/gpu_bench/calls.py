"""What a call costs the host, and what many arrays cost in one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

import shapewright as sw
from gpu_bench.clock import host_us, wall_us

FIRST_CALL = """
import time, torch
x = torch.ones(1000, 777, device="cuda")
torch.cuda.synchronize()
import shapewright as sw
sw.permute(x, (1, 0))                        # imports, and the first kind of call
torch.cuda.synchronize()
y = torch.ones(64, 128, 32, 48, device="cuda", dtype=torch.float16)
start = time.perf_counter()
sw.permute(y, (3, 1, 2, 0))                  # another kind
torch.cuda.synchronize()
print(time.perf_counter() - start)
"""


def launch_cost(torch: Any) -> dict[str, float]:
    """Host time of a repeated call, in microseconds, and of a first one, in seconds."""
    x, out = torch.ones(64, 64, device="cuda"), torch.empty(64, 64, device="cuda")
    figures = {
        "permute into out, us": host_us(torch, lambda: sw.permute(x, (1, 0), out=out)),
        "permute, us": host_us(torch, lambda: sw.permute(x, (1, 0))),
        "torch contiguous, us": host_us(torch, lambda: x.permute(1, 0).contiguous()),
        "torch copy_, us": host_us(torch, lambda: out.copy_(x.permute(1, 0))),
        "torch empty, us": host_us(torch, lambda: torch.empty(64, 64, device="cuda")),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first call of a kind, s", "from the disk cache, s"):
            environment = {**os.environ, "SHAPEWRIGHT_CACHE_DIR": folder}
            command = [sys.executable, "-c", FIRST_CALL]
            printed = subprocess.check_output(command, env=environment, text=True)
            figures[name] = float(printed.split()[-1])
    return figures


def many_squares(torch: Any, count: int = 4096, side: int = 64) -> dict[str, Any]:
    """4,096 matrices: one `rearrange_many` against a loop of PyTorch, into new tensors and into
    ones that are there."""
    xs = [torch.rand(side, side, device="cuda") for _ in range(count)]
    outs = [torch.empty_like(x) for x in xs]
    results = sw.rearrange_many(xs, "a b -> b a")
    right = all(torch.equal(y, x.t()) for x, y in zip(xs, results, strict=True))
    ours = wall_us(torch, lambda: sw.rearrange_many(xs, "a b -> b a"))
    loop = wall_us(torch, lambda: [x.t().contiguous() for x in xs])
    into = wall_us(torch, lambda: sw.rearrange_many(xs, "a b -> b a", outs=outs))
    loop_into = wall_us(torch, lambda: [o.copy_(x.t()) for x, o in zip(xs, outs, strict=True)])
    right = right and all(torch.equal(o, x.t()) for x, o in zip(xs, outs, strict=True))
    return {
        "right": right,
        "ours_us": ours,
        "torch_loop_us": loop,
        "times": loop / ours,
        "ours_into_us": into,
        "torch_loop_into_us": loop_into,
        "times_into": loop_into / into,
    }


def ragged_images(torch: Any, count: int = 256) -> dict[str, Any]:
    """256 images of 160 to 256 pixels a side, in float16: `pad_stack` against `pad_sequence`, a
    cast and a permute, channels first at the end in both."""
    generator = torch.Generator().manual_seed(11)
    sizes = torch.randint(160, 257, (count,), generator=generator).tolist()
    images = [torch.randint(0, 256, (n, 224, 3), dtype=torch.uint8, device="cuda") for n in sizes]

    def ours() -> Any:
        return sw.rearrange(sw.pad_stack(images), "n h w c -> n c h w", dtype="f16")

    def rival() -> Any:
        padded = torch.nn.utils.rnn.pad_sequence(images, batch_first=True)
        return padded.to(torch.float16).permute(0, 3, 1, 2).contiguous()

    right = bool(torch.equal(ours(), rival()))
    mine, theirs = wall_us(torch, ours), wall_us(torch, rival)
    return {"right": right, "ours_us": mine, "torch_us": theirs, "times": theirs / mine}
