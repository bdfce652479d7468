"""Transposes, views, images and small arrays against plain copies of the same bytes.

    python benchmarks/bench_arrays.py [--rounds 7] [--peers] [--quick] [--only ttc57:3,images]
                                      [--json FILE] [--picture FILE]

One process, candidates in turns, medians with p10 and p90. The limit of a case is the fastest of
the plain copies on the same buffers in the same rounds: memcpy on one thread, streamed on one and
on all, cached on all; for one thread those of one thread. A score is time of the limit / time of
ours. Rivals (`--peers`) take part in the first rounds of some cases. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from array_bench.bars import all_bars
from array_bench.buffers import (
    Arenas,
    available_bytes,
    huge_page_state,
    last_level_cache_bytes,
    slots_of,
)
from array_bench.calls import (
    bench_fresh,
    bench_images,
    bench_small,
    fresh_arena_bytes,
    images_arena_bytes,
)
from array_bench.cases import SETS, SETS_FILE, Case, cases, thinned
from array_bench.picture import draw
from array_bench.rounds import bench_case

import shapewright as sw
from shapewright import _core

CALLS = ("images", "fresh", "small")
QUICK = dict.fromkeys(SETS, 2) | {"ttc57": 6, "ttc57_odd": 3, "real_nets": 6, "powers": 4}
QUICK_BYTES = 512 << 20


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=_core.default_threads())
    parser.add_argument(
        "--only", help="sets and calls, such as ttc57:3,images: 3 cases, and images"
    )
    parser.add_argument("--quick", action="store_true", help="few cases, 5 rounds")
    parser.add_argument("--all-dtypes", action="store_true")
    parser.add_argument("--largest", type=int, help="bytes of the largest tensor")
    parser.add_argument("--peers", action="store_true", help="rivals that are installed")
    parser.add_argument("--peer-rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args(arguments)
    chosen: dict[str, int | None] = {}
    for part in options.only.split(",") if options.only else (*SETS, *CALLS):
        name, _, count = part.partition(":")
        if name not in (*SETS, *CALLS):
            parser.error(f"there is no set {name!r}: {', '.join((*SETS, *CALLS))}")
        chosen[name] = int(count) if count else QUICK.get(name) if options.quick else None
    options.chosen = chosen
    if options.quick:
        options.rounds = min(options.rounds, 5)
    if options.largest is None:
        room = min(4 << 30, available_bytes() // 4)
        options.largest = QUICK_BYTES if options.quick else room
    return options


def chosen_cases(options: argparse.Namespace) -> tuple[list[Case], list[str]]:
    """Those to run, and the names of those that are too large for this run."""
    found, left_out = [], []
    for name in SETS:
        if name not in options.chosen:
            continue
        of_set = cases(name, all_dtypes=options.all_dtypes)
        fitting = [c for c in of_set if max(c.src_bytes, c.out_bytes) <= options.largest]
        left_out += [f"{c.set} {c.name} {c.dtype}" for c in of_set if c not in fitting]
        found += thinned(fitting, options.chosen[name])
    return found, left_out


def processor_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def stolen_seconds() -> float | None:
    """Time that the host of a virtual machine took from it."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    return int(stat.read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK")


