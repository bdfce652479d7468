"""permute, copy, rearrange and normalize_images against NumPy, on random layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapewright as sw
from random_layouts import DTYPES, Array, random_bytes, random_source, restride, same_bits

ROUNDS = 40


@pytest.mark.parametrize("dtype", DTYPES)
def test_permute_new(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(ROUNDS):
        x = random_source(rng, dtype, most_rank=12)
        axes = tuple(int(a) for a in rng.permutation(x.ndim))
        y = sw.permute(x, axes)
        assert same_bits(y, x.transpose(axes)), (x.shape, x.strides, axes)
        assert y.flags.c_contiguous
        assert y.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_permute_into_any_strides(dtype: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(ROUNDS):
        x = random_source(rng, dtype)
        axes = tuple(int(a) for a in rng.permutation(x.ndim))
        want = x.transpose(axes)
        out = restride(rng, want.shape, dtype)
        assert sw.permute(x, axes, out=out) is out
        assert same_bits(out, want), (x.shape, x.strides, axes, out.strides)


def test_permute_writes_nothing_beside_its_out() -> None:
    rng = np.random.default_rng(3)
    for _ in range(ROUNDS):
        whole = rng.integers(0, 256, (12, 14, 16), dtype=np.uint8)
        want = whole.copy()
        x = rng.integers(0, 256, (4, 3, 5), dtype=np.uint8)
        window = (slice(2, 7), slice(9, 1, -2), slice(1, 10, 3))
        want[window] = x.transpose(2, 0, 1)
        sw.permute(x, (2, 0, 1), out=whole[window])
        assert same_bits(whole, want)


@pytest.mark.parametrize("axes", [[1, 0], np.array([1, 0]), (-1, -2), (np.int8(1), 0)])
def test_axes_are_any_integers(axes: Any) -> None:
    x = np.arange(6).reshape(2, 3)
    assert same_bits(sw.permute(x, axes), np.ascontiguousarray(x.T))


OTHER_DTYPES = [">f4", ">i8", "M8[s]", "m8[ms]", "S5", "U3", [("a", "i2"), ("b", "f8")], "f2", "g"]


@pytest.mark.parametrize("dtype", OTHER_DTYPES, ids=str)
def test_bytes_of_any_dtype_are_moved(dtype: Any) -> None:
    rng = np.random.default_rng(12)
    kind = np.dtype(dtype)
    x = np.zeros((5, 6, 7), kind)
    if kind.kind == "U":
        x[...] = rng.choice(["", "abc", "ä"], x.shape)
    else:
        x.view("u1")[...] = rng.integers(0, 256, x.view("u1").shape)
    out = np.zeros((7, 5, 6), kind)
    assert same_bits(sw.permute(x, (2, 0, 1)), x.transpose(2, 0, 1))
    sw.copy(x.transpose(2, 0, 1)[::-1], out)
    assert same_bits(out, x.transpose(2, 0, 1)[::-1])


def test_permute_of_many_axes() -> None:
    x = np.arange(2**16, dtype="u2").reshape((2,) * 16)
    axes = tuple(reversed(range(16)))
    assert same_bits(sw.permute(x, axes), np.ascontiguousarray(x.transpose(axes)))
    deep = np.zeros((1,) * 60 + (2, 3))
    assert sw.permute(deep, tuple(reversed(range(62)))).shape == (3, 2) + (1,) * 60


@pytest.mark.parametrize(
    "shape",
    [(700, 900), (3, 1000, 1001), (64, 63, 65, 3)],
    ids=lambda shape: "x".join(map(str, shape)),
)
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8", "c16"])
def test_permute_of_large_arrays(shape: tuple[int, ...], dtype: str) -> None:
    x = random_bytes(np.random.default_rng(4), shape, dtype)
    axes = tuple(reversed(range(len(shape))))
    for threads in (None, 1, 2, 5):
        assert same_bits(sw.permute(x, axes, threads=threads), x.transpose(axes))


CASTS = ("?", "u1", "i1", "u2", "i2", "i4", "i8", "f2", "f4", "f8")


@pytest.mark.parametrize("to", CASTS)
@pytest.mark.parametrize("source", CASTS)
def test_copy_casts_as_numpy_does(source: str, to: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(8):
        small = rng.integers(0, 100, (7, 9, 5)) / (1 if source[0] in "iu?" else 7)
        x = small.astype(source).transpose(1, 2, 0)[::-1]
        out = restride(rng, x.shape, to)
        sw.copy(x, out)
        assert same_bits(out, x.astype(to))


def test_copy_between_any_strides() -> None:
    rng = np.random.default_rng(6)
    for _ in range(200):
        dtype = DTYPES[int(rng.integers(len(DTYPES)))]
        src = random_source(rng, dtype)
        out = restride(rng, src.shape, dtype)
        assert sw.copy(src, out) is None  # type: ignore[func-returns-value]
        assert same_bits(out, src), (src.shape, src.strides, out.strides)


# pattern, shape, sizes, what NumPy does
PATTERNS = [
    ("a b -> b a", (5, 7), {}, lambda x: x.T),
    ("b h w c -> b c h w", (2, 5, 6, 3), {}, lambda x: x.transpose(0, 3, 1, 2)),
    ("b (h w) c -> b c h w", (2, 30, 3), {"h": 5},
     lambda x: x.reshape(2, 5, 6, 3).transpose(0, 3, 1, 2)),
    ("b c (h s) (w t) -> b (s t c) h w", (2, 3, 8, 6), {"s": 2, "t": 3},
     lambda x: x.reshape(2, 3, 4, 2, 2, 3).transpose(0, 3, 5, 1, 2, 4).reshape(2, 18, 4, 2)),
    ("... a b -> ... b a", (2, 3, 4, 5), {}, lambda x: x.swapaxes(-1, -2)),
    ("a 1 b -> (b a)", (4, 1, 5), {}, lambda x: x[:, 0].T.reshape(-1)),
    ("a -> a 1 ()", (4,), {}, lambda x: x[:, None, None]),
    ("a b c -> (a b c)", (3, 4, 5), {}, lambda x: x.reshape(-1)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "shape", "sizes", "numpy"), PATTERNS, ids=[row[0] for row in PATTERNS]
)
def test_rearrange(pattern: str, shape: tuple[int, ...], sizes: dict[str, int], numpy: Any) -> None:
    rng = np.random.default_rng(7)
    for dtype in ("u1", "f4", "c16"):
        x = restride(rng, shape, dtype)
        want = np.ascontiguousarray(numpy(x))
        assert same_bits(sw.rearrange(x, pattern, **sizes), want)
        out = restride(rng, want.shape, dtype)
        assert sw.rearrange(x, pattern, out=out, **sizes) is out
        assert same_bits(out, want)


# scale, bias, against a result of shape (2, 3, 5, 6)
PARAMETERS: list[tuple[Any, Any]] = [
    (0.3, None),
    (None, -1.7),
    (0.3, 2),
    (np.float64(0.1), np.arange(6)),
    (np.arange(1, 4).reshape(3, 1, 1) / 7, None),
    (np.arange(1, 4).reshape(3, 1, 1) / 7, np.arange(6, dtype="f4") / 3),
    (np.arange(10).reshape(2, 1, 5, 1)[:, :, ::-1] / 3, [[0.5]]),
    ([1.5, 2, 3, 4, 5, 6], np.arange(180.0).reshape(2, 3, 5, 6)),
]


@pytest.mark.parametrize("to", ["f2", "f4", "f8", "i2", "u1"])
@pytest.mark.parametrize("source", ["u1", "i4", "f4", "f8"])
def test_scale_and_bias_broadcast_to_the_result(source: str, to: str) -> None:
    rng = np.random.default_rng(8)
    x = rng.integers(0, 20, (2, 5, 6, 3)).astype(source)
    compute = "f8" if to == "f8" else "f4"
    moved = x.transpose(0, 3, 1, 2).astype(compute)
    for scale, bias in PARAMETERS:
        want = moved
        if scale is not None:
            want = want * np.asarray(scale, compute)
        if bias is not None:
            want = want + np.asarray(bias, compute)
        positive = np.abs(want) if to == "u1" else want  # a negative float has no u1
        if to == "u1" and (want < 0).any():
            continue
        y = sw.rearrange(x, "b h w c -> b c h w", dtype=np.dtype(to), scale=scale, bias=bias)
        assert same_bits(y, positive.astype(to)), (scale, bias)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_normalize_images_is_bit_for_bit_numpys(layout: str, dtype: str) -> None:
    rng = np.random.default_rng(9)
    compute = "f8" if dtype == "f8" else "f4"
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    for shape in [(2, 33, 35, 3), (17, 19, 3), (1, 4, 64, 3), (0, 2, 2, 3)]:
        x = rng.integers(0, 256, shape, dtype=np.uint8)[..., ::-1]
        want = (x.astype(compute) / 255 - np.asarray(mean, compute)) / np.asarray(std, compute)
        if layout == "NCHW":
            want = np.moveaxis(want, -1, -3)
        to = np.dtype(dtype)
        y = sw.normalize_images(x, mean, std, dtype=to, layout=layout)
        assert same_bits(y, want.astype(to))
        out: Array = np.empty(want.shape, to)
        assert sw.normalize_images(x, mean, std, dtype=to, layout=layout, out=out) is out
        assert same_bits(out, y)


def test_normalize_images_knows_every_byte() -> None:
    x = np.arange(256, dtype="u1").reshape(1, 16, 16, 1)
    want = (x.astype("f4") / 255 - np.float32(0.1)) / np.float32(0.3)
    assert same_bits(sw.normalize_images(x, 0.1, 0.3), np.moveaxis(want, -1, 1))


DTYPE_NAMES = ["f16", "float16", np.float16, np.dtype("f2")]


@pytest.mark.parametrize("name", DTYPE_NAMES, ids=str)
def test_dtype_has_many_names(name: Any) -> None:
    assert sw.rearrange(np.arange(3), "a -> a", dtype=name).dtype == np.float16
