"""Allocators and offset plans: what is solved, and how long it takes; training memory on GPUs.

    python benchmarks/bench_memory.py [--only offsets,zoo,replay,speed] [--seconds 60] [--json FILE]
    python benchmarks/bench_memory.py --public [--networks vgg16,resnet50] [--json FILE]
    python benchmarks/bench_memory.py --gpu [--networks gpt2] [--seconds 460] [--json FILE]

offsets  20 rectangles of time and memory, cut up (tests/cut_rectangles.py): 150 to 450 buffers, the
         height of the rectangle is the most that is alive at once. Seeds 1 to 20, none left out;
         solved: a plan of that height within so many seconds of the process.
zoo      plans of recorded networks, shipped ones included, at the first sizes that are recorded.
replay   a list of requests as long as a training step of a decoder with 32 layers, replayed in
         PyTorch's allocator, and the least memory that it runs with.
speed    what a step of ResNet-50 and of an 8B Llama takes to replay, `fit` and `what_if` to answer.
public   published measurements, with what is predicted of them and what other tools said; with
         --networks the rows of others stay as the file has them.
gpu      models trained on this machine's GPU; without one, what is predicted, and "not measured".
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

import shapewright as sw
from shapewright import _core

ROOT = Path(__file__).resolve().parent.parent
ZOO = ROOT.parent / "shared" / "data" / "zoo"
sys.path.insert(0, str(ROOT / "tests"))

MIB = 1 << 20
NODES = 2_500_000  # of the search for one plan: about a minute
SHAPES = [(units, trimmed) for units in (48, 64, 96, 128) for trimmed in (0.0, 0.3, 0.6)]


def offsets(seconds):
    from cut_rectangles import instance

    rows = []
    for seed in range(1, 21):
        units, trimmed = SHAPES[(seed - 1) % len(SHAPES)]
        intervals = instance(seed, units=units, trimmed=trimmed)
        greedy = _core.plan_offsets(intervals, alignment=1, max_nodes=0)
        start, worked = time.perf_counter(), time.process_time()
        plan = _core.plan_offsets(intervals, alignment=1, max_nodes=NODES)
        spent, worked = time.perf_counter() - start, time.process_time() - worked
        assert _core.check_plan(intervals, plan, 1) == ""
        row = {
            "seed": seed,
            "buffers": len(intervals),
            "units": units,
            "trimmed": trimmed,
            "lower_bound": greedy.lower_bound,
            "greedy": round(greedy.height / greedy.lower_bound, 4),
            "height": plan.height,
            "proved": plan.lower_bound,
            "solved": plan.is_optimal and worked <= seconds,
            "nodes": plan.nodes,
            "seconds": round(spent, 3),
            "cpu_seconds": round(worked, 3),
        }
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    print(f"{sum(row['solved'] for row in rows)} of {len(rows)} solved")
    return rows


def zoo():
    rows = []
    shipped = {p.stem: p for p in (ROOT / "examples").glob("*.onnx")}
    recorded = {p.stem: p for p in ZOO.glob("*.onnx")} | shipped
    for name, path in sorted(recorded.items()):
        folder = ROOT / "tests" / "data" if name in shipped else ZOO
        cases = json.loads((folder / f"{name}.shapes.json").read_text())["cases"]
        bound = sw.check(path, profile="static").at(**cases[0]["bind"])
        times = []
        for _ in range(3):
            start = time.perf_counter()
            plan = bound.plan()
            times.append(1e3 * (time.perf_counter() - start))
        row = {
            "network": name,
            "buffers": len(plan.offsets),
            "height": plan.height,
            "lower_bound": plan.lower_bound,
            "optimal": plan.is_optimal,
            "method": plan.method,
            "ms": round(sorted(times)[1], 2),
        }
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return rows


def training_step(layers=32, hidden=4096, wide=14336, tokens=2048):
    """Requests in the order of a step: states, activations, gradients, an optimizer's temporaries.

    A list of that length and of such sizes; no claim of what a real step asks for.
    """
    events, names = [], iter(range(10**9))

    def alloc(size):
        name = next(names)
        events.append(("alloc", name, size, 0))
        return name

    weights = [hidden * hidden * 2, hidden * hidden // 2, hidden * hidden // 2, hidden * hidden * 2]
    weights += [hidden * wide * 2] * 3 + [hidden * 2] * 2
    for _ in range(layers):
        for size in weights:
            alloc(size), alloc(2 * size), alloc(2 * size)
    saved = []
    for _ in range(layers):
        for size in [hidden] * 9 + [wide] * 3:
            temporary = alloc(tokens * size * 4)
            saved.append(alloc(tokens * size * 2))
            events.append(("free", temporary, 0, 0))
    gradients = []
    for _ in range(layers):
        gradients += [alloc(size) for size in weights]
        for _ in range(12):
            gradient = alloc(tokens * hidden * 2)
            events.append(("free", saved.pop(), 0, 0))
            events.append(("free", gradient, 0, 0))
    return events + [("free", gradient, 0, 0) for gradient in gradients]


def replay():
    requests = _core.Requests(training_step())
    rows = []
    for settings in ("", "expandable_segments:True", "max_split_size_mb:128"):
        times = []
        for _ in range(9):
            start = time.perf_counter()
            result = _core.replay("torch-cuda", requests, settings)
            times.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        least = _core.least_capacity("torch-cuda", requests, settings)
        row = {
            "events": len(requests),
            "settings": settings,
            "replay_ms": round(sorted(times)[4], 3),
            "reserved_mib": result.reserved_peak // MIB,
            "least_mib": least.least // MIB,
            "least_is_exact": least.is_exact,
            "least_ms": round(1e3 * (time.perf_counter() - start), 1),
            "replays": least.num_replays,
        }
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return rows


def speed():
    from memory_bench.speed import speed

    return speed()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="replay,zoo,offsets,speed")
    parser.add_argument("--public", action="store_true", help="published measurements")
    parser.add_argument("--gpu", action="store_true", help="train on this machine's GPU")
    parser.add_argument("--networks", default="", help="of public and gpu, with commas")
    parser.add_argument("--seconds", type=float, help="for one of the offsets: 60; for gpu: 460")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = {
        "machine": platform.processor() or platform.machine(),
        "cpus": os.cpu_count(),
        "load_at_start": os.getloadavg()[0],
    }

    if arguments.json and arguments.json.exists() and not (arguments.public or arguments.gpu):
        results = json.loads(arguments.json.read_text()) | results  # sections not run now

    def keep(more):
        results.update(more)
        if arguments.json:  # after each row, so that an interrupted run leaves what it has
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")

    names = set(filter(None, arguments.networks.split(",")))
    if arguments.public:
        from memory_bench.public import public

        before = []
        if names and arguments.json and arguments.json.exists():
            before = json.loads(arguments.json.read_text())["rows"]
        print(json.dumps(public(keep, names, before)["summary"], indent=1))
    elif arguments.gpu:
        from memory_bench.gpu import gpu

        print(json.dumps(gpu(keep, names, arguments.seconds or 460)["summary"], indent=1))
    else:
        calls = {
            "offsets": lambda: offsets(arguments.seconds or 60),
            "zoo": zoo,
            "replay": replay,
            "speed": speed,
        }
        for name in arguments.only.split(","):
            print(f"# {name}")
            keep({name: calls[name]()})


if __name__ == "__main__":
    main()
