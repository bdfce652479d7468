"""Modules around a model: looked through, or refused with what to pass instead."""

from __future__ import annotations

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_wrapper_is_looked_through() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    plain = sw.check(model, "f32[N,4]", mode="train", precision="bf16")
    for wrapped in (torch.compile(model), nn.DataParallel(model)):
        report = sw.check(wrapped, "f32[N,4]", mode="train", precision="bf16")
        assert [f.code for f in report.findings] == ["torch-route", "module-wrapped"]
        assert str(report.formula("live_peak")) == str(plain.formula("live_peak"))
        assert [layer.path for layer in report.at(N=2).layers] == [
            layer.path for layer in plain.at(N=2).layers
        ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_is_refused() -> None:
    with pytest.raises(sw.ShapewrightError, match="TorchScript") as caught:
        sw.check(torch.jit.script(nn.Linear(3, 4)), "f32[N,3]")
    assert caught.value.code == "source-unsupported"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_packed_weights_are_refused() -> None:
    quantize = torch.ao.quantization.quantize_dynamic
    model = quantize(nn.Sequential(nn.Linear(4, 3)), {nn.Linear}, dtype=torch.qint8)
    with pytest.raises(sw.ShapewrightError, match="packed") as caught:
        sw.check(model, "f32[N,4]")
    assert caught.value.code == "source-unsupported"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_lazy_module_is_refused_until_it_has_run() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU())
    with pytest.raises(sw.ShapewrightError, match=r"0 \(LazyLinear\) gives its weight a size"):
        sw.check(model, "f32[N,4]")
    model(torch.zeros(2, 4))
    assert sw.check(model, "f32[N,4]").ok
