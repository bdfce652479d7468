"""What a model holds on to after its call, against the events of three real iterations."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

ROWS = 1000
PHASES = [("infer", None), ("train", "sgd-momentum")]


class Kept(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(64, 256)
        self.b = nn.Linear(256, 64)
        self.last: Any = None

    def forward(self, x: Any) -> Any:
        h = torch.relu(self.a(x))
        self.last = h
        return self.b(h)


class KeptCopy(Kept):
    def forward(self, x: Any) -> Any:
        h = torch.relu(self.a(x))
        self.last = h.detach().clone()
        return self.b(h)


class KeptOutput(Kept):
    def forward(self, x: Any) -> Any:
        self.last = self.b(torch.relu(self.a(x)))
        return self.last


class Hooked(Kept):
    """Held by a dict that is no attribute of the model."""

    def __init__(self) -> None:
        super().__init__()
        seen: dict[str, Any] = {}
        self.a.register_forward_hook(lambda _m, _i, out: seen.update(a=out.detach()))

    def forward(self, x: Any) -> Any:
        return self.b(torch.relu(self.a(x)).exp())


class KeptPart(Kept):
    """A view of a few columns holds all of them."""

    def forward(self, x: Any) -> Any:
        h = self.a(x)
        self.last = h.detach()[:, :2]
        return self.b(torch.relu(h).exp())


def real_peak(model: Any, optimizer: str | None) -> int:
    """The most that is alive in three iterations, of which the last has all that is ever held."""
    from torch_oracles.iteration import OPTIMIZERS, tensor_bytes
    from torch_oracles.live import allocator_events, highest

    x = torch.randn(ROWS, 64)
    opt = None if optimizer is None else OPTIMIZERS[optimizer](model.parameters())

    def run() -> None:
        for _ in range(3):
            if opt is None:
                with torch.no_grad():
                    model(x)
            else:
                out = model(x)
                out.sum().backward()
                del out
                opt.step()
                opt.zero_grad()

    events, _ = allocator_events(run)
    peak, _ = highest([nbytes for _, nbytes in events])
    return tensor_bytes([x, *model.parameters()]) + peak


@pytest.mark.oracle
@pytest.mark.parametrize(("mode", "optimizer"), PHASES)
@pytest.mark.parametrize("kind", [Kept, KeptCopy, KeptOutput, Hooked, KeptPart])
def test_it_is_there_from_one_call_to_the_next(kind: Any, mode: str, optimizer: Any) -> None:
    report = sw.check(
        kind(), {"x": "f32[N, 64]"}, mode=mode, optimizer=optimizer, profile="torch-cpu"
    )
    assert report.at(N=ROWS).peak.live == real_peak(kind(), optimizer)


def test_the_peak_says_who_holds_it() -> None:
    peak = sw.check(KeptCopy(), {"x": "f32[N, 64]"}, mode="train").at(N=ROWS).peak
    assert "held by the model between its calls" in [row.why for row in peak.live_set]


def test_what_a_buffer_becomes_is_that_buffer() -> None:
    class Average(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.mean: Any
            self.register_buffer("mean", torch.zeros(64))

        def forward(self, x: Any) -> Any:
            self.mean = self.mean * 0.9 + x.mean(0) * 0.1
            return x - self.mean

    report = sw.check(Average(), {"x": "f32[N, 64]"}, profile="torch-cpu")
    assert "held by the model between its calls" not in [
        row.why for row in report.at(N=8).peak.live_set
    ]
