"""The gradient of a plain sum repeats one element: what reads it as if it were dense copies it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn
F = nn.functional

SHAPE = (2, 16, 24, 28)
LAST: dict[str, Callable[[Any], Any]] = {
    "max_pool2d": lambda x: F.max_pool2d(x, 3, 1, 1),
    "max_pool1d": lambda x: F.max_pool1d(x[0], 2),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 2),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 2),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "channel_shuffle": lambda x: F.channel_shuffle(x, 4),
    "bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "nearest-exact": lambda x: F.interpolate(x, scale_factor=2, mode="nearest-exact"),
    "grid_sample": lambda x: F.grid_sample(x, torch.zeros(2, 5, 5, 2), align_corners=False),
    "unfold": lambda x: F.unfold(x, 3),
    "fold": lambda x: F.fold(x.reshape(2, 64, 168), (13, 15), 2),
    "flip": lambda x: x.flip(2),
    "bmm": lambda x: x[0] @ x[1].transpose(1, 2),
    "einsum then gelu": lambda x: F.gelu(torch.einsum("nchw,dc->dnhw", x, x[0, :, :16, 0])),
}


class Ends(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self, last: Callable[[Any], Any]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(SHAPE))
        self.last = last

    def forward(self, x: Any) -> Any:
        return self.last(self.scale + x)


@pytest.mark.oracle
@pytest.mark.parametrize("name", LAST)
def test_the_peak_is_that_of_a_real_run(name: str) -> None:
    from torch_oracles.live import live_truth

    report = sw.check(
        Ends(LAST[name]), {"x": SHAPE_TEXT}, mode="train", profile="torch-cpu", optimizer="sgd"
    )
    real = live_truth(Ends(LAST[name]), {"x": torch.randn(SHAPE)}, None, "sgd")
    assert abs(report.at().peak.live - real.peak) <= SCALARS


SHAPE_TEXT = f"f32[{', '.join(map(str, SHAPE))}]"
SCALARS = 16  # bytes of numbers that operators make and drop, which are not counted
