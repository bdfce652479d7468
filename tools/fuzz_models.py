"""Random models held to ONNX Runtime, and damaged files, each run in a process that may die.

python tools/fuzz_models.py graphs 10000 [FIRST_SEED] [--ledger FILE]
python tools/fuzz_models.py files 100000 [FIRST_SEED] [--ledger FILE] [--driver PROGRAM]
python tools/fuzz_models.py corpus FOLDER

The first two print what came of them and the seeds of failures; the exit code tells whether there
were any. Files are damaged and checked in Python, or by a `--driver`: tests/cpp/fuzz_models.cpp
built with the sanitizers, build/asan/fuzz_models. `tools/sanitized.sh` runs this program with the
sanitized extension. The last writes the models that files are made of. A ledger adds up what all
runs came to.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz_corpus import corpus, corpus_files, write_corpus
from fuzz_ledger import Run, add_run, commit, is_sanitized

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(1, str(ROOT / "tests"))

BATCH = 200
BATCH_TIMEOUT_S = 600
DRIVEN_BATCH = 20_000
EXPECTED = {"ok", "refused", "lenient", "answered", "clean", "with findings"}

Outcome = tuple[Counter[str], list[str]]


def graphs(first: int, count: int) -> Outcome:
    from model_fuzz import judged

    seen: Counter[str] = Counter()
    failures = []
    for seed in range(first, first + count):
        try:
            verdict, why = judged(seed)
        except Exception as error:
            verdict, why = "failed", f"{type(error).__name__}: {error}"
        seen[verdict] += 1
        if verdict not in EXPECTED:
            failures.append(f"graphs, seed {seed}: {why}")
    return seen, failures


def files(first: int, count: int) -> Outcome:
    from model_fuzz import survived

    models = corpus()
    seen: Counter[str] = Counter()
    failures = []
    for seed in range(first, first + count):
        verdict = survived(seed, models)
        seen[verdict if verdict in EXPECTED else "failed"] += 1
        if verdict not in EXPECTED:
            failures.append(f"files, seed {seed}: {verdict}")
    return seen, failures


KINDS: dict[str, Callable[[int, int], Outcome]] = {"graphs": graphs, "files": files}


def work(kind: str, first: int, count: int, pipe: Any) -> None:
    pipe.send(KINDS[kind](first, count))


def batch(kind: str, first: int, count: int) -> Outcome:
    """In a process of its own; one that dies is halved until the seed is alone."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(kind, first, count, theirs))
    process.start()
    theirs.close()
    try:
        found: Outcome = ours.recv() if ours.poll(BATCH_TIMEOUT_S) else (Counter(), [])
        if found[0]:
            return found
    except EOFError:
        pass
    finally:
        process.kill()
        process.join()
    if count == 1:
        return Counter(died=1), [f"{kind}, seed {first}: ended with {process.exitcode}"]
    half = count // 2
    left, right = batch(kind, first, half), batch(kind, first + half, count - half)
    return left[0] + right[0], left[1] + right[1]


def driven(driver: Path, folder: Path, first: int, count: int) -> Outcome:
    """A batch of files in the driver, which names the seed it dies of; then the rest."""
    models = corpus_files(folder)
    options = "abort_on_error=1:print_stacktrace=1"
    # Leaks are looked for by ctest.
    asan = f"{options}:hard_rss_limit_mb=2048:detect_leaks=0:malloc_context_size=5"
    env = {**os.environ, "ASAN_OPTIONS": asan, "UBSAN_OPTIONS": options}
    command = [str(part) for part in (driver, count, first, folder, *models)]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env)
    seen = Counter({what: int(n) for n, what in re.findall(r"(\d+) ([a-z ]+),", ended.stdout)})
    failures = [f"files, {line}" for line in ended.stderr.splitlines() if line[:5] == "seed "]
    if seen:
        return +seen, failures
    (folder / f"died-{first}.log").write_text(ended.stderr)
    named = re.search(r"^seed (\d+): (aborted|does not end)", ended.stderr, re.MULTILINE)
    if named is None:
        return Counter(died=1), [f"files, from seed {first}: ended with {ended.returncode}"]
    # What came before it was answered, in which way is not known.
    seed = int(named[1])
    seen = Counter({"answered": seed - first, "died": 1})
    rest = driven(driver, folder, seed + 1, first + count - seed - 1)
    return seen + rest[0], failures + rest[1]


def main(asked: argparse.Namespace) -> int:
    kind, count, first = asked.kind, int(asked.count), asked.first
    step = DRIVEN_BATCH if asked.driver else BATCH
    folder = ROOT / "build" / "fuzz" / "models"
    if asked.driver and not corpus_files(folder):
        write_corpus(folder)
    total: Counter[str] = Counter()
    failures: list[str] = []
    begun, tree = time.monotonic(), commit()
    for start in range(first, first + count, step):
        size = min(step, first + count - start)
        seen, failed = (
            driven(asked.driver, folder, start, size) if asked.driver else batch(kind, start, size)
        )
        total += seen
        failures += failed
        print(*failed, sep="\n", end="\n" if failed else "", flush=True)
        if asked.driver or (start - first) // step % 25 == 24:
            print(f"... {sum(total.values())} {kind}: {dict(total)}", flush=True)
    print(f"{sum(total.values())} {kind}: {dict(total)}")
    if asked.ledger:
        seconds = time.monotonic() - begun
        sanitized = is_sanitized(asked.driver)
        run = Run(kind, tree, first, count, round(seconds), sanitized, dict(total), failures)
        add_run(asked.ledger, run)
    return int(bool(failures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["graphs", "files", "corpus"])
    parser.add_argument("count", metavar="COUNT | FOLDER")
    parser.add_argument("first", nargs="?", type=int, default=0, metavar="FIRST_SEED")
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--driver", type=Path)
    arguments = parser.parse_args()
    if arguments.kind == "corpus":
        write_corpus(Path(arguments.count))
    else:
        sys.exit(main(arguments))
