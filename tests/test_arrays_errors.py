"""What the array calls refuse, and that nothing is written then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import shapewright as sw
from random_layouts import Array


def f4(*shape: int) -> Array:
    return np.arange(np.prod(shape), dtype="f4").reshape(shape)


def read_only(x: Array) -> Array:
    x.flags.writeable = False
    return x


X = f4(2, 3)

# code, what the message says, the call
ROWS: list[tuple[str, str, Callable[[], Any]]] = [
    ("array-kind", "builtins.list", lambda: sw.permute([[1, 2]], (1, 0))),
    ("array-kind", "mask", lambda: sw.permute(np.ma.ones((2, 3)), (1, 0))),
    ("array-dtype", "object", lambda: sw.permute(np.array([[None]]), (1, 0))),
    ("array-dtype", "refer to Python", lambda: sw.permute(np.zeros(2, [("a", "O")]), (0,))),
    ("array-dtype", "without bytes", lambda: sw.permute(np.zeros(2, "V0"), (0,))),
    ("perm-invalid", r"\(0, 0\)", lambda: sw.permute(X, (0, 0))),
    ("perm-invalid", r"\(0, 2\)", lambda: sw.permute(X, (0, 2))),
    ("perm-invalid", r"\(0, -3\)", lambda: sw.permute(X, (0, -3))),
    ("perm-invalid", "2 axes", lambda: sw.permute(X, (0, 1, 2))),
    ("threads-count", "threads=0", lambda: sw.permute(X, (1, 0), threads=0)),
    ("threads-count", "threads=-1", lambda: sw.copy(X, f4(2, 3), threads=-1)),
    ("cast-unsupported", "f32 to c64", lambda: sw.copy(X, np.zeros((2, 3), "c8"))),
    ("cast-unsupported", "u32 to f32", lambda: sw.copy(X.astype("u4"), f4(2, 3))),
    ("cast-unsupported", ">f4 to f32", lambda: sw.copy(X.astype(">f4"), f4(2, 3))),
    ("cast-unsupported", "c64", lambda: sw.rearrange(X, "a b -> b a", dtype="c64")),
    ("dtype-unknown", "f33", lambda: sw.rearrange(X, "a b -> b a", dtype="f33")),
    ("scale-shape", r"\(2,\) do not broadcast to the result \(2, 3\)",
     lambda: sw.rearrange(X, "a b -> a b", scale=[1, 2])),
    ("scale-shape", r"\(1, 1, 1\)", lambda: sw.rearrange(X, "a b -> a b", scale=[[[1]]])),
    ("scale-shape", r"scale \(2,\) and bias \(3,\)",
     lambda: sw.rearrange(X, "a b -> a b", scale=[1, 2], bias=[1, 2, 3])),
    ("size-type", "h=2.0", lambda: sw.rearrange(X, "(h a) b -> h a b", h=2.0)),  # type: ignore[arg-type]
    ("image-layout", "CHWN", lambda: sw.normalize_images(X, 0, 1, layout="CHWN")),
    ("outs-count", "1 outs for 2", lambda: sw.rearrange_many([X, X], "a b -> b a", [f4(3, 2)])),
    ("arrays-mixed", "f32 and f64", lambda: sw.pad_stack([X, X.astype("f8")])),
    ("arrays-mixed", "f32 and f64", lambda: sw.lazy_concat([X, X.astype("f8")]).run()),
    ("stack-empty", "no array", lambda: sw.pad_stack([])),
    ("stack-empty", "nothing", lambda: sw.lazy_concat([])),
    ("stack-shape", r"xs\[1\] has shape \(3,\)", lambda: sw.pad_stack([X, f4(3)])),
    ("stack-shape", r"does not fit in \(2, 2\)", lambda: sw.pad_stack([X], (2, 2))),
    ("stack-shape", "rank", lambda: sw.pad_stack([X], (2, 2, 2))),
    ("stack-lengths", "1 lengths", lambda: sw.unpad_stack(X, [3])),
    ("stack-lengths", r"lengths\[1\] = \(4,\)", lambda: sw.unpad_stack(X, [3, 4])),
    ("stack-lengths", r"lengths\[0\] = \(-1,\)", lambda: sw.unpad_stack(X, [-1, 0])),
    ("stack-lengths", r"\(1, 1\)", lambda: sw.unpad_stack(X, [(1, 1), 0])),
    ("index-form", "0, 2", lambda: sw.lazy(X)[[0, 2]]),
    ("index-form", "3 axes of 2", lambda: sw.lazy(X)[0, 0, 0]),
    ("plan-mismatch", r"f32\[2, 3\], not for f64\[2, 3\]",
     lambda: sw.plan_rearrange("a b -> b a", (2, 3), "f32")(X.astype("f8"))),
    ("plan-mismatch", r"not for f32\[3, 2\]",
     lambda: sw.plan_rearrange("a b -> b a", (2, 3), "f32")(X.T)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "says", "call"), ROWS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_refused(code: str, says: str, call: Callable[[], Any]) -> None:
    with pytest.raises(sw.ShapewrightError, match=says) as refusal:
        call()
    assert refusal.value.code == code
    assert isinstance(refusal.value, ValueError)


def test_type_of_message_is_in_the_text_too() -> None:
    with pytest.raises(sw.LayoutError) as refusal:
        sw.permute(X, (1, 0), out=np.zeros((2, 3), "f4"))
    assert refusal.value.facts == {"out": "(2, 3)", "result": "(3, 2)"}


# An out that does not do, for permute(X, (1, 0)); a mark in it must stay.
OUTS = [
    ("out-shape", lambda: np.full((2, 3), 7, "f4")),
    ("out-shape", lambda: np.full((3, 2, 1), 7, "f4")),
    ("out-dtype", lambda: np.full((3, 2), 7, "f8")),
    ("out-dtype", lambda: np.full((3, 2), 7, "i4")),
    ("out-dtype", lambda: np.full((3, 2), 7, ">f4")),
    ("out-read-only", lambda: read_only(np.full((3, 2), 7, "f4"))),
    ("out-read-only", lambda: np.broadcast_to(np.float32(7), (3, 2))),
    ("out-self-overlap", lambda: as_strided(np.full(6, 7, "f4"), (3, 2), (0, 4))),
    ("out-self-overlap", lambda: as_strided(np.full(6, 7, "f4"), (3, 2), (4, 4))),
    ("out-self-overlap", lambda: as_strided(np.full(16, 7, "f4"), (3, 2), (8, 16))),
    ("out-self-overlap", lambda: as_strided(np.full(16, 7, "f4"), (3, 2), (4, -2))),
]


@pytest.mark.parametrize(("code", "make"), OUTS)
def test_out_refused_and_untouched(code: str, make: Callable[[], Array]) -> None:
    out = make()
    before = out.copy()
    for call in (
        lambda: sw.permute(X, (1, 0), out=out),
        lambda: sw.rearrange(X, "a b -> b a", out=out),
        lambda: sw.rearrange_many([X], "a b -> b a", [out]),
        lambda: sw.lazy(X).permute(1, 0).run(out),
        lambda: sw.pad_stack(list(X.T), out=out),
    ):
        with pytest.raises(sw.LayoutError) as refusal:
            call()
        assert refusal.value.code == code
        assert isinstance(refusal.value, sw.OverlapError) == (code == "out-self-overlap")
    assert (out == before).all()


def test_overlap_is_found_and_nothing_written() -> None:
    whole = np.arange(64, dtype="f4")
    before = whole.copy()
    for src, out in [
        (whole[:9].reshape(3, 3), whole[:9].reshape(3, 3)),
        (whole[:9].reshape(3, 3), whole[8:17].reshape(3, 3)),
        (whole[0:18:2].reshape(3, 3), whole[2:11].reshape(3, 3)),
        (whole[::-1][:9].reshape(3, 3), whole[55:].reshape(3, 3)),
        (as_strided(whole, (3, 3), (0, 0)), whole[:9].reshape(3, 3)),
    ]:
        for call in (
            lambda s=src, o=out: sw.copy(s, o),
            lambda s=src, o=out: sw.permute(s, (1, 0), out=o),
            lambda s=src, o=out: sw.rearrange(s, "a b -> b a", out=o),
            lambda s=src, o=out: sw.rearrange_many([np.zeros((3, 3), "f4"), s], "a b -> a b",
                                                   [np.zeros((3, 3), "f4"), o]),
            lambda s=src, o=out: sw.lazy_concat([s[:1], s[1:]]).run(o),
            lambda s=src, o=out: sw.pad_stack([s[0], s[1], s[2]], out=o),
        ):  # fmt: skip
            with pytest.raises(sw.OverlapError) as refusal:
                call()
            assert refusal.value.code == "out-overlap"
    assert (whole == before).all()


def test_two_outs_may_not_overlap() -> None:
    whole = np.zeros(16, "f4")
    with pytest.raises(sw.OverlapError, match=r"outs\[0\] shares memory with outs\[1\]"):
        sw.rearrange_many([f4(9)] * 2, "a -> a", [whole[:9], whole[7:]])
    assert not whole.any()


def test_arrays_that_interleave_are_no_overlap() -> None:
    whole = np.arange(240, dtype="f4")
    for src, out in [
        (whole[0::2], whole[1::2]),
        (whole[0::3][:60], whole[2::4]),  # 3i = 4j + 2 has solutions, refused below
        (whole.reshape(12, 20)[:, :10], whole.reshape(12, 20)[:, 10:]),
        (whole.reshape(12, 20)[::2, ::-1], whole.reshape(12, 20)[1::2]),
    ]:
        want = src.copy()
        if np.shares_memory(src, out):
            with pytest.raises(sw.OverlapError):
                sw.copy(src, out)
        else:
            sw.copy(src, out)
            assert (out == want).all()


def test_overlap_agrees_with_numpy() -> None:
    rng = np.random.default_rng(10)
    shared = 0
    for _ in range(3000):
        whole = np.zeros(600, "u1")
        views = []
        shape = tuple(int(n) for n in rng.integers(1, 5, rng.integers(1, 4)))
        for _ in range(2):
            strides = tuple(int(s) for s in rng.integers(-24, 25, len(shape)))
            reach = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
            low, high = sum(min(r, 0) for r in reach), sum(max(r, 0) for r in reach)
            start = int(rng.integers(-low, 600 - high - 1))
            views.append(np.ndarray(shape, "u1", whole, start, strides))
        src, out = views
        distinct = np.unique(np.ravel(positions(out))).size == out.size
        expected = None
        if not distinct:
            expected = "out-self-overlap"
        elif np.shares_memory(src, out):
            expected = "out-overlap"
            shared += 1
        try:
            sw.copy(src, out)
            found = None
        except sw.OverlapError as error:
            found = error.code
        assert found == expected, (shape, src.strides, out.strides)
    assert shared > 100


def positions(x: Array) -> Array:
    """Address of each element."""
    address: Array = np.full(x.shape, x.ctypes.data)
    for axis, (size, stride) in enumerate(zip(x.shape, x.strides, strict=True)):
        index = [1] * x.ndim
        index[axis] = size
        address = address + (np.arange(size) * stride).reshape(index)
    return address


def test_undecided_overlap_is_refused_in_bounded_time() -> None:
    # Subset sums: no bounded search settles these.
    rng = np.random.default_rng(11)
    whole = np.zeros(2**27, "u1")
    strides = [int(s) * 3 for s in rng.integers(2**17, 2**19, 24)]
    src = as_strided(whole, (2,) * 24, strides)
    out = as_strided(whole[1 + sum(strides) // 2 :], (2,) * 24, strides[::-1])
    with pytest.raises(sw.OverlapError):
        sw.copy(src, out)
