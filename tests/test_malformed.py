"""Malformed models: answered by findings or a typed error, whatever is wrong with them."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("onnx", reason="comes with the test extra")

import shapewright as sw
from malformed_models import MODELS
from shapewright.findings import all_codes

# What is legal, however odd.
VALID = {
    "an optional one omitted",
    "range: step 0",
}


@pytest.mark.parametrize("name", MODELS)
def test_answered(name: str) -> None:
    start = time.process_time()
    try:
        report = sw.check(MODELS[name])
        codes = [finding.code for finding in report.findings]
        for value in report.values:
            assert all(not isinstance(d, int) or d >= 0 for d in report.values[value].shape or ())
        assert isinstance(str(report), str)
    except sw.ShapewrightError as error:
        codes = [error.code]
    assert time.process_time() - start < 1
    assert set(codes) <= set(all_codes())
