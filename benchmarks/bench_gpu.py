"""Arrays on a GPU: correctness, bandwidth as a fraction of a copy, rivals, launches, batches.

    python benchmarks/bench_gpu.py [--quick] [--peers-every 24] [--seconds 460]
                                   [--json FILE] [--picture FILE]

One command for a machine with a GPU, PyTorch and `shapewright[cuda]`; it installs nothing. The
limit is the faster of two device-to-device copies of as many bytes, timed in turns with the call.
Work is replayed from CUDA graphs, so that the host's part is left out; it is measured by itself.
The summary comes last. Without a GPU every figure is "not measured". See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpu_bench.calls import launch_cost, many_squares, ragged_images
from gpu_bench.summary import NOT_MEASURED, draw, text_of
from gpu_bench.transposes import all_cases, is_right, measure
from gpu_bench.warm import warm

RESERVED_S = 10  # for what comes after the transposes


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few cases")
    parser.add_argument(
        "--peers-every",
        type=int,
        default=24,
        help="of so many cases one is timed with peers that compile; 0: PyTorch eager alone",
    )
    parser.add_argument("--seconds", type=float, default=460, help="to end within")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    return parser.parse_args(arguments)


def torch_on_gpu() -> Any:
    """PyTorch, or None where it or a GPU is missing."""
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def run(torch: Any, options: argparse.Namespace) -> dict[str, Any]:
    end = time.monotonic() + options.seconds
    torch.manual_seed(time.time_ns() % (1 << 31))
    name = torch.cuda.get_device_name()
    results: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{name}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}",
    }
    found = all_cases(options.quick)
    started = time.monotonic()
    kernels = warm(found, torch.cuda.get_device_capability())
    print(f"{kernels} kernels compiled in {time.monotonic() - started:.1f} s", flush=True)
    small = [case for case in found if case.src_bytes <= 256 << 20]
    results["wrong"] = [
        f"{case.set} {case.name} {case.dtype}" for case in small if not is_right(torch, case)
    ]
    print(f"{len(small)} cases compared, {len(results['wrong'])} wrong", flush=True)
    parts: tuple[tuple[str, Callable[[Any], Any]], ...] = (
        ("launch_cost", launch_cost),
        ("many_squares", many_squares),
        ("ragged_images", ragged_images),
    )
    for key, part in parts:
        results[key] = part(torch)
        print(key, results[key], flush=True)
    rows: list[dict[str, Any]] = []
    # The sets by turns, so that what the time leaves out is a part of each.
    order = sorted(range(len(found)), key=lambda k: (k % 7, k))
    for number, k in enumerate(order):
        if time.monotonic() > end - RESERVED_S:
            break
        every = options.peers_every
        has_peers = every > 0 and number % every == 0
        rows.append(measure(torch, found[k], options.rounds, has_peers=has_peers))
        torch.cuda.empty_cache()
    results["rows"], results["left_out"] = rows, len(found) - len(rows)
    return results


def main(arguments: list[str] | None = None) -> int:
    options = options_of(arguments)
    torch = torch_on_gpu()
    if torch is None:
        results: dict[str, Any] = {"machine": f"no GPU with PyTorch: {NOT_MEASURED}"}
    else:
        results = run(torch, options)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.picture:
        draw(results, options.picture)
    print(text_of(results))
    return 1 if results.get("wrong") else 0


if __name__ == "__main__":
    sys.exit(main())
