"""The public calls on arrays of a simulated GPU, against the same calls on NumPy arrays.

With SHAPEWRIGHT_TWIN_LONG set, casts are tried between all pairs of types.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import shapewright as sw

pytest.importorskip("numba")

from cuda_simulated import POISON, FakeArray, Simulated, simulated_gpu

BATCHES = 60
# A twin takes seconds to build, so that of the pairs each type is met once on either side.
LONG = "SHAPEWRIGHT_TWIN_LONG" in os.environ
CASTS = ("bool", "u1", "i1", "u2", "i2", "i4", "i8", "f2", "f4", "f8")
PAIRS = [
    (src, dst)
    for i, src in enumerate(CASTS)
    for k, dst in enumerate(CASTS)
    if src != dst and (LONG or k == (i + 3) % len(CASTS))
]


@pytest.fixture(scope="module")
def gpu() -> Iterator[Simulated]:
    with simulated_gpu() as simulated:
        yield simulated


@pytest.fixture(autouse=True)
def empty(gpu: Simulated) -> None:
    gpu.launched.clear()


def ordinary(rng: np.random.Generator, shape: Any, dtype: str) -> Any:
    """Numbers that every type of `CASTS` can hold, for casts of others are not defined."""
    return rng.integers(0, 2 if dtype == "bool" else 100, shape).astype(dtype)


def same(got: Any, want: Any) -> bool:
    assert isinstance(got, FakeArray)
    assert (got.array.shape, got.array.dtype) == (want.shape, want.dtype)
    return bool(got.array.tobytes() == want.tobytes())


def test_permute_and_rearrange(gpu: Simulated) -> None:
    rng = np.random.default_rng(1)
    x = ordinary(rng, (4, 40, 56), "f4")
    assert same(sw.permute(gpu.array(x), (0, 2, 1)), sw.permute(x, (0, 2, 1)))
    pattern = "b (h w) (d e) -> (b h) e (w d)"
    want = sw.rearrange(x, pattern, h=8, e=4)
    assert same(sw.rearrange(gpu.array(x), pattern, h=8, e=4), want)
    out = gpu.empty((56, 80), "f4")
    view = FakeArray(out.array[:, ::2])
    assert sw.permute(gpu.array(x[0]), (1, 0), out=view) is view
    assert np.array_equal(view.array, x[0].T)
    assert set(out.array[:, 1::2].tobytes()) == {POISON}
    assert sw.permute(gpu.array(x[:0]), (1, 2, 0)).array.shape == (40, 56, 0)


def test_copy_of_any_strides(gpu: Simulated) -> None:
    x = gpu.array(np.arange(600, dtype="i8").reshape(20, 30))
    out = gpu.empty((10, 30), "i8")
    sw.copy(FakeArray(x.array[::-2]), FakeArray(out.array[:, ::-1]))
    assert np.array_equal(out.array[:, ::-1], x.array[::-2])


@pytest.mark.parametrize(("src", "dst"), PAIRS)
def test_casts(gpu: Simulated, src: str, dst: str) -> None:
    rng = np.random.default_rng([2, len(src), len(dst)])
    x = ordinary(rng, (33, 70), src)
    out, want = gpu.empty((33, 70), dst), np.empty((33, 70), dst)
    sw.copy(gpu.array(x), out)
    sw.copy(x, want)
    assert out.array.tobytes() == want.tobytes()


@pytest.mark.parametrize(("src", "dst"), [("f4", "f2"), ("f8", "f2"), ("f8", "f4"), ("f2", "f8")])
def test_casts_of_floats_round_as_numpy(gpu: Simulated, src: str, dst: str) -> None:
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 256, 40000 * np.dtype(src).itemsize, dtype=np.uint8)
    x = bits.view(src)
    with np.errstate(all="ignore"):
        near = (rng.standard_normal(40000) * 10.0 ** rng.integers(-9, 6, 40000)).astype(src)
        x = np.concatenate([x, near, np.array([0.0, -0.0, np.inf, -np.inf], src)])
        want = x.astype(dst)
    out = gpu.empty(x.shape, dst)
    sw.copy(gpu.array(x), out)
    numbers = ~np.isnan(want)
    assert np.array_equal(np.isnan(out.array), ~numbers)
    assert out.array[numbers].tobytes() == want[numbers].tobytes()


@pytest.mark.parametrize("dtype", ["f16", "f64"])
def test_scale_and_bias(gpu: Simulated, dtype: str) -> None:
    rng = np.random.default_rng(4)
    x = ordinary(rng, (2, 30, 26, 5), "f4")
    scale, bias = rng.random((5, 1, 1)), rng.random((1, 30, 1))
    options: dict[str, Any] = {"dtype": dtype, "scale": scale, "bias": bias}
    want = sw.rearrange(x, "n h w c -> n c h w", **options)
    assert same(sw.rearrange(gpu.array(x), "n h w c -> n c h w", **options), want)
    zeros = np.array([-0.0, 0.0], "f4")
    assert same(sw.rearrange(gpu.array(zeros), "n -> n", scale=2.0), zeros)


@pytest.mark.parametrize("dtype", ["f16", "f32", "f64"])
@pytest.mark.parametrize("shape", [(2, 32, 48, 3), (3, 64, 80, 4), (64, 96, 1), (2, 31, 17, 3)])
def test_images(gpu: Simulated, shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(0, 256, shape, dtype=np.uint8)
    channels = shape[-1]
    mean, std = rng.random(channels, np.float32), rng.random(channels, np.float32) + 0.1
    want = sw.normalize_images(x, mean, std, dtype=dtype)
    assert same(sw.normalize_images(gpu.array(x), mean, std, dtype=dtype), want)
    by_table = dtype != "f64" and shape[-2] % 16 == 0
    assert gpu.launched[-1].startswith("image" if by_table else "cast")


def test_images_to_bf16(gpu: Simulated) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    rng = np.random.default_rng(6)
    x = rng.integers(0, 256, (2, 32, 16, 3), dtype=np.uint8)
    want = sw.normalize_images(x, 0.5, 0.25, dtype=ml_dtypes.bfloat16)
    out = gpu.empty(want.shape, "u2")
    assert want.dtype.itemsize == out.array.dtype.itemsize
    from shapewright.cuda.convert import conversion
    from shapewright.cuda.images import table_of
    from shapewright.cuda.layout import Digit

    of_u8 = sw.plan_rearrange("a -> a", (1,), "u8").dtype
    convert = conversion(of_u8, 8, np.full(3, 0.25), np.full(3, 0.5), True)
    assert convert is not None
    table = np.frombuffer(table_of(convert, Digit(3, 1, 1, 1)), np.uint32).reshape(256, 3)
    looked_up = table[x, np.arange(3)].astype(np.uint16).transpose(0, 3, 1, 2)
    assert np.array_equal(looked_up, want.view(np.uint16))


def test_padding_is_written_in_the_widest_items(gpu: Simulated) -> None:
    rng = np.random.default_rng(3)
    xs = [rng.integers(0, 256, (n, 64, 3)).astype("u1") for n in (20, 33, 48)]
    stacked = sw.pad_stack([gpu.array(x) for x in xs], fill=130)
    assert same(stacked, sw.pad_stack(xs, fill=130))
    assert gpu.launched == ["batched_16"]


@pytest.mark.parametrize("offset", range(16))
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8", "c16"])
def test_padding_of_an_out_off_any_alignment(gpu: Simulated, dtype: str, offset: int) -> None:
    rng = np.random.default_rng(offset)
    gpu.used = 0
    xs = [rng.integers(0, 100, shape).astype(dtype) for shape in ((3, 5), (4, 7), (1, 2))]
    want = sw.pad_stack(xs, fill=123.0)
    raw = gpu.take(want.nbytes + 16)
    out = np.ndarray(want.shape, want.dtype, raw, offset)
    sw.pad_stack([gpu.array(x) for x in xs], fill=123.0, out=FakeArray(out))
    assert np.array_equal(out, want)


@pytest.mark.parametrize("seed", range(BATCHES))
def test_ragged_batches(gpu: Simulated, seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    gpu.used = 0
    dtype = ("u1", "u2", "f4", "f8", "c16")[seed % 5]
    rank = int(rng.integers(1, 4))
    most = (200, 60, 20)[rank - 1]
    shapes = [tuple(rng.integers(0 if k == 3 else 1, most, rank)) for k in range(12)]
    xs = [rng.integers(0, 100, tuple(map(int, shape))).astype(dtype) for shape in shapes]
    fakes = [gpu.array(x) for x in xs]
    stacked = sw.pad_stack(fakes, fill=7)
    assert same(stacked, sw.pad_stack(xs, fill=7))
    assert all(name.startswith("batched") for name in gpu.launched)
    assert len(gpu.launched) <= 5
    lengths = [x.shape for x in xs]
    for got, x in zip(sw.unpad_stack(stacked, lengths), xs, strict=True):
        assert same(got, x)
    names = "abc"[:rank]
    pattern = f"{' '.join(names)} -> {' '.join(reversed(names))}"
    gpu.launched.clear()
    for got, x in zip(sw.rearrange_many(fakes, pattern), xs, strict=True):
        assert same(got, np.ascontiguousarray(x.transpose()))
    assert len(gpu.launched) <= 5, gpu.launched


def test_many_of_many_digits(gpu: Simulated) -> None:
    x = np.arange(3**9, dtype="f4").reshape((3,) * 9)
    pattern = "a b c d e f g h i -> i h g f e d c b a"
    (got,) = sw.rearrange_many([gpu.array(x)], pattern)
    assert same(got, np.ascontiguousarray(x.transpose()))


def test_what_is_refused(gpu: Simulated) -> None:
    x = gpu.array(np.zeros((4, 6), "f4"))
    rows: list[tuple[str, Any]] = [
        ("perm-invalid", lambda: sw.permute(x, (0, 0))),
        ("out-shape", lambda: sw.permute(x, (1, 0), out=gpu.empty((4, 6), "f4"))),
        ("out-dtype", lambda: sw.permute(x, (1, 0), out=gpu.empty((6, 4), "f8"))),
        ("out-read-only", lambda: sw.permute(x, (1, 0), out=FakeArray(x.array.T, read_only=True))),
        ("out-overlap", lambda: sw.permute(x, (1, 0), out=FakeArray(x.array.T))),
        ("out-overlap", lambda: sw.copy(x, FakeArray(np.broadcast_to(x.array[:1], (4, 6))))),
        ("array-device", lambda: sw.permute(x, (1, 0), out=np.zeros((6, 4), "f4"))),
        ("array-device", lambda: sw.rearrange(x, "a b -> b a", scale=x)),
        ("scale-shape", lambda: sw.rearrange(x, "a b -> b a", scale=np.ones(3))),
        ("stack-shape", lambda: sw.pad_stack([x, gpu.array(np.zeros(3, "f4"))])),
        ("stack-shape", lambda: sw.pad_stack([x], shape=(3, 6))),
        ("stack-lengths", lambda: sw.unpad_stack(x, [1])),
        ("arrays-mixed", lambda: sw.pad_stack([x, gpu.array(np.zeros((2, 2), "i4"))])),
        ("outs-count", lambda: sw.rearrange_many([x], "a b -> b a", outs=[])),
    ]
    for code, call in rows:
        with pytest.raises(sw.LayoutError) as refusal:
            call()
        assert refusal.value.code == code
    assert gpu.launched == []


def test_interleaved_arrays_do_not_overlap(gpu: Simulated) -> None:
    both = gpu.array(np.arange(40, dtype="f4"))
    even, odd = FakeArray(both.array[::2]), FakeArray(both.array[1::2])
    sw.copy(even, odd)
    assert np.array_equal(even.array, odd.array)


def test_a_plan_takes_arrays_of_a_gpu(gpu: Simulated) -> None:
    x = np.arange(24, dtype="f4").reshape(4, 6)
    plan = sw.plan_rearrange("(a b) c -> a c b", (4, 6), "f32", a=2)
    assert same(plan(gpu.array(x)), plan(x))
    with pytest.raises(sw.LayoutError, match="the plan is for"):
        plan(gpu.array(x.T))


def test_lent_memory_is_waited_for(gpu: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    from shapewright.cuda import view

    def lent(x: Any, argument: str) -> Any:
        array = view._read_interface(x, argument)
        array.is_lent = True
        return array

    x = gpu.array(np.zeros((4, 6), "f4"))
    monkeypatch.setitem(view._readers, FakeArray, lent)
    sw.permute(x, (1, 0))
    sw.rearrange_many([x], "a b -> b a")
    assert gpu.launched.count("wait") == 2
    assert gpu.launched[-1] == "wait"


def test_plans_are_found_again(gpu: Simulated) -> None:
    from shapewright.cuda import move

    x = gpu.array(np.arange(12, dtype="f4").reshape(3, 4))
    sw.permute(x, (1, 0))
    before = len(move._plans)
    sw.permute(gpu.array(x.array), (1, 0))
    assert len(move._plans) == before
