"""Random models held to ONNX Runtime, and damaged files, each run in a process that may die.

python tools/fuzz_models.py graphs 10000 [FIRST_SEED]
python tools/fuzz_models.py files 100000 [FIRST_SEED]
python tools/fuzz_models.py corpus FOLDER

The first two print what came of them and the seeds of failures; the exit code tells whether there
were any. The last writes the models that files are made of.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

BATCH = 200
BATCH_TIMEOUT_S = 600


def graphs(first: int, count: int) -> tuple[Counter[str], list[str]]:
    from model_fuzz import judged

    seen: Counter[str] = Counter()
    failures = []
    for seed in range(first, first + count):
        try:
            verdict, why = judged(seed)
        except Exception as error:
            verdict, why = "failed", f"{type(error).__name__}: {error}"
        seen[verdict] += 1
        if verdict not in ("ok", "refused", "lenient"):
            failures.append(f"graphs, seed {seed}: {why}")
    return seen, failures


def corpus() -> list[bytes]:
    from hostile_models import BOMBS
    from malformed_models import MODELS
    from random_models import random_model

    made = [random_model(seed).proto.SerializeToString() for seed in range(40)]
    return [*MODELS.values(), *(bomb() for bomb in BOMBS.values()), *made]


def files(first: int, count: int) -> tuple[Counter[str], list[str]]:
    from model_fuzz import survived

    models = corpus()
    seen: Counter[str] = Counter()
    failures = []
    for seed in range(first, first + count):
        verdict = survived(seed, models)
        seen[verdict if verdict in ("answered", "refused") else "failed"] += 1
        if verdict not in ("answered", "refused"):
            failures.append(f"files, seed {seed}: {verdict}")
    return seen, failures


KINDS: dict[str, Callable[[int, int], tuple[Counter[str], list[str]]]] = {
    "graphs": graphs,
    "files": files,
}


def work(kind: str, first: int, count: int, pipe: Any) -> None:
    pipe.send(KINDS[kind](first, count))


def batch(kind: str, first: int, count: int) -> tuple[Counter[str], list[str]]:
    """In a process of its own; one that dies is halved until the seed is alone."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(kind, first, count, theirs))
    process.start()
    theirs.close()
    try:
        found: tuple[Counter[str], list[str]] = (
            ours.recv() if ours.poll(BATCH_TIMEOUT_S) else (Counter(), [])
        )
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


def main(kind: str, count: int, first: int = 0) -> int:
    total: Counter[str] = Counter()
    failed = False
    for start in range(first, first + count, BATCH):
        seen, failures = batch(kind, start, min(BATCH, first + count - start))
        total += seen
        for failure in failures:
            failed = True
            print(failure, flush=True)
        if (start - first) // BATCH % 25 == 24:
            print(f"... {sum(total.values())} {kind}: {dict(total)}", flush=True)
    print(f"{sum(total.values())} {kind}: {dict(total)}")
    return int(failed)


def write_corpus(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(corpus()):
        (folder / f"{i:04}.onnx").write_bytes(data)


if __name__ == "__main__":
    if sys.argv[1] == "corpus":
        write_corpus(Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
