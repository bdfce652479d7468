"""The sum of all runs of a fuzzer: what was tried, from which seeds, and what came of it."""

from __future__ import annotations

import datetime
import fcntl
import json
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    kind: str  # graphs | files
    commit: str  # of the tree as it began
    first_seed: int
    count: int
    seconds: int
    sanitized: bool
    classes: dict[str, int]
    failures: list[str]


def is_sanitized(driver: Path | None) -> bool:
    """Whether the driver, or else the extension, was built with AddressSanitizer."""
    if driver is None:
        from shapewright import _core

        driver = Path(_core.__file__)
    return b"__asan_init" in driver.read_bytes()


def commit() -> str:
    """The newest commit of main that the tree holds; with a + where the tree differs from it."""

    def git(*command: str) -> str:
        ended = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True)
        return ended.stdout.strip()

    base = git("merge-base", "HEAD", "main") or git("rev-parse", "HEAD")
    return base[:9] + "+" * bool(git("diff", base, "--", "cpp", "python", "tests"))


def add_run(ledger: Path, run: Run) -> None:
    """Writes the run, in place of an earlier one of the same seeds, and the sums of all."""
    with ledger.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        seeds = (run.kind, run.first_seed, run.count)
        runs = [
            row
            for row in (json.loads(text)["runs"] if text else [])
            if (row["kind"], row["first_seed"], row["count"]) != seeds
        ]
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        runs.append({"date": day, **asdict(run)})
        sums: dict[str, Counter[str]] = {}
        for row in runs:
            key = f"{row['kind']}, {'sanitized' if row['sanitized'] else 'release build'}"
            sums.setdefault(key, Counter()).update(
                {"tried": sum(row["classes"].values()), **row["classes"]}
            )
        out = {"sums": {key: dict(sum_) for key, sum_ in sums.items()}, "runs": runs}
        file.truncate(0)
        file.write(json.dumps(out, indent=1) + "\n")
