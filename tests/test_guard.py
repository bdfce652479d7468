"""A run that cannot fit is stopped before its first step; one that may is not."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn


def model() -> Any:
    return nn.Sequential(nn.Linear(1000, 2000), nn.ReLU(), nn.Linear(2000, 10))


BATCH = torch.zeros(64, 1000)


def lower(**options: Any) -> int:
    report = sw.check(model(), BATCH, mode="train", **options)
    return report.at().peak.lower


class TestBudget:
    def test_the_lower_bound_decides(self) -> None:
        needed = lower(optimizer="adamw")
        assert sw.guard(model(), BATCH, optimizer="adamw", budget=needed).lower == needed
        with pytest.raises(sw.WillNotFit) as caught:
            sw.guard(model(), BATCH, optimizer="adamw", budget=needed - 1)
        error = caught.value
        assert (error.code, error.needed, error.budget) == ("will-not-fit", needed, needed - 1)
        assert error.facts["phase"] in ("forward", "backward", "optimizer")

    def test_without_a_gpu_or_a_budget_nothing_is_refused(self) -> None:
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        assert sw.guard(model(), BATCH).live > 0

    def test_named_inputs(self) -> None:
        with pytest.raises(sw.WillNotFit):
            sw.guard(model(), {"input": BATCH}, budget="1MiB")


class TestGpu:
    def test_free_memory_and_what_is_reserved_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        needed = lower(optimizer="sgd")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (needed - 100, 1 << 40))
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 100)
        assert sw.guard(model(), BATCH, optimizer="sgd").lower == needed
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 99)
        with pytest.raises(sw.WillNotFit, match="training needs at least"):
            sw.guard(model(), BATCH, optimizer="sgd")


class TestOptimizers:
    ROWS = (
        (lambda p: torch.optim.SGD(p, 0.1), "sgd"),
        (lambda p: torch.optim.SGD(p, 0.1, momentum=0.9), "sgd-momentum"),
        (torch.optim.Adam, "adam"),
        (torch.optim.AdamW, "adamw"),
        (lambda p: torch.optim.AdamW(p, fused=True), sw.Optimizer("adamw", update="fused")),
        (lambda p: torch.optim.AdamW(p, foreach=False), sw.Optimizer("adamw", update="loop")),
        (torch.optim.RMSprop, "rmsprop"),
        (torch.optim.Adagrad, "adagrad"),
        (torch.optim.Adafactor, "adafactor"),
    )

    @pytest.mark.parametrize(("make", "name"), ROWS, ids=lambda x: getattr(x, "name", str(x))[:12])
    def test_they_are_read(self, make: Any, name: Any) -> None:
        net = model()
        peak = sw.guard(net, BATCH, optimizer=make(net.parameters()))
        assert peak.lower == lower(optimizer=name)

    def test_amsgrad_keeps_one_more(self) -> None:
        net = model()
        plain, more = (torch.optim.AdamW(net.parameters(), amsgrad=a) for a in (False, True))
        peaks = [sw.guard(net, BATCH, optimizer=o).lower for o in (plain, more)]
        assert peaks[1] - peaks[0] >= sum(p.numel() * 4 for p in net.parameters())

    def test_an_unknown_one_is_a_lower_bound(self) -> None:
        class Lion(torch.optim.Optimizer):  # type: ignore[misc, name-defined]
            def __init__(self, parameters: Any) -> None:
                super().__init__(parameters, {})

        net = model()
        assert sw.guard(net, BATCH, optimizer=Lion(net.parameters())).lower <= lower(
            optimizer="sgd"
        )
