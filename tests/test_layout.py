"""Views: what a chain comes down to in passes, pieces and digits, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import shapewright as sw
from shapewright._core import View
from strided_pieces import ITEM


def dense_views(*shapes: tuple[int, ...]) -> list[View]:
    return [View.dense(s, ITEM) for s in shapes]


# What a chain on dense sources comes down to: passes, and pieces of the last.
# fmt: off
PLANS: list[tuple[str, Callable[[], View], int, int]] = [
    ("transpose", lambda: View.dense([5, 7], 4).permute([1, 0]), 1, 1),
    ("reshapes that divide", lambda: View.dense([4, 6], 4).permute([1, 0]).reshape([3, 8])
        .permute([1, 0]), 1, 1),
    ("reshape of a dense source", lambda: View.dense([4, 6], 4).reshape([8, 3])
        .permute([1, 0]), 1, 1),
    ("reshape onto a dense result", lambda: View.dense([4, 6], 4).permute([1, 0])
        .reshape([8, 3]), 1, 1),
    ("two reshapes onto a dense result", lambda: View.dense([4, 6], 4).permute([1, 0])
        .reshape([8, 3]).reshape([2, 12]), 1, 1),
    ("a reshape that another takes back", lambda: View.dense([4, 6], 4).permute([1, 0])
        .reshape([8, 3]).reshape([6, 4]).permute([1, 0]), 1, 1),
    ("reshape that divides nowhere", lambda: View.dense([4, 6], 4).permute([1, 0])
        .reshape([8, 3]).permute([1, 0]), 2, 1),
    ("two of them", lambda: View.dense([40, 60], 4).permute([1, 0]).reshape([96, 25])
        .permute([1, 0]).reshape([40, 60]).permute([1, 0]), 3, 1),
    ("reshape that cuts a few digits", lambda: View.dense([8000, 3], 4).permute([1, 0])
        .reshape([4, 6000]).permute([1, 0]), 1, 6),
    ("pixel shuffle", lambda: View.dense([2, 3, 4, 4, 5, 6], 4).permute([0, 1, 4, 2, 5, 3])
        .reshape([2, 3, 20, 24]), 1, 1),
    ("patches of Qwen2-VL", lambda: View.dense([1, 2, 3, 8, 2, 14, 6, 2, 14], 4)
        .permute([0, 3, 6, 4, 7, 2, 1, 5, 8]).reshape([48 * 4, 1176]), 1, 1),
    ("repeated heads", lambda: View.dense([2, 4, 1, 16, 8], 4).expand([2, 4, 3, 16, 8])
        .reshape([2, 12, 16, 8]), 1, 1),
    ("pad of two axes", lambda: View.dense([2, 8, 8], 4).pad([(0, 0), (3, 3), (3, 3)]), 1, 5),
    ("shifted windows", lambda: View.dense([2, 14, 14, 5], 4).roll(1, -3).roll(2, -3)
        .reshape([2, 2, 7, 2, 7, 5]).permute([0, 1, 3, 2, 4, 5]), 1, 9),
    ("every other column, backward", lambda: View.dense([8, 9], 4).slice(1, None, None, -2), 1, 1),
    ("step along a transposed flat axis", lambda: View.dense([4, 6], 4).permute([1, 0])
        .reshape([24]).slice(0, None, None, 2), 1, 1),
    ("step that divides nowhere", lambda: View.dense([40, 60], 4).permute([1, 0])
        .reshape([2400]).slice(0, None, None, 7), 2, 1),
    ("concatenation", lambda: View.concatenate(dense_views((2, 3), (4, 3)), 0), 1, 2),
    ("stack, then channels last", lambda: View.stack(dense_views((4, 5), (4, 5), (4, 5)), 0)
        .permute([1, 2, 0]), 1, 3),
]
# fmt: on


@pytest.mark.parametrize(
    ("build", "passes", "pieces"), [p[1:] for p in PLANS], ids=[p[0] for p in PLANS]
)
def test_passes_and_pieces(build: Callable[[], View], passes: int, pieces: int) -> None:
    _, rows, why = build().lower(ITEM)
    assert (len(rows), len(rows[-1][1])) == (passes, pieces)
    assert bool(why) == (passes > 1)


# fmt: off
FOLDED: list[tuple[Callable[[], View], list[tuple[int, ...]]]] = [
    (lambda: View.dense([2, 3, 4], 4), [(24, 4, 4, 0)]),
    (lambda: View.dense([2, 3, 4], 4).permute([0, 2, 1]),
     [(2, 48, 48, 0), (4, 4, 12, 0), (3, 16, 4, 0)]),
    (lambda: View.dense([6, 4], 4).flip(0), [(6, -16, 16, 0), (4, 4, 4, 0)]),
    (lambda: View.dense([6, 4], 4).flip(0).flip(1), [(24, -4, 4, 0)]),
    (lambda: View.dense([1], 4).expand([5, 7]), [(35, 0, 4, 0)]),
    (lambda: View([5, 1, 3], [0, 9, 4]), [(5, 0, 12, 0), (3, 4, 4, 0)]),
    (lambda: View.dense([3, 1], 4).select(0, 1), []),
]
# fmt: on


@pytest.mark.parametrize(("build", "digits"), FOLDED, ids=[str(d) for _, d in FOLDED])
def test_digits_are_folded(build: Callable[[], View], digits: list[tuple[int, ...]]) -> None:
    _, [(_, [piece])], _ = build().lower(ITEM)
    assert piece[4] == digits


def test_digits_fold_only_where_parameters_do() -> None:
    view = View.dense([2, 3, 4], ITEM)
    assert view.lower(ITEM, params=[12, 4, 1])[1][0][1][0][4] == [(24, 4, 4, 1)]
    assert view.lower(ITEM, params=[0, 1, 0])[1][0][1][0][4] == [
        (2, 48, 48, 0), (3, 16, 16, 1), (4, 4, 4, 0),
    ]  # fmt: skip


def test_cast_to_another_size() -> None:
    view = View.dense([4, 6], 1).permute([1, 0]).reshape([8, 3]).permute([1, 0])
    _, [(scratch, first), (_, last)], _ = view.lower(1, dst_item_bytes=4)
    assert scratch == 24
    assert first[0][4] == [(6, 1, 4, 0), (4, 6, 1, 0)]
    assert last[0][4] == [(3, 1, 32, 0), (8, 3, 4, 0)]


# fmt: off
ERRORS: list[tuple[str, Callable[[View], object]]] = [
    ("reshape-elements", lambda v: v.reshape([5, -1])),
    ("reshape-elements", lambda v: v.reshape([25])),
    ("reshape-target", lambda v: v.reshape([-1, -1])),
    ("reshape-target", lambda v: v.reshape([-2, 12])),
    ("axis-out-of-range", lambda v: v.flip(2)),
    ("axis-out-of-range", lambda v: v.roll(-3, 1)),
    ("axis-out-of-range", lambda v: v.permute([0, 2])),
    ("perm-invalid", lambda v: v.permute([0, 0])),
    ("perm-invalid", lambda v: v.permute([1, -1])),
    ("rank-mismatch", lambda v: v.permute([0])),
    ("rank-mismatch", lambda v: v.pad([(1, 1)])),
    ("rank-mismatch", lambda v: View([2, 3], [4])),
    ("rank-mismatch", lambda v: v.lower(4, strides=[4])),
    ("rank-mismatch", lambda v: v.lower(4, params=[1])),
    ("negative-dim", lambda v: View([2, -3], [4, 4])),
    ("negative-dim", lambda v: v.expand([-1, 6])),
    ("slice-step", lambda v: v.slice(0, None, None, 0)),
    ("index-out-of-range", lambda v: v.select(0, 4)),
    ("index-out-of-range", lambda v: v.select(1, -7)),
    ("expand-mismatch", lambda v: v.expand([6])),
    ("expand-mismatch", lambda v: v.expand([2, 4, 7])),
    ("pads-invalid", lambda v: v.pad([(0, 0), (-1, 0)])),
    ("stack-empty", lambda v: View.concatenate([], 0)),
    ("concat-mismatch", lambda v: View.concatenate([v, v.permute([1, 0])], 0)),
    ("concat-mismatch", lambda v: View.stack([v, v.select(0, 0)], 0)),
    ("layout-no-inverse", lambda v: v.slice(0, 1, None).inverse(4)),
    ("layout-no-inverse", lambda v: v.slice(0, 1, None).pad([(1, 0), (0, 0)]).inverse(4)),
    ("layout-no-inverse", lambda v: View([4, 6], [0, 4]).inverse(4)),
    ("layout-no-inverse", lambda v: View([4, 6], [48, 4]).inverse(4)),
    ("layout-no-inverse", lambda v: View([2, 3], [8, 4]).inverse(4)),
    ("layout-no-inverse", lambda v: View([2, 3], [8, 4]).roll(0, 1).inverse(4)),
    ("layout-no-inverse", lambda v: v.expand([2, 4, 6]).slice(2, 0, 3).inverse(4)),
    ("layout-no-inverse", lambda v: v.permute([1, 0]).reshape([8, 3]).permute([1, 0]).inverse(4)),
    ("layout-no-inverse", lambda v: View.concatenate([v.slice(0, 1, None), v.slice(0, 1, 2)], 0)
        .inverse(4)),
]
# fmt: on


@pytest.mark.parametrize(
    ("code", "call"), ERRORS, ids=[f"{i}-{e[0]}" for i, e in enumerate(ERRORS)]
)
def test_errors(code: str, call: Callable[[View], object]) -> None:
    with pytest.raises(sw.LayoutError) as refused:
        call(View.dense([4, 6], ITEM))
    assert refused.value.code == code


@pytest.mark.parametrize("build", [
    lambda: View.dense([2**40, 2**40], 4),
    lambda: View.dense([2**61], 8),
    lambda: View([3], [2**62]),
    lambda: View.dense([2**40, 1], 4).expand([2**40, 2**40]),
    lambda: View.dense([2], 4).pad([(2**62, 2**62)]),
])  # fmt: skip
def test_sizes_past_64_bits(build: Callable[[], View]) -> None:
    with pytest.raises(sw.DimOverflowError):
        build()


def test_explain_says_what_and_why() -> None:
    view = View.dense([4, 6], ITEM).permute([1, 0]).reshape([8, 3]).permute([1, 0])
    assert (
        view.explain(ITEM)
        == """\
