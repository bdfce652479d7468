"""What one of several GPUs takes: buckets, shares, and the largest batch with them."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

MIB = 1 << 20


class Block(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        return x + self.narrow(torch.relu(self.wide(x)))


class Blocks(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, count: int = 4, width: int = 1024) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(width) for _ in range(count))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


def trained(kind: str | None = None, ranks: int = 8, **options: Any) -> sw.Report:
    sharding = None if kind is None else sw.Sharding(kind, ranks)
    asked: dict[str, Any] = {"mode": "train", "optimizer": "adamw", "device": "a100-40gb"}
    return sw.check(Blocks(), "f32[N, 1024]", sharding=sharding, **asked, **options)


def bytes_of(peak: sw.Peak, why: str) -> list[int]:
    return [tensor.bytes for tensor in peak.live_set if why in tensor.why]


class TestBuckets:
    def test_they_hold_as_much_as_the_gradients(self) -> None:
        grads = trained().formula("grads")()
        held = bytes_of(trained("ddp").at(N=64).peak, "bucket")
        assert grads <= sum(held) <= grads + MIB * len(held)

    def test_one_is_closed_when_it_is_full(self) -> None:
        # The last block's gradients come first: 4 MiB of bias and weight close the bucket of 1 MiB.
        held = bytes_of(trained("ddp").at(N=64).peak, "bucket")
        weight = 16 * MIB
        assert sorted(held)[0] < 2 * weight
        assert all(size < 25 * MIB + weight + MIB for size in held)
        assert len(held) >= 4

    def test_beside_the_gradients_or_in_their_place(self) -> None:
        alone, beside, instead = (trained(k).at(N=64).peak for k in (None, "ddp", "ddp-views"))
        grads = trained().formula("grads")()
        assert beside.live - alone.live >= grads
        assert instead.live < beside.live
        assert instead.live + grads <= beside.live + 16 * MIB


class TestFit:
    @pytest.mark.parametrize("kind", ["ddp", "zero-1", "zero-2", "fsdp2"])
    def test_it_is_the_last_that_runs(self, kind: str) -> None:
        report = trained(kind)
        budget = report.at(N=3000).peak.capacity
        assert budget is not None
        found = sw.fit(report, solve="N", budget=budget + 5 * MIB)
        assert found.value >= 3000
        assert report.at(N=found.value).peak.runs_in(budget + 5 * MIB)
        above = range(found.value + 1, found.value + 40)
        assert not any(report.at(N=n).peak.runs_in(budget + 5 * MIB) for n in above)

    def test_what_is_divided_makes_room(self) -> None:
        whole = sw.fit(trained(), solve="N", budget="600MiB").value
        parts = [
            sw.fit(trained(kind), solve="N", budget="600MiB").value
            for kind in ("zero-1", "zero-2", "fsdp2")
        ]
        assert whole < parts[0] < parts[1] < parts[2]


class TestRefusals:
    def test_a_kind_that_is_none(self) -> None:
        with pytest.raises(sw.ShapewrightError, match="is not one of ddp"):
            sw.Sharding("fsdp3", ranks=8)

    def test_a_rank_alone(self) -> None:
        with pytest.raises(sw.ShapewrightError, match="at least 2"):
            sw.Sharding("ddp", ranks=1)

    @pytest.mark.parametrize(
        "options", [{"mode": "infer", "optimizer": None}, {"profile": "torch-cpu", "device": None}]
    )
    def test_where_nothing_is_divided(self, options: dict[str, Any]) -> None:
        asked: dict[str, Any] = {"mode": "train", "optimizer": "adamw", **options}
        with pytest.raises(sw.ShapewrightError, match="sharding"):
            sw.check(Blocks(), "f32[N, 1024]", sharding=sw.Sharding("ddp", 8), **asked)