def machine(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "processor": processor_name(),
        "system": platform.platform(),
        "threads": options.threads,
        "last_level_cache_bytes": last_level_cache_bytes(),
        "isa": os.environ.get("SHAPEWRIGHT_ISA", "best"),
        "huge_pages": huge_page_state(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def run_cases(
    found: list[Case], arenas: Arenas, options: argparse.Namespace, peers: Any
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}
    for case in found:
        number = numbers.get(case.set, 0)
        numbers[case.set] = number + 1
        row = bench_case(
            case,
            arenas,
            rounds=options.rounds,
            threads=options.threads,
            rivals=peers.of_case(case, number) if peers else {},
            rival_rounds=options.peer_rounds,
        )
        rows.append(row)
        if peers:
            peers.give_back_freed_memory()
        others = [
            f"{name} {row['times'][name]['us'] / row['times']['ours 1']['us']:.1f}x"
            for name in ("numpy", "torch", "einops", "xla")
            if name in row["times"]
        ]
        print(
            f"{case.set:13} {case.name[:26]:26} {case.dtype:4} {case.out_bytes / 2**20:8.2f} MiB "
            f"{2e-3 * case.out_bytes / row['times']['ours 1']['us']:6.1f} GB/s "
            f"limit {row['score 1']:5.2f} memcpy {row['memcpy score 1']:5.2f}"
            f"  all threads {row.get('score all', float('nan')):5.2f}"
            f"{'' if row['right'] else '  WRONG'}  {' '.join(others)}",
            flush=True,
        )
    return rows


def measure(options: argparse.Namespace) -> dict[str, Any]:
    peers: Any = None
    if options.peers:
        from peers import arrays as peers
    start, stolen = time.monotonic(), stolen_seconds()
    found, left_out = chosen_cases(options)
    room = max([images_arena_bytes(), fresh_arena_bytes(), *(slots_of(c).bytes for c in found)])
    arenas = Arenas(room)
    results: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(options),
        "versions": {
            "shapewright": sw.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            **(peers.versions() if peers else {}),
        },
        "unit": "microseconds a result; scores: time of the best plain copy / time of ours",
        "sets": "transpose_sets.json" if SETS_FILE.exists() else "built in",
        "rounds": options.rounds,
        "peer_rounds": options.peer_rounds if peers else 0,
        "left_out": left_out,
    }

    def rivals_of(field: str) -> dict[str, Any]:
        calls = getattr(peers, field) if peers else {}
        return {name: call for name, call in calls.items() if name in peers.present()}

    common = {"rounds": options.rounds, "threads": options.threads}
    if "small" in options.chosen:
        results["small"] = bench_small(arenas, rounds=options.rounds)
    if "fresh" in options.chosen:
        results["fresh"] = bench_fresh(
            arenas, **common, rivals=rivals_of("FRESH"), rival_rounds=options.peer_rounds
        )
    for field in ("images", "images_kept") if peers else ("images",):
        if field == "images_kept":
            peers.keep_freed_memory()
        if "images" in options.chosen:
            results[field] = bench_images(
                arenas, **common, rivals=rivals_of("IMAGES"), rival_rounds=options.peer_rounds
            )
    results["rows"] = run_cases(found, arenas, options, peers)
    results["seconds"] = round(time.monotonic() - start, 1)
    after = stolen_seconds()
    results["stolen_seconds"] = (
        None if stolen is None or after is None else round(after - stolen, 2)
    )
    results["bars"] = [bar.to_dict() for bar in all_bars(results)]
    return results


def print_tables(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=max(Console().width, 140))

    def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
        made = Table(title=title, title_justify="left")
        for number, column in enumerate(columns):
            made.add_column(column, justify="left" if number == 0 else "right")
        for row in rows:
            made.add_row(*row)
        console.print(made)

    if results.get("small"):
        lines = [
            [str(list(row["shape"])), f"{row['bytes']:,}", f"{row['ours ns']:,.0f}",
             f"{row['numpy ns']:,.0f}", f"{row['numpy ns'] / row['ours ns']:.2f}"]
            for row in results["small"]
        ]  # fmt: skip
        table(
            "small float32 arrays, ns a call",
            ["shape", "bytes", "ours", "np.copyto", "times"],
            lines,
        )
    for field in ("images", "images_kept"):
        if results.get(field):
            lines = [[name, f"{t['us']:,.0f}"] for name, t in results[field]["times"].items()]
            memory = "new" if field == "images" else "kept"
            table(f"images 64x224x224x3, us; memory of rivals' results {memory}", ["", "us"], lines)
    if results.get("fresh"):
        lines = [
            [f"{row['shape']}", name, f"{value['us']:,.0f}"]
            for row in results["fresh"]
            for name, value in row["times"].items()
        ]
        table("a new result each call, us", ["float32", "", "us"], lines)
    verdicts = {True: "met", False: "MISSED", None: ""}
    lines = [
        [bar["what"], bar["threads"], f"{bar['figure']:,.2f}", bar["needed"], verdicts[bar["met"]],
         str(bar["cases"]), bar["worst"]]
        for bar in results["bars"]
    ]  # fmt: skip
    table("bars", ["what", "threads", "figure", "needed", "", "cases", "worst"], lines)
    missed = sum(bar["met"] is False for bar in results["bars"])
    met = sum(bar["met"] is True for bar in results["bars"])
    print(f"{met} bars met, {missed} missed; {len(results['rows'])} cases, {results['seconds']} s")


def compact_json(results: dict[str, Any]) -> str:
    """One line a row, so that two runs can be compared line by line."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.4g}")
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        return [rounded(item) for item in value] if isinstance(value, list | tuple) else value

    parts = []
    for key, value in results.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(json.dumps(rounded(row)) for row in value)
            parts.append(f"{json.dumps(key)}: [\n  {rows}\n ]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(rounded(value))}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def main(arguments: list[str] | None = None) -> int:
    options = options_of(arguments)
    results = measure(options)
    print_tables(results)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(compact_json(results))
    if options.picture:
        draw(results, options.picture)
    return 0 if all(row["right"] for row in results["rows"]) else 1


if __name__ == "__main__":
    sys.exit(main())
