"""Lazy chains and plans against NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import shapewright as sw
from random_layouts import Array, random_shape, restride, same_bits


def random_step(rng: np.random.Generator, lazy: sw.Lazy, x: Array) -> tuple[sw.Lazy, Array]:
    """One more step on both sides."""
    rank = x.ndim
    axis = int(rng.integers(rank)) if rank else 0
    match str(rng.choice(["reshape", "permute", "flip", "slice", "index", "new", "pad", "roll"])):
        case "reshape" if x.size:
            shape = factors(rng, x.size)
            return lazy.reshape(*shape), x.reshape(shape)
        case "permute":
            axes = [int(a) for a in rng.permutation(rank)]
            return lazy.permute(*axes), x.transpose(axes)
        case "flip" if rank:
            return lazy.flip(axis), np.flip(x, axis)
        case "slice" if rank:
            n = x.shape[axis]
            start, stop = (int(rng.integers(-n - 1, n + 2)) for _ in range(2))
            step = int(rng.choice([1, 2, 3, -1, -2]))
            index: Any = (..., slice(start, stop, step), *([slice(None)] * (rank - 1 - axis)))
            return lazy[index], x[index]
        case "index" if rank and x.shape[axis]:
            at = int(rng.integers(-x.shape[axis], x.shape[axis]))
            index = (*([slice(None)] * axis), at)
            return lazy[index], x[index]
        case "new":
            return lazy[..., None], x[..., None]
        case "pad" if rank:
            widths = [(int(a), int(b)) for a, b in rng.integers(0, 3, (rank, 2))]
            return lazy.pad(*widths), np.pad(x, widths, constant_values=5)
        case "roll" if rank:
            shift = int(rng.integers(-7, 8))
            return lazy.roll(shift, axis), np.roll(x, shift, axis)
    return lazy, x


def factors(rng: np.random.Generator, n: int) -> tuple[int, ...]:
    sizes: list[int] = []
    while n > 1 and len(sizes) < 4:
        divisors = [d for d in range(1, min(n, 60) + 1) if n % d == 0]
        sizes.append(int(rng.choice(divisors)))
        n //= sizes[-1]
    return (*sizes, n)


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_random_chains(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        x = restride(rng, random_shape(rng, 4), dtype)
        chain, want = sw.lazy(x), x
        for _ in range(int(rng.integers(1, 6))):
            chain, want = random_step(rng, chain, want)
            if want.size > 200_000 or want.ndim > 8:
                break
        assert chain.shape == want.shape
        assert same_bits(chain.run(fill=5), want), chain.explain()
        out = restride(rng, want.shape, dtype)
        assert chain.run(out, fill=5) is out
        assert same_bits(out, want)


def test_chain_casts_and_scales() -> None:
    x = np.arange(24, dtype="u1").reshape(2, 3, 4)
    bias = np.arange(5, dtype="f4")[:, None] / 3
    y = sw.lazy(x).permute(2, 0, 1).pad((1, 0), (0, 0), (0, 0)).run(
        dtype="f32", scale=0.1, bias=bias[:, None], fill=9
    )  # fmt: skip
    want = np.pad(x.transpose(2, 0, 1), ((1, 0), (0, 0), (0, 0)), constant_values=9)
    assert same_bits(y, want.astype("f4") * np.float32(0.1) + bias[:, None])


def test_concat_of_chains() -> None:
    rng = np.random.default_rng(2)
    a, b = restride(rng, (4, 5), "f4"), restride(rng, (3, 5), "f4")
    chain = sw.lazy_concat([a, sw.lazy(b).flip(1), sw.lazy_concat([a[:1], b[:1]])])
    want = np.concatenate([a, b[:, ::-1], a[:1], b[:1]])
    assert same_bits(chain.permute(1, 0).run(), np.ascontiguousarray(want.T))
    again = sw.lazy_concat([a.T, sw.lazy(b).permute(1, 0)], axis=-1).rearrange("a b -> b a")
    assert same_bits(again.run(), np.concatenate([a, b]))


def test_expand_repeats() -> None:
    x = np.arange(6).reshape(2, 1, 3)
    y = sw.lazy(x).expand(4, 2, 5, 3).reshape(4, 10, 3).run()
    assert same_bits(y, np.broadcast_to(x, (4, 2, 5, 3)).reshape(4, 10, 3))


def test_a_chain_can_be_run_again_and_branched() -> None:
    x = np.arange(6).reshape(2, 3)
    stem = sw.lazy(x).permute(1, 0)
    assert same_bits(stem[1:].run(), np.ascontiguousarray(x.T[1:]))
    x[:] = 0
    assert not stem.run().any()


def test_an_array_that_was_resized_is_refused() -> None:
    x = np.arange(6.0)
    chain = sw.lazy(x).flip(0)
    x.resize(3, refcheck=False)
    with pytest.raises(sw.LayoutError) as refusal:
        chain.run()
    assert refusal.value.code == "plan-mismatch"


PLANS: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    ("b (h w) c -> b c h w", (2, 30, 3), {"h": 5}),
    ("a b c -> c a b", (3, 4, 5), {}),
    ("... a (b c) -> c ... (a b)", (2, 3, 4, 6), {"b": 2}),
    ("a 1 -> a", (4, 1), {}),
]


@pytest.mark.parametrize(("pattern", "shape", "sizes"), PLANS)
def test_plan_and_its_inverse(pattern: str, shape: tuple[int, ...], sizes: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    plan = sw.plan_rearrange(pattern, shape, "i16", **sizes)
    x = restride(rng, shape, "i2")
    y = plan(x)
    assert y.shape == plan.shape
    assert same_bits(y, sw.rearrange(x, pattern, **sizes))
    back = plan.inverse()
    assert back.shape == shape
    assert same_bits(back(y), np.ascontiguousarray(x))
    out = restride(rng, plan.shape, "i2")
    assert plan(x, out) is out
    same = sw.plan_rearrange(pattern, shape, np.int16, **sizes)
    assert plan == same
    assert hash(plan) == hash(same)


def test_plan_with_a_cast() -> None:
    plan = sw.plan_rearrange("a b -> b a", (2, 3), "u8", out_dtype="f32")
    x = np.arange(6, dtype="u1").reshape(2, 3)
    assert same_bits(plan(x), np.ascontiguousarray(x.T.astype("f4")))
    assert same_bits(plan.inverse()(plan(x)), x)


@pytest.mark.parametrize("dtype", ["u64", "c128", "bool", "bf16"])
def test_plan_of_any_dtype(dtype: str) -> None:
    assert sw.plan_rearrange("a b -> b a", (2, 3), dtype).dtype.name == dtype


def test_explain_names_bytes_and_passes() -> None:
    text = sw.plan_rearrange("b (h w) c -> b c h w", (8, 196, 768), "f32", h=14).explain()
    elements = math.prod((8, 196, 768))
    assert str(elements * 4) in text or str(elements * 8) in text
    assert "pass 1" in text
    chain: Any = sw.lazy(np.zeros((4, 6))).permute(1, 0).reshape(8, 3).permute(1, 0)
    assert "pass" in chain.explain()
