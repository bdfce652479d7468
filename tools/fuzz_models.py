"""Random models held to ONNX Runtime, and damaged files, each run in a process that may die.

python tools/fuzz_models.py graphs 10000 [FIRST_SEED] [--ledger FILE]
python tools/fuzz_models.py files 100000 [FIRST_SEED] [--ledger FILE] [--driver PROGRAM]
python tools/fuzz_models.py corpus FOLDER

The first two print what came of them and the seeds of failures; the exit code tells whether there
were any. A `--driver` is tests/cpp/fuzz_models.cpp built with the sanitizers: it damages and checks
the files, and checks every graph after it was judged here. `tools/sanitized.sh` runs this program
with the sanitized extension instead, which is slower. The last writes the models that files are
made of. A ledger adds up what all runs came to.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz_corpus import corpus, corpus_files, write_corpus
from fuzz_ledger import Run, add_run, commit, is_sanitized

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(1, str(ROOT / "tests"))

BATCH = 500
BATCH_TIMEOUT_S = 600
DRIVEN_BATCH = 20_000
EXPECTED = {"ok", "refused", "answered", "clean", "with findings"}

Outcome = tuple[Counter[str], list[str]]


def graphs(first: int, count: int, folder: Path | None = None) -> Outcome:
    """The models themselves are left in the folder, under their seeds."""
    from model_fuzz import judged
    from random_models import random_model

    seen: Counter[str] = Counter()
    failures = []
    for seed in range(first, first + count):
        try:
            model = random_model(seed)
            if folder is not None:
                (folder / f"{seed}.onnx").write_bytes(model.proto.SerializeToString())
            verdict, why = judged(model)
        except Exception as error:
            verdict, why = "failed", f"{type(error).__name__}: {error}"
        seen[verdict] += 1
        if verdict not in EXPECTED and not verdict.startswith("lenient: "):
            failures.append(f"graphs, seed {seed}: {why}")
    return seen, failures


def files(first: int, count: int, folder: Path | None = None) -> Outcome:
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


KINDS: dict[str, Callable[[int, int, Path | None], Outcome]] = {"graphs": graphs, "files": files}


def work(kind: str, first: int, count: int, folder: Path | None, pipe: Any) -> None:
    pipe.send(KINDS[kind](first, count, folder))


def batch(kind: str, first: int, count: int, folder: Path | None = None) -> Outcome:
    """In a process of its own; one that dies is halved until the seed is alone."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(kind, first, count, folder, theirs))
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
    left = batch(kind, first, half, folder)
    right = batch(kind, first + half, count - half, folder)
    return left[0] + right[0], left[1] + right[1]


def drive(driver: Path, *arguments: Any) -> tuple[Counter[str], str, int]:
    """What the driver counted ("nothing" if it died), its errors and its exit code."""
    options = "abort_on_error=1:print_stacktrace=1"
    # Leaks are looked for by ctest.
    asan = f"{options}:hard_rss_limit_mb=2048:detect_leaks=0:malloc_context_size=5"
    env = {**os.environ, "ASAN_OPTIONS": asan, "UBSAN_OPTIONS": options}
    command = [str(part) for part in (driver, *arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env)
    seen = Counter({what: int(n) for n, what in re.findall(r"(\d+) ([a-z ]+),", ended.stdout)})
    return +seen, ended.stderr, ended.returncode


def driven_files(driver: Path, folder: Path, first: int, count: int) -> Outcome:
    """A batch of damaged files in the driver, which names the seed it dies of; then the rest."""
    if count == 0:
        return Counter(), []
    seen, errors, code = drive(driver, count, first, folder, *corpus_files(folder))
    failures = [f"files, {line}" for line in errors.splitlines() if line.startswith("seed ")]
    if seen:
        return seen, failures
    (folder / f"died-{first}.log").write_text(errors)
    named = re.search(r"^seed (\d+): (aborted|does not end)", errors, re.MULTILINE)
    if named is None:
        return Counter(died=1), [f"files, from seed {first}: ended with {code}"]
    # What came before it was answered, in which way is not known.
    seed = int(named[1])
    seen = Counter({"answered": seed - first, "died": 1})
    rest = driven_files(driver, folder, seed + 1, first + count - seed - 1)
    return seen + rest[0], failures + rest[1]


def driven_graphs(driver: Path, first: int, count: int) -> Outcome:
    """A batch of random models judged here, then each put to the driver."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seen, failures = batch("graphs", first, count, folder)
        models = sorted(folder.iterdir())
        counted, errors, code = drive(driver, "each", first, "", *models)
        if code != 0 or sum(counted.values()) != count:
            failures.append(f"graphs, seeds from {first}: the driver ended with {code}: {errors}")
        return seen, failures


def main(asked: argparse.Namespace) -> int:
    kind, count, first = asked.kind, int(asked.count), asked.first
    step = DRIVEN_BATCH if asked.driver and kind == "files" else BATCH
    folder = ROOT / "build" / "fuzz" / "models"
    if asked.driver and not corpus_files(folder):
        write_corpus(folder)
    total: Counter[str] = Counter()
    failures: list[str] = []
    begun, tree = time.monotonic(), commit()
    for start in range(first, first + count, step):
        size = min(step, first + count - start)
        if asked.driver is None:
            seen, failed = batch(kind, start, size)
        elif kind == "files":
            seen, failed = driven_files(asked.driver, folder, start, size)
        else:
            seen, failed = driven_graphs(asked.driver, start, size)
        total += seen
        failures += failed
        print(*failed, sep="\n", end="\n" if failed else "", flush=True)
        if step == DRIVEN_BATCH or (start - first) // step % 25 == 24:
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
