"""The CTC loss, which PyTorch does not trace: what is kept and the peak, held to real runs."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import shapewright as sw  # noqa: E402
from torch_oracles.live import live_truth  # noqa: E402
from torch_oracles.saved import saved_truth  # noqa: E402

INPUTS = {"x": "f32[T, N, 8]", "targets": "i64[N, S]", "lengths": "i64[N]", "longest": "i64[N]"}


class Recogniser(nn.Module):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 20)
        self.ctc = nn.CTCLoss(**options)

    def forward(self, x: Any, targets: Any, lengths: Any, longest: Any) -> Any:
        return self.ctc(self.fc(x).log_softmax(-1), targets, lengths, longest)


def tensors(steps: int, batch: int, longest: int) -> dict[str, Any]:
    return {
        "x": torch.zeros(steps, batch, 8),
        "targets": torch.ones(batch, longest, dtype=torch.int64),
        "lengths": torch.full((batch,), steps),
        "longest": torch.full((batch,), longest),
    }


@pytest.mark.oracle
@pytest.mark.parametrize(
    "options", [{}, {"reduction": "sum"}, {"reduction": "none"}, {"zero_infinity": True}], ids=str
)
def test_kept_and_peak_are_those_of_a_run(options: dict[str, Any]) -> None:
    report = sw.check(
        Recogniser(**options), INPUTS, mode="train", optimizer="sgd", profile="torch-cpu",
        loss=torch.sum,
    )  # fmt: skip
    assert report.ok, report
    for steps, batch, longest in ((10, 3, 4), (40, 5, 12)):
        sizes = {"T": steps, "N": batch, "S": longest}
        real = tensors(steps, batch, longest)
        kept = saved_truth(Recogniser(**options), real).bytes
        peak = live_truth(Recogniser(**options), real, torch.sum, "sgd").peak
        assert int(report.formula("saved")(**sizes)) == kept
        assert report.at(**sizes).peak.live == peak


def test_lengths_as_numbers() -> None:
    class Fixed(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, targets: Any) -> Any:
            return nn.functional.ctc_loss(x.log_softmax(-1), targets, (9, 9), (4, 4))

    report = sw.check(Fixed(), {"x": "f32[9, 2, 20]", "targets": "i64[2, 4]"}, mode="train")
    assert report.ok, report
    assert [n.op for n in report.graph.nodes][-2:] == ["ctc_loss.IntList", "sum.default"]
