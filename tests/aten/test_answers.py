"""Every call: what shapewright says it keeps and its peak, against what PyTorch did."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from aten import CASES
from aten.answer import call_answer, curve
from aten.gaps import PEAK_GAPS, PROCESSOR, SAVED_GAPS
from aten.one_call import Call
from aten.truth import call_truth
from torch_oracles.processor import has_modelled_kernels


def highest(points: list[tuple[int, int]]) -> int:
    return max((nbytes + live for nbytes, live in points), default=0)


@pytest.mark.oracle
@pytest.mark.parametrize("row", [row for _, row in CASES], ids=str)
def test_a_call_is_answered(row: Call) -> None:
    if row.op.startswith("conv") and not has_modelled_kernels():
        pytest.skip("other kernels")
    truth = call_truth(row)
    saved, forward, backward = call_answer(row)
    real = highest(curve(truth.forward + truth.backward))
    answered = highest(curve([*forward, *backward]))
    held_to(SAVED_GAPS.get(str(row)), "saved", saved, truth.saved.bytes)
    held_to(PEAK_GAPS.get(str(row)), "peak", answered, real)


def held_to(gap: str | None, what: str, answered: int, real: int) -> None:
    """Equal, or a gap that persists; whether one of the processor's does depends on that."""
    if gap is None:
        assert (what, answered) == (what, real)
    elif gap not in PROCESSOR:
        assert answered != real, f"the gap in {what} has closed: delete its row in gaps.py"


def test_gaps_are_rows() -> None:
    said = {str(row) for _, row in CASES}
    assert SAVED_GAPS.keys() | PEAK_GAPS.keys() <= said
