"""The models that files of the fuzzers are made of: small, and of every kind and operator."""

from __future__ import annotations

import contextlib
import io
import warnings
from functools import cache
from pathlib import Path

MAX_BYTES = 16_384


@cache
def corpus() -> tuple[bytes, ...]:
    """What crashed others, what is large to work out, random models."""
    from hostile_models import BOMBS
    from malformed_models import MODELS
    from random_models import random_model

    made = [random_model(seed).proto.SerializeToString() for seed in range(40)]
    return (*MODELS.values(), *(bomb() for bomb in BOMBS.values()), *made)


def operator_models() -> list[bytes]:
    """The tests of single operators that come with onnx: every operator, most attributes."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        models = [test.model for test in load_model_tests(kind="node")]
    return [model.SerializeToString() for model in models if model is not None]


def write_corpus(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    models = sorted({m for m in (*corpus(), *operator_models()) if len(m) <= MAX_BYTES})
    for i, data in enumerate(models):
        (folder / f"model{i:04}.onnx").write_bytes(data)


def corpus_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("model*.onnx"))
