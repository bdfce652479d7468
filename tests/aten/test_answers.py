"""Every call: what shapewright says it keeps and its peak, against what PyTorch did."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from aten import CASES
from aten.answer import call_answer, curve
from aten.gaps import PEAK_GAPS, SAVED_GAPS, UNMODELLED
from aten.one_call import Call
from aten.truth import call_truth


def highest(points: list[tuple[int, int]]) -> int:
    return max((nbytes + live for nbytes, live in points), default=0)


@pytest.mark.oracle
@pytest.mark.parametrize("row", [row for _, row in CASES], ids=str)
def test_a_call_is_answered(row: Call) -> None:
    if row.op in UNMODELLED:
        pytest.skip("no row")
    truth = call_truth(row)
    saved, forward, backward = call_answer(row)
    if str(row) not in SAVED_GAPS:
        assert saved == truth.saved.bytes
    if str(row) not in PEAK_GAPS:
        real = highest(curve(truth.forward + truth.backward))
        assert highest(curve([*forward, *backward])) == real


def test_gaps_are_rows() -> None:
    said = {str(row) for _, row in CASES}
    assert SAVED_GAPS.keys() | PEAK_GAPS.keys() <= said
    assert {row.op for _, row in CASES} >= UNMODELLED
