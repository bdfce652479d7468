"""Two builds of shapewright side by side: is inference slower than it was?

    python benchmarks/infer_against.py PYTHON [--rounds 9] [--instructions] [--json FILE]

PYTHON is the interpreter of an environment that holds the other build. The builds take turns, each
time in a process of its own that keeps the quickest calls; a ratio is the median over the turns of
ours divided by theirs, so that a machine whose clock wanders tells the same. With --instructions,
valgrind counts what a call executes, which does not wander at all. Times are microseconds a node
or a network.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_infer as bench

import shapewright as sw
from shapewright import _core

CALLS = 60  # of a figure in one turn
CHAINS = ("Relu, static", "Conv, symbolic", "Conv, symbolic, shrinking")


def of_chain(kind):
    core = bench.chain(kind, 800).core
    return [lambda: _core.infer(core, [], [], False, None)], 800


def of_networks(prepare):
    """A call a network."""
    calls = [prepare(path) for path in bench.NETWORKS]
    return calls, len(calls)


def loads(path):
    return lambda: sw.check(path)


def rebinds(path):
    report = sw.check(path)
    sizes = bench.sizes_of(report, 2 if "qwen" not in path.stem else 1)
    return lambda: report.at(**sizes).peak.live


def fits(path):
    report, question = bench.question_of(path)
    return lambda: sw.fit(report, **question, budget=bench.BUDGET)


FIGURES = {
    **{f"chain: {kind}": (lambda kind=kind: of_chain(kind)) for kind in CHAINS},
    "load + check": lambda: of_networks(loads),
    "rebinding": lambda: of_networks(rebinds),
    "fit": lambda: of_networks(fits),
}


def times():
    """Microseconds of every figure in this process."""
    found = {}
    for name, make in FIGURES.items():
        calls, count = make()
        least = [min(bench.microseconds(call) for _ in range(CALLS)) for call in calls]
        found[name] = sum(least) / count
    return found


def ask(python, *options, under=()):
    command = [*under, python, __file__, python, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def instructions(python, name):
    """What one call executes: two runs of the process, one of which calls it more often."""
    _, count = FIGURES[name]()
    totals = []
    for calls in (10, 30):
        with tempfile.NamedTemporaryFile() as file:
            under = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={file.name}")
            ask(python, "--call", name, str(calls), under=under)
            text = Path(file.name).read_text()
        totals.append(next(int(line.split()[1]) for line in text.splitlines() if "totals:" in line))
    return (totals[1] - totals[0]) / 20 / count


def compare(python, rounds, counts):
    """One row a figure."""
    ours, theirs = [], []
    for turn in range(rounds):
        sides = [(sys.executable, ours), (python, theirs)]
        for interpreter, found in sides if turn % 2 == 0 else sides[::-1]:
            found.append(json.loads(ask(interpreter, "--times")))
    rows = []
    for name in FIGURES:
        pairs = [(a[name], b[name]) for a, b in zip(ours, theirs, strict=True)]
        row = {
            "figure": name,
            "ours": statistics.median(a for a, _ in pairs),
            "theirs": statistics.median(b for _, b in pairs),
            "ratio": statistics.median(a / b for a, b in pairs),
        }
        if counts:
            row["our instructions"] = instructions(sys.executable, name)
            row["their instructions"] = instructions(python, name)
            row["ratio of them"] = row["our instructions"] / row["their instructions"]
        rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--times", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--call", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.times:
        print(json.dumps(times()))
    elif options.call:
        calls, _ = FIGURES[options.call[0]]()
        for call in calls * int(options.call[1]):
            call()
    else:
        rows = compare(options.python, options.rounds, options.instructions)
        bench.print_table("ours and theirs, us", rows)
        if options.json:
            options.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
