"""Tables that are read at positions: how long a sequence they allow, held to NumPy and PyTorch."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import shapewright as sw

SIZES = range(1, 41)
MOVES = ("Unsqueeze", "Add", "Sub", "Cast", "Expand", "Reshape", "Transpose")


class Chain:
    """Positions 0, 1, ... of an axis, moved about, then a table that is read there; run with NumPy
    as it is built."""

    def __init__(self, seed: int, length: int | None) -> None:
        self.rng = random.Random(seed)
        self.graph = sw.Graph()
        self.numbers = 0
        size = 1 if length is None else length
        x = self.graph.input("x", f"f32[{'L' if length is None else length}, 2]")
        shape = self.graph.add("Shape", x, start=0, end=1)
        self.scalar = self.graph.add("Squeeze", shape, self.number([0]))
        start, step = self.rng.randint(0, 5), self.rng.randint(1, 3)
        limit = self.rng.choice([0, start])
        self.may_be_empty = limit < start
        end = self.graph.add("Add", self.scalar, self.number(start)) if limit else self.scalar
        self.value = self.graph.add("Range", self.number(start), end, self.number(step))
        self.array: np.ndarray[Any, Any] = np.arange(start, size + limit, step)
        for _ in range(self.rng.randint(0, 4)):
            self.move()
        rows = self.rng.randint(20, 30)
        table = self.graph.param("table", f"f32[{rows}, 2]")
        self.graph.output(self.graph.add("Gather", table, self.value))
        self.runs = bool((self.array < rows).all() and (self.array >= -rows).all())

    def number(self, value: Any) -> Any:
        self.numbers += 1
        return self.graph.constant(f"n{self.numbers}", value)

    def move(self) -> None:
        kind = self.rng.choice(
            ["Unsqueeze", "Add", "Sub", "Cast", "Expand", "Reshape", "Transpose"]
        )
        if kind == "Unsqueeze":
            self.value = self.graph.add(kind, self.value, self.number([0]))
            self.array = self.array[None]
        elif kind in ("Add", "Sub"):
            by = self.rng.randint(0, 4)
            self.value = self.graph.add(kind, self.value, self.number(by))
            self.array = self.array + (by if kind == "Add" else -by)
        elif kind == "Cast":
            self.value = self.graph.add(kind, self.value, to=7)
        elif kind == "Expand":
            self.value = self.graph.add(kind, self.value, self.number([3] + [1] * self.array.ndim))
            self.array = np.broadcast_to(self.array, (3, *self.array.shape))
        elif kind == "Reshape":
            self.value = self.graph.add(kind, self.value, self.number([1, -1]))
            self.array = self.array.reshape(1, -1)
        else:
            self.value = self.graph.add(kind, self.value)
            self.array = self.array.T


def fits(report: sw.Report, length: int) -> bool:
    try:
        report.at(L=length).shape(report.graph.outputs[0].name)
    except sw.ConstraintError:
        return False
    return True


@pytest.mark.parametrize("seed", range(150))
def test_a_sequence_may_be_as_long_as_its_table(seed: int) -> None:
    chain = Chain(seed, None)
    report = sw.check(chain.graph)
    runs = [Chain(seed, length).runs for length in SIZES]
    assert report.ok
    demanded = [fits(report, length) for length in SIZES]
    # Where there may be no position at all, nothing is demanded.
    assert demanded == (runs if report.contract or not chain.may_be_empty else [True] * len(SIZES))


def test_more_positions_than_are_known_one_by_one() -> None:
    def read(count: int) -> sw.Report:
        g = sw.Graph()
        start, end, step = (g.constant(f"n{n}", n) for n in (0, count, 1))
        positions = g.add("Range", start, end, step)
        table = g.param("table", "f32[2000, 2]")
        g.output(g.add("Gather", table, positions, name="read"))
        return sw.check(g)

    assert read(2000).ok
    (finding,) = read(2001).findings
    assert (finding.code, finding.node) == ("index-out-of-range", "read")
    assert "index 2000 is out of range" in finding.message


def test_tables_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Reader(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, how: str) -> None:
            super().__init__()
            self.how = how
            self.table = nn.Embedding(24, 8)

        def forward(self, x: Any) -> Any:
            at = torch.arange(x.shape[1], device=x.device)
            if self.how == "embedding":
                return x[..., None] + self.table(at.unsqueeze(0) + 2)
            if self.how == "index":
                return x[..., None] + self.table.weight[at.expand(len(x), -1)]
            return x[..., None] + self.table.weight.index_select(0, at)

    for how, most in (("embedding", 22), ("index", 24), ("index_select", 24)):
        report = sw.check(Reader(how), "f32[N,L]")
        assert [str(c) for c in report.contract] == [f"L <= {most}"], how
        with pytest.raises(sw.ConstraintError, match=f"L <= {most}: {most + 1} > {most}") as caught:
            report.at(N=1, L=most + 1)
        assert "table.weight axis 0" in caught.value.facts["where"]
        Reader(how)(torch.zeros(2, most))
        with pytest.raises(IndexError):
            Reader(how)(torch.zeros(2, most + 1))
        found = sw.check(Reader(how), f"f32[2,{most + 1}]").findings
        assert [f.code for f in found if f.severity == "error"] == ["index-out-of-range"]
