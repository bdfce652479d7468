"""What stands around a trace: threads, the caller's grad mode, what only a run can tell."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn


def test_one_thread_traces_at_a_time() -> None:
    inside, most = 0, 0

    class Slow(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.fc = nn.Linear(4, width)

        def forward(self, x: Any) -> Any:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1
            return self.fc(x)

    with ThreadPoolExecutor(4) as threads:
        reports = threads.map(lambda width: sw.check(Slow(width), "f32[N, 4]"), range(1, 5))
        shapes = [str(report.values["linear"]) for report in reports]
    assert shapes == [f"f32[N, {width}]" for width in range(1, 5)]
    assert most == 1


def test_inference_does_not_follow_the_callers_grad_mode() -> None:
    seen = []

    class Asks(nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            seen.append(torch.is_grad_enabled())
            return x + 1

    for mode in ("infer", "train"):
        for ambient in (True, False):
            with torch.set_grad_enabled(ambient):
                seen.clear()
                sw.check(Asks(), "f32[N]", mode=mode)
            assert set(seen) == {mode == "train"}


class LoopsOverHits(nn.Module):  # type: ignore[misc, name-defined]
    def forward(self, x: Any) -> Any:
        for hit in (x > 0).nonzero():
            x = x + hit.sum()
        return x


@pytest.mark.parametrize("size", ["4", "N"])
def test_a_loop_over_what_is_found_is_a_finding(size: str) -> None:
    report = sw.check(LoopsOverHits(), f"f32[{size}]")
    assert [finding.code for finding in report.findings] == ["trace-failed"]
