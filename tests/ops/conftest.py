"""The oracle of operator rows: what ONNX Runtime really does with one operator."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import pytest

TIMEOUT_S = 60
MAX_ELEMENTS = 1 << 22  # of one input: larger rows are not run
WORKER = Path(__file__).with_name("ort_worker.py")

# Name, dtype and shape as shapewright spells them, and the length of a sequence, None of a tensor.
Feed = tuple[str, str, tuple[int, ...], "int | None"]


@dataclass(frozen=True)
class Answer:
    """`ran` with the (dtype, shape) of each output, `refused` with the reason, or `no-kernel`."""

    verdict: str
    outputs: tuple[tuple[str, tuple[int, ...] | None] | None, ...] = ()
    reason: str = ""


class Runtime:
    """ONNX Runtime in a process of its own, started again where it dies."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, model: bytes, feeds: Sequence[Feed], fills: Sequence[str]) -> Answer:
        if any(prod(shape) > MAX_ELEMENTS for _, _, shape, _ in feeds):
            return Answer("no-kernel", reason="the row is too large to run")
        if self.process is None:
            command = [sys.executable, str(WORKER)]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(TIMEOUT_S, process.kill)
        timer.start()
        try:
            pickle.dump((model, tuple(feeds), tuple(fills)), process.stdin)
            process.stdin.flush()
            verdict, outputs, reason = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError):
            self.close()
            return Answer("refused", reason=f"the runtime ended with {process.returncode}")
        finally:
            timer.cancel()
        return Answer(verdict, outputs, reason)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.process = None


@pytest.fixture(scope="session")
def runtime() -> Iterator[Runtime]:
    pytest.importorskip("onnxruntime")
    oracle = Runtime()
    yield oracle
    oracle.close()