shape   [3, 8]
passes  2
bytes   192 read, 192 written
pass 1  1 piece into a scratch of 96 bytes
  source 0 at 0 -> 0: 6 x 4, src 4 24, dst 16 4
pass 2  1 piece into the destination
  source 0 at 0 -> 0: 3 x 8, src 4 12, dst 32 4
why     the reshape of [6, 4] to [8, 3] does not divide the digits 6 x 4 at axis 0"""
    )
    assert (
        View.dense([2], ITEM).pad([(1, 0)]).explain(ITEM, dst_item_bytes=2)
        == """\
shape   [3]
passes  1
bytes   8 read, 6 written
pass 1  2 pieces into the destination
  fill -> 0: 1
  source 0 at 0 -> 2: 2, src 4, dst 2"""
    )
    many = View.stack([View.dense([2], ITEM)] * 20, 0).explain(ITEM)
    assert many.count("\n  source") == 12
    assert many.endswith("\n  and 8 more")


def test_huge_arrays_cost_nothing() -> None:
    view = View.dense([2**20, 2**21], 4).permute([1, 0]).roll(0, 5).slice(1, None, None, -(2**19))
    assert view.shape == [2**21, 2]
    _, [(_, pieces)], _ = view.lower(4)
    assert len(pieces) == 2
