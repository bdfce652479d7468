"""What a model reads of elements: assumed, or traced both ways, or computed."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
from torch_oracles.live import live_truth  # noqa: E402

nn = torch.nn


def codes(report: sw.Report, severity: str) -> list[str]:
    return [finding.code for finding in report.findings if finding.severity == severity]


def test_elements_that_are_read_are_assumed() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            if x.sum() > 0:
                x = x + 1
            return x * x.max().item()

    report = sw.check(Model(), "f32[N,4]")
    assert report.ok
    found = [f for f in report.findings if f.code == "element-read"]
    assert [f.facts["taken to be"] for f in found] == ["False"]
    assert "test_torch_elements.py:" in found[0].message


def test_a_comparison_of_elements_is_false() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, ids: Any) -> Any:
            return ids + 1 if 0 in ids[:, [-1, 0]] else ids * 2

    report = sw.check(Model(), "i64[N,S]")
    assert [n.op for n in report.graph.nodes][-1] == "mul.Tensor"
    assert "element-read" in codes(report, "warning")


def test_a_mask_is_asked_whether_all_of_it_holds() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, mask: Any) -> Any:
            if torch.compiler.is_compiling():
                return x.exp()
            held = mask == 1
            if not held.all():
                return x.cos()
            full = held.sum() == held.numel()
            return x + 1 if full else x.sin()

    report = sw.check(Model(), {"x": "f32[N]", "mask": "i64[N]"})
    assert [n.op for n in report.graph.nodes][-1] == "add.Tensor"
    assert codes(report, "note") == ["torch-route"]
    found = [f.facts["taken to be"] for f in report.findings if f.code == "element-read"]
    assert found == ["True", "True"]
    assert not torch.compiler.is_compiling()


class Masked(nn.Module):  # type: ignore[name-defined, misc]
    """Scores are masked where the mask hides something."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: Any, mask: Any) -> Any:
        x = self.fc(x)
        scores = x @ x.mT
        if self.hides(mask):
            bias = torch.zeros_like(scores).masked_fill(~mask[:, None], -1e9)
            scores = (scores + bias).exp()
        return scores.softmax(-1) @ x

    def hides(self, mask: Any) -> Any:
        return not mask.all()


class Hiding(Masked):
    def hides(self, mask: Any) -> Any:
        return True


@pytest.mark.parametrize("optimizer", [None, "sgd"])
def test_a_padded_batch_lies_within_the_bounds(optimizer: str | None) -> None:
    inputs = {"x": "f32[N,S,8]", "mask": "bool[N,S]"}
    options: dict[str, Any] = {"profile": "torch-cpu", "budget": "1MiB"}
    if optimizer:
        options |= {"mode": "train", "optimizer": optimizer, "loss": torch.sum}
    report = sw.check(Masked(), inputs, **options)
    peak = report.at(N=3, S=32).peak
    full, padded = torch.ones(3, 32, dtype=torch.bool), torch.ones(3, 32, dtype=torch.bool)
    padded[:, 20:] = False
    none, some = (
        live_truth(Masked(), {"x": torch.zeros(3, 32, 8), "mask": mask}, torch.sum, optimizer).peak
        for mask in (full, padded)
    )
    assert none < some
    assert abs(peak.live - none) < 16  # scalars
    assert (peak.lower, peak.upper) == (peak.live, peak.live + some - none)
    assert "masks hide something" in peak.why_bounds
    alone = sw.check(Hiding(), inputs, **options)
    fits = [sw.fit(each, solve="S", where={"N": 3}).value for each in (report, alone)]
    assert fits[0] == fits[1]


def test_what_no_input_decides_is_computed() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            steps = torch.arange(x.shape[1]).diff()
            x = x.cos() if (steps != 1).all() else x.exp()
            return x.sin() if (steps == 1).all() else x

    report = sw.check(Model(), "f32[N,S]")
    ops = [node.op for node in report.graph.nodes]
    assert "exp.default" in ops
    assert "cos.default" not in ops
    assert ops[-1] == "sin.default"
    assert codes(report, "warning") == []


def test_what_a_distribution_checks_holds() -> None:
    class Sampled(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            mean, spread = self.fc(x).chunk(2, -1)
            found = torch.distributions.Normal(mean, spread.exp())
            z = found.rsample()
            return z.sum() - found.log_prob(z).sum()

    report = sw.check(Sampled(), {"x": "f32[N, 8]"}, mode="train", profile="torch-cpu")
    assert [f.code for f in report.findings] == ["torch-route"]
    peak = report.at(N=64).peak
    assert peak.upper == peak.live


def test_a_model_that_refuses_masks_that_hide_has_one_branch() -> None:
    class Strict(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, mask: Any) -> Any:
            if not mask.all():
                message = "no padding"
                raise ValueError(message)
            return x.exp()

    inputs = {"x": "f32[N,S]", "mask": "bool[N,S]"}
    report = sw.check(Strict(), inputs, profile="torch-cpu", budget="1MiB")
    peak = report.at(N=4, S=64).peak
    assert (peak.lower, peak.upper, peak.why_bounds) == (peak.live, peak.live, "")
    assert sw.fit(report, solve="N", where={"S": 64}).value > 4
