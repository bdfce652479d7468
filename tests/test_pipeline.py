"""One rank of a pipeline, against real runs of its stage with as many micro-batches under way."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

from torch_oracles.iteration import tensor_bytes  # noqa: E402
from torch_oracles.live import allocator_events, highest  # noqa: E402

WORKSPACES = 2 * 8320 * 1024  # of cuBLAS, once for forward and once for backward
SCALARS = 16 * 512  # a GPU gives losses and counters blocks of 512 bytes
WIDTH = 256


class Block(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Any) -> Any:
        return x + self.narrow(nn.functional.gelu(self.wide(self.norm(x))))


class Words(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, count: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(512, WIDTH)
        self.layers = nn.ModuleList(Block() for _ in range(count))
        self.head = nn.Linear(WIDTH, 512)

    def forward(self, words: Any) -> Any:
        x = self.embed(words)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def stages(model: Words, ranks: int) -> list[Any]:
    """The same module cut by hand."""
    count = len(model.layers)
    parts = [
        [layer for k, layer in enumerate(model.layers) if k * ranks // count == rank]
        for rank in range(ranks)
    ]
    parts[0].insert(0, model.embed)
    parts[-1].append(model.head)
    return [nn.Sequential(*part) for part in parts]


class Rank:
    """Runs one stage as 1F1B has it, what others send being made here."""

    def __init__(self, model: Words, rank: int, ranks: int, micro_batches: int, batch: int) -> None:
        self.stage = stages(model, ranks)[rank]
        self.rank, self.ranks, self.micro_batches = rank, ranks, micro_batches
        self.words = [torch.zeros(batch, 64, dtype=torch.long) for _ in range(micro_batches)]
        self.shape = (batch, 64, WIDTH)
        self.under_way: deque[Any] = deque()
        self.step = torch.optim.SGD(self.stage.parameters(), lr=0.1, momentum=0.9, foreach=False)

    def forward(self, index: int) -> None:
        if self.rank == 0:
            received = self.words[index]
        else:
            received = torch.zeros(self.shape, requires_grad=True)
        self.under_way.append((received, self.stage(received)))

    def backward(self) -> None:
        sent_back, out = self.under_way.popleft()
        if self.rank == self.ranks - 1:
            out.sum().backward()
        else:
            gradient = torch.zeros(self.shape)
            out.backward(gradient)
        del sent_back  # its gradient lives until here

    def iterate(self) -> None:
        filling = min(self.micro_batches, self.ranks - 1 - self.rank)
        for index in range(filling):
            self.forward(index)
        for index in range(filling, self.micro_batches):
            self.forward(index)
            self.backward()
        for _ in range(filling):
            self.backward()
        self.step.step()
        self.step.zero_grad()

    def peak(self) -> int:
        """Of the third iteration, with what was there before."""
        self.iterate()
        self.iterate()
        events, _ = allocator_events(self.iterate)
        above, _ = highest([size for _, size in events])
        held = 2 * tensor_bytes(self.stage.parameters())  # and momentum
        held += tensor_bytes(self.words) if self.rank == 0 else 0
        return held + above


def counted(count: int, ranks: int, micro_batches: int | None, **options: Any) -> sw.Report:
    sharding = sw.Sharding("pipeline", ranks, micro_batches=micro_batches)
    asked: dict[str, Any] = {"mode": "train", "optimizer": "sgd-momentum", "sharding": sharding}
    return sw.check(Words(count), "i64[N, 64]", **asked, **options)


@pytest.mark.parametrize(
    ("count", "ranks", "micro_batches"),
    [(4, 2, 1), (4, 2, 4), (5, 2, 3), (6, 3, 2), (6, 3, 6), (4, 4, 8)],
)
def test_it_is_the_stage_that_takes_most(count: int, ranks: int, micro_batches: int) -> None:
    model, batch = Words(count), 8
    peaks = [Rank(model, r, ranks, micro_batches, batch).peak() for r in range(ranks)]
    found = counted(count, ranks, micro_batches).at(N=batch).peak.lower - WORKSPACES
    assert max(peaks) <= found <= max(peaks) + SCALARS


class TestFit:
    def test_every_rank_runs_with_the_answer(self) -> None:
        report = counted(4, 2, 4, device="t4")
        budget = report.at(N=40).peak.capacity
        assert budget is not None
        found = sw.fit(report, solve="N", budget=budget)
        assert found.value >= 40
        assert report.at(N=found.value).peak.runs_in(budget)
        assert not any(report.at(N=found.value + k).peak.runs_in(budget) for k in range(1, 30))

    def test_what_if_counts_the_whole_batch(self) -> None:
        report = sw.check(Words(4), "i64[N, 64]", mode="train", optimizer="sgd-momentum")
        table = report.what_if(N=16, ranks=4)
        row = next(c for c in table.changes if c.name == "pipeline over 4")
        assert row.peak.live == counted(4, 4, None).at(N=4).peak.live
        assert not any("pipeline" in c.name for c in report.what_if(N=18, ranks=4).changes)


@pytest.mark.parametrize(
    ("ranks", "micro_batches", "options", "said"),
    [
        (5, 4, {}, "needs as many units, and there are 4"),
        (2, 0, {}, "micro_batches is a number"),
        (2, 2, {"accumulate": 2}, "not accumulate"),
    ],
)
def test_refusals(ranks: int, micro_batches: int, options: dict[str, Any], said: str) -> None:
    with pytest.raises(sw.ShapewrightError, match=said):
        counted(4, ranks, micro_batches, **options)


def test_as_a_flag() -> None:
    from shapewright.cli.arguments import parse_shard

    assert parse_shard("pipeline:4x8") == sw.Sharding("pipeline", 4, micro_batches=8)
    assert parse_shard("pipeline:4") == sw.Sharding("pipeline", 4)
    with pytest.raises(Exception, match="pipeline:4x8"):
        parse_shard("pipeline:4x")


def test_micro_batches_of_no_pipeline() -> None:
    with pytest.raises(sw.ShapewrightError, match="pass through a pipeline"):
        sw.Sharding("fsdp2", ranks=2, micro_batches=4)
