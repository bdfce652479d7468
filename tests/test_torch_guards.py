"""What a trace assumed of the open sizes is demanded: held to PyTorch just below and at it."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn


def test_bounds_on_quotients_are_demanded() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return x[:, ::2][:, 3:12] + x[:, -9:]

    report = sw.check(Model(), "f32[N,L]")
    assert [str(c) for c in report.contract] == ["23 <= L"]
    Model()(torch.zeros(2, 23))
    with pytest.raises(RuntimeError):
        Model()(torch.zeros(2, 22))


def test_axes_that_must_be_equal() -> None:
    class Square(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return x @ x

    report = sw.check(Square(), "f32[H,W]")
    assert [str(c) for c in report.contract] == ["H == W"]
    assert report.at(H=5, W=5).shape(report.graph.outputs[0].name) == (5, 5)
