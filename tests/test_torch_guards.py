"""What a trace assumed of open sizes: demanded where PyTorch refuses others, else the domain."""

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


class Growing(nn.Module):  # type: ignore[name-defined, misc]
    """Makes a longer table where the one it has is too short."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.zeros(64, 4)

    def forward(self, x: Any) -> Any:
        length = x.shape[1]
        if length > self.table.shape[0]:
            self.table = torch.zeros(2 * length, 4)
        return x + self.table[:length]


class Reading(nn.Module):  # type: ignore[name-defined, misc]
    """The same of a table that is read at positions."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.zeros(256, 4)

    def forward(self, x: Any) -> Any:
        length = x.shape[1]
        if length > self.table.shape[0]:
            self.table = torch.zeros(2 * length, 4)
        return x + nn.functional.embedding(torch.arange(length), self.table)


class Padding(nn.Module):  # type: ignore[name-defined, misc]
    """Rows are padded to whole windows of 8."""

    def forward(self, x: Any) -> Any:
        over = x.shape[1] % 8
        if over:
            x = nn.functional.pad(x, (0, 8 - over))
        return x.unflatten(1, (-1, 8)).exp().flatten(1)


class Even(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        assert x.shape[1] % 2 == 0, "even"
        return x.unflatten(1, (2, -1)).sum(1)


class Joined(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(24, 4)

    def forward(self, x: Any) -> Any:
        return self.fc(x)


class Special(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x.exp().sin() if x.shape[1] == 48 else x.exp()


class Steps(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        total = x[:, 0]
        for step in range(1, x.shape[1]):
            total = total + x[:, step]
        return total


class Clamped(nn.Module):  # type: ignore[name-defined, misc]
    """A slice that PyTorch cuts short where the rows end."""

    def forward(self, x: Any) -> Any:
        return x[:, 2:40].exp()


BRANCHES = [
    # model, bounds of L, contract, domain, sizes of L outside of it
    (Growing(), None, [], ["65 <= L"], [3, 64]),
    (Growing(), (1, 64), [], [], []),
    (Reading(), None, [], ["L <= 256"], [257, 300]),
    (Padding(), None, [], ["L % 8 == 0"], [7, 9]),
    (Padding(), (1, 30), [], ["1 <= L % 8"], [8, 16]),
    (Even(), None, ["L % 2 == 0"], [], []),
    (Joined(), None, ["L == 24"], [], []),
    (Special(), None, [], ["49 <= L"], [48, 47]),
    (Special(), (1, 47), [], [], []),
    (Steps(), None, [], ["L == 16"], [1, 9, 192]),
    (Clamped(), None, [], ["40 <= L"], [39, 8]),
]


@pytest.mark.parametrize(("model", "bounds", "contract", "domain", "outside"), BRANCHES)
def test_a_branch_is_no_demand(
    model: Any, bounds: Any, contract: list[str], domain: list[str], outside: list[int]
) -> None:
    width = "4" if isinstance(model, (Growing, Reading)) else ""
    text = f"f32[N,L,{width}]" if width else "f32[N,L]"
    dims = {"L": bounds} if bounds else None
    report = sw.check(model, text, dims=dims, profile="torch-cpu")
    assert report.ok, report
    assert [str(c) for c in report.contract] == contract
    assert [str(c) for c in report.domain] == domain
    for length in outside:
        shape = (2, length, 4) if width else (2, length)
        bound = report.at(N=2, L=length)
        numbers = sw.check(model, f"f32{list(shape)}", profile="torch-cpu").at()
        (out,) = (value.name for value in bound.report.graph.outputs)
        assert bound.shape(out) == tuple(model(torch.zeros(shape)).shape)
        assert bound.peak.live == numbers.peak.live
        assert bound.sizes == {"N": 2, "L": length}


def test_outside_of_the_domain_once_the_module_is_gone() -> None:
    graph = sw.load(Growing(), "f32[N,L,4]")
    report = sw.check(graph)
    with pytest.raises(sw.ConstraintError, match="takes another branch") as raised:
        report.at(N=1, L=64)
    assert raised.value.code == "model-branches"
    assert "these answers hold for" in str(report)
    narrow = sw.check(graph, dims={"L": (1, 64)})
    assert [f.code for f in narrow.findings if f.severity == "error"] == ["model-branches"]


def test_a_formula_is_of_the_branch_that_was_traced() -> None:
    report = sw.check(Growing(), "f32[N,L,4]", profile="torch-cpu")
    peak = report.formula("live_peak")
    assert peak(N=2, L=65) == report.at(N=2, L=65).peak.live
    for asked in (peak, peak.range):
        with pytest.raises(sw.ConstraintError, match="takes another branch") as raised:
            asked(N=2, L=64)
        assert raised.value.code == "model-branches"
    assert peak.range(N=2) == (0, None)
    with pytest.raises(sw.ConstraintError, match="takes another branch"):
        report.what_if(N=2, L=64)


def test_a_fit_says_where_the_branch_ends() -> None:
    report = sw.check(Growing(), "f32[N,L,4]", dims={"N": 2}, profile="torch-cpu", budget="2KiB")
    found = sw.fit(report, solve="L")
    assert (found.value, found.untraced) == (0, "65 <= L")
    assert "INCONCLUSIVE" in str(found)
    assert "where 65 <= L does not hold, the model takes another branch" in str(found)
    enough = sw.fit(report, solve="L", budget="1MiB")
    assert enough.untraced == ""


def test_a_fit_is_traced_where_it_is_asked() -> None:
    found = sw.fit(
        Growing(), "f32[N,L,4]", solve="N", where={"L": 32}, budget="64KiB", profile="torch-cpu"
    )
    assert (found.report.domain, found.untraced) == ((), "")
    alone = sw.check(Growing(), "f32[N,32,4]", profile="torch-cpu", budget="64KiB")
    assert found.value == sw.fit(alone, solve="N").value > 0
