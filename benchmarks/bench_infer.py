"""Shape inference: load + check against its rivals, inference alone, and rebinding.

    python benchmarks/bench_infer.py [--rounds 9] [--no-peers] [--json FILE]

In one process, each rival in turn with shapewright; medians over the rounds. The limit of load +
check is the time to read the file's bytes once. Times are microseconds.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from pathlib import Path

import shapewright as sw
from shapewright import _core

ROOT = Path(__file__).resolve().parent.parent
ZOO = ROOT.parent / "shared" / "data" / "zoo"
NETWORKS = sorted(ZOO.glob("*.onnx")) or sorted((ROOT / "examples").glob("*.onnx"))
BUDGET = 8 << 30


def microseconds(call, *args):
    start = time.perf_counter_ns()
    call(*args)
    return (time.perf_counter_ns() - start) / 1000


def median_of(rounds, call, *args):
    call(*args)
    return statistics.median(microseconds(call, *args) for _ in range(rounds))


CALLS_IN_A_TURN = 5


def load_and_check(networks, rounds, rivals):
    """One row a rival and network: microseconds of ours and theirs, in turns of several calls.

    The first call of a turn finds the caches as the other tool left them ("cold"), the others as
    they are in a loop ("warm").
    """
    rows = []
    for rival, call in {"read bytes": lambda path: path.read_bytes(), **rivals}.items():
        for path in networks:
            ours, theirs, failed = [], [], None
            for _ in range(rounds + 1):  # the first round imports and is dropped
                ours.append([microseconds(sw.check, path) for _ in range(CALLS_IN_A_TURN)])
                try:
                    theirs.append([microseconds(call, path) for _ in range(CALLS_IN_A_TURN)])
                except Exception as error:
                    failed = f"{type(error).__name__}: {error}"[:120]
                    break
            row = {"rival": rival, "network": path.stem, "failed": failed}
            for caches, calls in (("cold", slice(0, 1)), ("warm", slice(1, None))):
                for tool, turns in (("ours", ours), ("theirs", theirs)):
                    times = [t for turn in turns[1:] for t in turn[calls]]
                    row[f"{tool} {caches}"] = statistics.median(times) if times else None
                row[f"times {caches}"] = (
                    None if failed else row[f"theirs {caches}"] / row[f"ours {caches}"]
                )
            rows.append(row)
    return rows


def chain(kind, nodes=800):
    """A chain of one operator, as a graph that is already in memory."""
    g = sw.Graph()
    if kind == "Relu, static":
        x = g.input("x", "f32[8,64,56,56]")
        for _ in range(nodes):
            x = g.add("Relu", x)
    elif kind == "Conv, symbolic":
        x = g.input("x", "f32[N,64,H,W]")
        w = g.param("w", "f32[64,64,3,3]")
        for _ in range(nodes):
            x = g.add("Conv", x, w, pads=[1, 1, 1, 1])
    else:  # every node has sizes of its own: no result is met a second time
        x = g.input("x", "f32[N,64,H,W]")
        w = g.param("w", "f32[64,64,3,3]")
        for _ in range(nodes):
            x = g.add("Conv", x, w)
    g.output(x)
    return g


def inference_alone(rounds):
    rows = []
    targets = {"Relu, static": 0.3, "Conv, symbolic": 1.0, "Conv, symbolic, shrinking": 1.0}
    for kind, target in targets.items():
        core = chain(kind).core
        elapsed = median_of(rounds * 5, lambda core=core: _core.infer(core, [], [], False, None))
        rows.append({"chain": kind, "nodes": 800, "us_per_node": elapsed / 800, "target": target})
    return rows


def sizes_of(report, batch):
    """A binding of every symbol: the batch to those of axis 0, 64 to the rest."""
    axes = {
        str(size): axis
        for value in report.graph.inputs
        for axis, size in enumerate(report.values[value.name].shape)
    }
    names = [symbol.name for symbol in report.symbols]
    return {name: batch if axes[name] == 0 else 64 for name in names}


def rebinding(networks, rounds):
    """All shapes and the peak at new sizes, and the core's share of it."""
    rows = []
    for path in networks:
        report = sw.check(path)
        bindings = [
            sizes_of(report, batch) for batch in ((1, 1) if "qwen" in path.stem else (2, 3))
        ]

        def rebind(report=report, bindings=bindings):
            for sizes in bindings:
                report.at(**sizes).peak.live  # noqa: B018

        rows.append({"network": path.stem, "us": median_of(rounds * 20, rebind) / 2, "target": 20})
    return rows


def solving(networks, rounds):
    """The largest batch for 8 GiB after inference, and the same by a linear scan."""
    rows = []
    for path in networks:
        report, question = question_of(path)
        fitted = sw.fit(report, **question, budget=BUDGET)
        elapsed = median_of(rounds, lambda: sw.fit(report, **question, budget=BUDGET))  # noqa: B023
        rows.append(
            {
                "network": path.stem,
                "us": elapsed,
                "target": 5000,
                "value": fitted.value,
                "linear scan": linear_scan(report, **question),
            }
        )
    return rows


def question_of(path):
    """A report and what `fit` is asked of it: the batch, other open sizes at 64."""
    report = sw.check(path)
    sizes = sizes_of(report, 0)
    first, *others = [name for name, size in sizes.items() if size == 0]
    where = {name: size for name, size in sizes.items() if size}
    return report, {"solve": first, "where": where, "tie": dict.fromkeys(others, first) or None}


def linear_scan(report, solve, where, tie):
    """The largest admissible batch below the first run of sizes that do not fit."""
    tied = [solve, *(tie or ())]
    best, size, misses = 0, 1, 0
    while misses < 3:
        try:
            fits = report.at(**where, **dict.fromkeys(tied, size)).peak.live <= BUDGET
        except sw.ConstraintError:
            fits = False
        best, misses = (size, 0) if fits else (best, misses + 1)
        size += 1
    return best


def geomean(values):
    """Of those there are; None where a rival took no network."""
    known = [value for value in values if value is not None]
    return statistics.geometric_mean(known) if known else None


def print_table(title, rows):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    columns = [key for key in rows[0] if key != "failed"]
    for key in columns:
        table.add_column(key, justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        cells = [row.get(key) for key in columns]
        table.add_row(*[f"{c:,.2f}" if isinstance(c, float) else str(c) for c in cells])
    Console().print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    rivals = {}
    if not options.no_peers:
        sys.path.insert(0, str(Path(__file__).parent))
        from peers.shapes import RIVALS

        rivals = RIVALS
    loads = load_and_check(NETWORKS, options.rounds, rivals)
    ratios = {
        f"{rival}, {caches}": geomean(
            row[f"times {caches}"] for row in loads if row["rival"] == rival
        )
        for rival in rivals
        for caches in ("cold", "warm")
    }
    results = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "shapewright": sw.__version__,
        },
        "unit": "microseconds, medians",
        "load_and_check": loads,
        "geomean_times_faster": ratios,
        "inference_alone": inference_alone(options.rounds),
        "rebinding": rebinding(NETWORKS, options.rounds),
        "fit": solving(NETWORKS, options.rounds),
    }
    print_table("load + check, us", loads)
    for rival, ratio in ratios.items():
        taken = "took no network" if ratio is None else f"takes {ratio:.1f} times as long"
        print(f"{rival}: {taken} (geomean)")
    print_table("inference alone, us a node", results["inference_alone"])
    print_table("rebinding all shapes and the peak, us", results["rebinding"])
    print_table("fit after inference, us", results["fit"])
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
