"""A few random models and damaged files; `tools/fuzz_models.py` runs many."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="comes with the test extra")

from hostile_models import BOMBS
from malformed_models import MODELS
from model_fuzz import judged, survived
from random_models import random_model

CORPUS = [*MODELS.values(), *(bomb() for bomb in BOMBS.values())]


@pytest.mark.oracle
@pytest.mark.parametrize("first", range(0, 200, 20))
def test_random_models_are_what_runs_give(first: int) -> None:
    pytest.importorskip("onnxruntime", reason="comes with the test extra")
    verdicts = []
    for seed in range(first, first + 20):
        verdict, why = judged(random_model(seed))
        assert verdict != "unsound", f"seed {seed}: {why}"
        verdicts.append(verdict)
    assert verdicts.count("ok") >= 12


@pytest.mark.parametrize("first", range(0, 2000, 200))
def test_damaged_files_are_answered(first: int) -> None:
    for seed in range(first, first + 200):
        assert survived(seed, CORPUS) in {"answered", "refused"}, f"seed {seed}"
