"""Modules whose functions remember their results: counted as they run, and left as they were."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

TABLE = 7 * 8  # bytes of what is remembered


def remembering(function: Any) -> Any:
    """A decorator around a cached function, as libraries write them."""
    cached = functools.lru_cache(maxsize=4)(function)

    @functools.wraps(function)
    def called(*args: Any) -> Any:
        return cached(*args)

    called.cache_info = cached.cache_info  # type: ignore[attr-defined]
    return called


class Plain(nn.Module):  # type: ignore[misc, name-defined]
    @staticmethod
    @functools.lru_cache(maxsize=4)
    def table(size: int) -> Any:
        return torch.arange(size)

    def forward(self, x: Any) -> Any:
        return x[self.table(7)]


class Wrapped(Plain):
    @staticmethod
    @remembering
    def table(size: int) -> Any:
        return torch.arange(size)


class OfSizes(Plain):
    @functools.cache  # noqa: B019
    def table_of(self, size: int) -> Any:
        return torch.arange(size)

    def forward(self, x: Any) -> Any:
        return x[self.table_of(x.shape[0])]


def saved(module: Any) -> sw.Formula:
    report = sw.check(
        nn.Sequential(nn.Linear(3, 3), module, module),
        "f32[N, 3]",
        mode="train",
        optimizer="sgd",
        profile="torch-cpu",
    )
    assert report.ok, report.findings
    return report.formula("saved")


@pytest.mark.parametrize("kind", [Plain, Wrapped])
class TestRemembered:
    def test_it_is_made_once(self, kind: Any) -> None:
        assert saved(kind())(N=9) == TABLE

    def test_what_a_run_left_is_no_constant(self, kind: Any) -> None:
        kind()(torch.zeros(9, 3))
        assert saved(kind())(N=9) == TABLE

    def test_a_trace_leaves_nothing_behind(self, kind: Any) -> None:
        before = kind.table.cache_info().currsize
        found = vars(kind)["table"]
        saved(kind())
        assert vars(kind)["table"] is found
        assert kind.table.cache_info().currsize == before
        assert type(kind()(torch.zeros(9, 3))) is torch.Tensor


def test_open_sizes_are_remembered_too() -> None:
    assert str(saved(OfSizes())) == "8*N"
