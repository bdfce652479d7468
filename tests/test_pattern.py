"""The einops grammar: einops' own examples and results, and a place and reason for each refusal."""

from __future__ import annotations

import random
import string
from typing import Any

import einops
import numpy as np
import pytest

import shapewright as sw
from shapewright._core import View, pattern_axes, pattern_inverse, pattern_view
from strided_pieces import Ints, dense, run_view

Sizes = dict[str, int]


def numbered(shape: list[int]) -> Ints:
    return np.arange(np.prod(shape, dtype=int), dtype=np.int32).reshape(shape)


def rearrange(x: Ints, pattern: str, sizes: Sizes) -> Ints:
    source = dense(x)
    view = pattern_view(pattern, sizes, list(source.shape), list(source.strides))
    stepwise = source.view.rearrange(pattern, sizes)
    assert stepwise.lower(4) == view.lower(4)
    assert len(view.lower(4)[1]) == 1
    return run_view(view, [source])[0]


# The examples of einops' documentation and of models: pattern, sizes, shape, result.
# fmt: off
EXAMPLES: list[tuple[str, Sizes, list[int], list[int]]] = [
    ("b h w c -> b h w c", {}, [4, 6, 8, 3], [4, 6, 8, 3]),
    ("b h w c -> b c h w", {}, [4, 6, 8, 3], [4, 3, 6, 8]),
    ("b h w c -> (b h) w c", {}, [4, 6, 8, 3], [24, 8, 3]),
    ("b h w c -> h (b w) c", {}, [4, 6, 8, 3], [6, 32, 3]),
    ("b h w c -> b (c h w)", {}, [4, 6, 8, 3], [4, 144]),
    ("b (h1 h) (w1 w) c -> (b h1 w1) h w c", {"h1": 2, "w1": 2}, [4, 6, 8, 3], [16, 3, 4, 3]),
    ("b (h h1) (w w1) c -> b h w (c h1 w1)", {"h1": 2, "w1": 2}, [4, 6, 8, 3], [4, 3, 4, 12]),
    ("(b1 b2) h w c -> b1 b2 h w c", {"b1": 2}, [6, 4, 5, 3], [2, 3, 4, 5, 3]),
    ("(b1 b2) h w c -> (b1 h) (b2 w) c", {"b1": 2}, [6, 4, 5, 3], [8, 15, 3]),
    ("(b1 b2) h w c -> (b2 h) (b1 w) c", {"b1": 2}, [6, 4, 5, 3], [12, 10, 3]),
    ("b h (w w2) c -> (h w2) (b w) c", {"w2": 2}, [6, 4, 8, 3], [8, 24, 3]),
    ("b (h h2) (w w2) c -> (h w2) (b w) (h2 c)", {"h2": 2, "w2": 2}, [2, 4, 6, 3], [4, 6, 6]),
    ("(b1 b2 b3) h w c -> (h) (b1 w b2 b3) c", {"b1": 2, "b2": 3}, [6, 4, 5, 3], [4, 30, 3]),
    ("h w c -> w h c", {}, [4, 5, 3], [5, 4, 3]),
    ("b h w c -> 1 b h w 1 c", {}, [2, 4, 5, 3], [1, 2, 4, 5, 1, 3]),
    ("b h w c -> b 1 h w 1 c", {}, [2, 4, 5, 3], [2, 1, 4, 5, 1, 3]),
    ("b () h w () c -> b h w c", {}, [2, 1, 4, 5, 1, 3], [2, 4, 5, 3]),
    ("b 1 h w 1 c -> b () h w c", {}, [2, 1, 4, 5, 1, 3], [2, 1, 4, 5, 3]),
    ("... -> ...", {}, [2, 3, 4], [2, 3, 4]),
    ("... h w -> ... w h", {}, [2, 3, 4, 5], [2, 3, 5, 4]),
    ("b ... c -> b c ...", {}, [2, 3, 4, 5], [2, 5, 3, 4]),
    ("b ... c -> b c ...", {}, [2, 5], [2, 5]),
    ("b c ... -> b (...) c", {}, [2, 3, 4, 5], [2, 20, 3]),
    ("b ... c -> (b ... c)", {}, [2, 3, 4, 5], [120]),
    ("... -> (...)", {}, [], [1]),
    ("->", {}, [], []),
    ("-> 1 ()", {}, [], [1, 1]),
    ("1->", {}, [1], []),
    ("a->a", {}, [0], [0]),
    ("(a b) c -> b (c a)", {"a": 2}, [0, 3], [0, 6]),
    ("(a 1 b) -> b (1 a)", {"a": 2}, [6], [3, 2]),
    ("a(b c)d->a d(c b)", {"b": 2}, [2, 6, 5], [2, 5, 6]),
    ("  a   b  ->  b a ", {}, [2, 3], [3, 2]),
    ("größe ширина -> ширина größe", {}, [2, 3], [3, 2]),
    ("class if -> if class", {}, [2, 3], [3, 2]),
    ("a1_b2 B -> B a1_b2", {}, [2, 3], [3, 2]),
    ("b (c r1 r2) h w -> b c (h r1) (w r2)", {"r1": 2, "r2": 2}, [2, 12, 4, 5], [2, 3, 8, 10]),
    ("b c (h p) (w q) -> b (h w) (p q c)", {"p": 4, "q": 2}, [2, 3, 8, 6], [2, 6, 24]),
    ("b n (qkv h d) -> qkv b h n d", {"qkv": 3, "h": 4}, [2, 5, 24], [3, 2, 4, 5, 2]),
    ("b h n d -> b n (h d)", {}, [2, 4, 5, 6], [2, 5, 24]),
    ("b c (h ph) (w pw) -> b (c ph pw) h w", {"ph": 2, "pw": 2}, [1, 16, 8, 6], [1, 64, 4, 3]),
    ("b (g c) h w -> b (c g) h w", {"g": 2}, [2, 8, 3, 3], [2, 8, 3, 3]),
    ("b (x w1) (y w2) d -> b x y w1 w2 d", {"w1": 7, "w2": 7}, [2, 14, 21, 3], [2, 2, 3, 7, 7, 3]),
]
# fmt: on


@pytest.mark.parametrize(
    ("pattern", "sizes", "shape", "result"), EXAMPLES, ids=[e[0] for e in EXAMPLES]
)
@pytest.mark.filterwarnings("ignore:It is discouraged:RuntimeWarning")
def test_examples(pattern: str, sizes: Sizes, shape: list[int], result: list[int]) -> None:
    x = numbered(shape)
    y = rearrange(x, pattern, sizes)
    assert list(y.shape) == result
    np.testing.assert_array_equal(y, einops.rearrange(x, pattern, **sizes))
    text, all_sizes = pattern_inverse(pattern, sizes, shape)
    np.testing.assert_array_equal(rearrange(y, text, dict(all_sizes)), x)


# A refusal: code, pattern, sizes, shape, and the text in front of the caret (None: no place).
BIG = 10**6
ARROW = "pattern-arrow"
# fmt: off
ERRORS: list[tuple[str, str, Sizes, list[int], str | None]] = [
    (ARROW, "a b", {}, [2, 3], "a b"),
    (ARROW, "", {}, [], ""),
    (ARROW, "a b > b a", {}, [2, 3], "a b > b a"),
    (ARROW, "a b -> b a -> a b", {}, [2, 3], "a b -> b a "),
    ("pattern-character", "a, b -> b a", {}, [2, 3], "a"),
    ("pattern-character", "a\tb -> b a", {}, [2, 3], "a"),
    ("pattern-character", "a\u00a0b -> b a", {}, [2, 3], "a"),
    ("pattern-character", "a b -> b→a", {}, [2, 3], "a b -> b"),
    ("pattern-character", "a b -> [b] a", {}, [2, 3], "a b -> "),
    ("pattern-character", "a - b -> b a", {}, [2, 3], "a "),
    ("pattern-character", "ширина $ -> ширина", {}, [2, 3], "ширина "),
    ("pattern-character", "… a -> a …", {}, [2, 3], ""),
    ("pattern-parentheses", "(a b -> b a", {}, [6], ""),
    ("pattern-parentheses", "a b -> (b a", {}, [2, 3], "a b -> "),
    ("pattern-parentheses", "a b) -> b a", {}, [6], "a b"),
    ("pattern-parentheses", "a b -> b a)", {}, [6], "a b -> b a"),
    ("pattern-parentheses", ") a b ( -> b a", {}, [6], ""),
    ("pattern-nested", "((a b) c) -> a b c", {}, [6], "("),
    ("pattern-nested", "a b c -> (a (b c))", {}, [2, 3, 4], "a b c -> (a "),
    ("pattern-ellipsis", "a .. b -> b a ..", {}, [2, 3], "a "),
    ("pattern-ellipsis", "a . b -> b a", {}, [2, 3], "a "),
    ("pattern-ellipsis", "a .... -> .... a", {}, [2, 3], "a "),
    ("pattern-ellipsis", "a... -> ... a", {}, [2, 3], ""),
    ("pattern-ellipsis", "... a ... -> a ...", {}, [2, 3], "... a "),
    ("pattern-ellipsis", "... a -> ... a ...", {}, [2, 3], "... a -> ... a "),
    ("pattern-ellipsis", "(... a) -> a ...", {}, [6], "("),
    ("pattern-name", "_a b -> b _a", {}, [2, 3], ""),
    ("pattern-name", "a b_ -> b_ a", {}, [2, 3], "a "),
    ("pattern-name", "a _ -> _ a", {}, [2, 3], "a "),
    ("pattern-name", "a 2b -> 2b a", {}, [2, 3], "a "),
    ("pattern-anonymous", "a (b 2) -> a b", {}, [2, 6], "a (b "),
    ("pattern-anonymous", "a b -> a b 3", {}, [2, 3], "a b -> a b "),
    ("pattern-anonymous", "a 0 -> 0 a", {}, [2, 0], "a "),
    ("pattern-anonymous", "a 99999999999999999999 -> a", {}, [2, 3], "a "),
    ("pattern-duplicate", "a b a -> a b", {}, [2, 3, 2], "a b "),
    ("pattern-duplicate", "(a a) -> a", {}, [4], "(a "),
    ("pattern-duplicate", "a b -> b (a b)", {}, [2, 3], "a b -> b (a "),
    ("pattern-one-sided", "a b -> a b c", {}, [2, 3], "a b -> a b "),
    ("pattern-one-sided", "a b c -> c a", {}, [2, 3, 4], "a "),
    ("pattern-one-sided", "... a -> a", {}, [2, 3], ""),
    ("pattern-one-sided", "a -> (a ...)", {}, [2], "a -> (a "),
    ("pattern-rank", "a b c -> c b a", {}, [2, 3], "a b "),
    ("pattern-rank", "a b c -> c b a", {}, [], ""),
    ("pattern-rank", "a b -> b a", {}, [2, 3, 4], "a b "),
    ("pattern-rank", "-> 1", {}, [2], ""),
    ("pattern-rank", "a ... b -> b a ...", {}, [2], "a "),
    ("pattern-size-unknown", "a b -> b a", {"c": 2}, [2, 3], None),
    ("pattern-size-unknown", "a b -> b a", {"A": 2}, [2, 3], None),
    ("pattern-size-value", "a (b c) -> a b c", {"c": -1}, [2, 6], "a (b "),
    ("pattern-divide", "a (b c) -> a b c", {"c": 4}, [2, 6], "a "),
    ("pattern-divide", "a (b c) -> a b c", {"b": 7}, [2, 6], "a "),
    ("pattern-divide", "a (b c) -> a b c", {"b": 0}, [2, 6], "a "),
    ("pattern-divide", "a (b c) -> a b c", {"b": 0}, [2, 0], "a "),
    ("pattern-divide", "(a b c d) -> a b c d", {"a": 2**62, "b": 2**62, "c": 3}, [6], ""),
    ("pattern-two-unknown", "a (b c) -> a b c", {}, [2, 6], "a "),
    ("pattern-two-unknown", "(a b c) -> a b c", {"b": 2}, [6], ""),
    ("pattern-contradiction", "a b -> b a", {"b": 4}, [2, 3], "a "),
    ("pattern-contradiction", "a (b c) -> b a c", {"b": 2, "c": 2}, [2, 6], "a "),
    ("pattern-contradiction", "a 1 b -> b a", {}, [2, 3, 4], "a "),
    ("pattern-contradiction", "a () -> a", {}, [2, 3], "a "),
    ("pattern-contradiction", "(a b) -> b a", {"a": 2**62, "b": 4}, [0], ""),
]
# fmt: on


@pytest.mark.parametrize(
    ("code", "pattern", "sizes", "shape", "before"), ERRORS, ids=[f"{e[0]}: {e[1]}" for e in ERRORS]
)
def test_refusals(
    code: str, pattern: str, sizes: Sizes, shape: list[int], before: str | None
) -> None:
    with pytest.raises(sw.PatternError) as refused:
        pattern_axes(pattern, sizes, shape)
    error = refused.value
    assert error.code == code
    assert error.text == pattern
    if before is None:
        assert error.position is None
    else:
        assert error.position == len(before)
        text, caret = error.facts["where"].split("\n")
        assert text == pattern.replace("\t", " ")
        assert caret == " " * len(before) + "^"
    if sizes.get("a", 0) < BIG and "…" not in pattern:
        with pytest.raises((einops.EinopsError, ValueError, ZeroDivisionError)):
            einops.rearrange(numbered(shape), pattern, **sizes)


# fmt: off
MESSAGES: list[tuple[str, Sizes, list[int], str]] = [
    ("b h (w w1) -> b h w w1", {"w1": 2}, [1, 6, 83],
     "axis (w w1) = 83 cannot be split by 2: nearest are 82 and 84; pad by 1 or crop by 1"),
    ("(h h1) -> h h1", {"h1": 14}, [225],
     "axis (h h1) = 225 cannot be split by 14: nearest are 224 and 238; pad by 13 or crop by 1"),
    ("(h h1) -> h h1", {"h1": 14}, [5],
     "axis (h h1) = 5 cannot be split by 14: the least is 14; pad by 9"),
    ("a (b c) -> a b c", {}, [2, 6],
     "the sizes of b and c cannot both be found from axis 1 = 6"),
    ("a b c -> c b a", {}, [2, 3], "the pattern wants 3 axes, the array has 2"),
    ("a ... b -> b a ...", {}, [2], "the pattern wants at least 2 axes, the array has 1"),
    ("a (b c) -> b a c", {"b": 2, "c": 2}, [2, 6],
     "axis 1 of the array has size 6, the pattern says (b c) = 4"),
    ("a 1 -> a", {}, [2, 3], "axis 1 of the array has size 3, the pattern says 1"),
    ("a b -> a c", {}, [2, 3], "axis 'c' is on the right side alone"),
]
# fmt: on


@pytest.mark.parametrize(("pattern", "sizes", "shape", "message"), MESSAGES)
def test_messages(pattern: str, sizes: Sizes, shape: list[int], message: str) -> None:
    with pytest.raises(sw.PatternError) as refused:
        pattern_axes(pattern, sizes, shape)
    assert refused.value.message == message


def test_a_refusal_reads_well() -> None:
    with pytest.raises(sw.PatternError) as refused:
        pattern_axes("b (h w c -> b c h w", {"h": 14}, [2, 588])
    assert (
        str(refused.value)
        == """\
'(' is never closed
  pattern   b (h w c -> b c h w
  position  2
  where     b (h w c -> b c h w
              ^"""
    )


def test_very_long_patterns_are_refused_quickly() -> None:
    names = " ".join(f"a{i}" for i in range(100_000))
    with pytest.raises(sw.PatternError) as refused:
        pattern_axes(f"{names} -> {names}", {}, [1])
    assert refused.value.code == "pattern-too-long"
    with pytest.raises(sw.PatternError):
        pattern_axes("1 " * 1_000_000 + "->", {}, [1])


def test_axes() -> None:
    axes = pattern_axes("b (h w) ... -> b ... h w", {"h": 14}, [2, 196, 3])
    assert axes == [("b", 2), ("h", 14), ("w", 14)]


# fmt: off
INVERSES: list[tuple[str, Sizes, list[int], str]] = [
    ("b (h w) c -> b c h w", {"h": 14}, [2, 196, 3], "b c h w -> b (h w) c"),
    ("b 1 c -> c () b", {}, [2, 1, 3], "c () b -> b 1 c"),
    ("... c -> c ...", {}, [2, 4, 3], "c ... -> ... c"),
    ("... c -> (... c)", {}, [2, 4, 3], "(e0 e1 c) -> e0 e1 c"),
    ("... e0 -> (... e0)", {}, [2, 4, 3], "(ee0 ee1 e0) -> ee0 ee1 e0"),
    ("... c -> (... c)", {}, [3], "(c) -> c"),
    ("1 ->", {}, [1], "-> 1"),
]
# fmt: on


@pytest.mark.parametrize(("pattern", "sizes", "shape", "inverse"), INVERSES)
def test_inverse_text(pattern: str, sizes: Sizes, shape: list[int], inverse: str) -> None:
    assert pattern_inverse(pattern, sizes, shape)[0] == inverse


def test_inverse_pins_all_sizes() -> None:
    _, sizes = pattern_inverse("b (h w) ... -> b (...) h w", {"h": 14}, [2, 196, 3, 5])
    assert dict(sizes) == {"b": 2, "h": 14, "w": 14, "e0": 3, "e1": 5}


def random_pattern(rng: random.Random) -> tuple[str, Sizes, list[int]]:
    """A pattern that is right, sizes enough for it, and a shape that fits."""
    names = rng.sample(string.ascii_lowercase, rng.randrange(6))
    lengths = {n: rng.choice([1, 2, 3, 4]) for n in names}
    sizes: Sizes = {}
    left, shape = [], []
    rest = list(names)
    while rest:
        group = [rest.pop(0) for _ in range(rng.choice([1, 1, 2, 3])) if rest]
        open_name = rng.choice(group)
        sizes |= {n: lengths[n] for n in group if n != open_name or rng.random() < 0.2}
        in_parentheses = len(group) > 1 or rng.random() < 0.2
        left.append(f"({' '.join(group)})" if in_parentheses else group[0])
        shape.append(int(np.prod([lengths[n] for n in group])))
    if rng.random() < 0.3:
        place = rng.randrange(len(left) + 1)
        dots = [rng.choice([1, 2, 3]) for _ in range(rng.randrange(3))]
        left[place:place], shape[place:place] = ["..."], dots
        names.append("...")
    elif rng.random() < 0.2:
        place = rng.randrange(len(left) + 1)
        left[place:place], shape[place:place] = [rng.choice(["1", "()"])], [1]
    rng.shuffle(names)
    right = []
    while names:
        group = [names.pop(0) for _ in range(rng.choice([1, 1, 2, 3])) if names]
        in_parentheses = len(group) > 1 or rng.random() < 0.2
        right.append(f"({' '.join(group)})" if in_parentheses else group[0])
    if rng.random() < 0.2:
        right.insert(rng.randrange(len(right) + 1), rng.choice(["1", "()"]))
    return f"{' '.join(left)} -> {' '.join(right)}", sizes, shape


@pytest.mark.parametrize("seed", range(10))
def test_random_patterns_agree_with_einops(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        pattern, sizes, shape = random_pattern(rng)
        x = numbered(shape)
        y = rearrange(x, pattern, sizes)
        np.testing.assert_array_equal(y, einops.rearrange(x, pattern, **sizes), pattern)
        text, all_sizes = pattern_inverse(pattern, sizes, shape)
        np.testing.assert_array_equal(rearrange(y, text, dict(all_sizes)), x, pattern)


def outcome(call: Any) -> Ints | None:
    try:
        return np.asarray(call())
    except (einops.EinopsError, ValueError, ZeroDivisionError):  # PatternError is a ValueError
        return None


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.filterwarnings("ignore:It is discouraged:RuntimeWarning")
def test_damaged_patterns_are_refused_as_einops_refuses_them(seed: int) -> None:
    rng = random.Random(100 + seed)
    refused = 0
    for _ in range(200):
        pattern, sizes, shape = random_pattern(rng)
        for _ in range(rng.choice([1, 1, 2])):
            i = rng.randrange(len(pattern) + 1)
            insert = rng.choice(["", "", "(", ")", ".", "1", "2", "_", "a", " ", "->", "..."])
            pattern = pattern[:i] + insert + pattern[i + rng.choice([0, 1]) :]
        if rng.random() < 0.2 and sizes:
            sizes[rng.choice(list(sizes))] += 1
        if rng.random() < 0.1 and shape:
            shape[rng.randrange(len(shape))] += 1
        x = numbered(shape)
        ours = outcome(lambda: rearrange(x, pattern, sizes))  # noqa: B023
        theirs = outcome(lambda: einops.rearrange(x, pattern, **sizes))  # noqa: B023
        assert (ours is None) == (theirs is None), (pattern, sizes, shape)
        if ours is None:
            refused += 1
        else:
            np.testing.assert_array_equal(ours, theirs, pattern)
    assert refused > 50


def test_strides_are_those_of_the_source() -> None:
    x = numbered([4, 6, 5])[::2, ::-1].transpose(2, 0, 1)
    view = pattern_view("a b (c d) -> d (a c) b", {"d": 3}, list(x.shape), list(x.strides))
    assert view.shape == [3, 10, 2]
    assert isinstance(view, View)
    _, [(_, [(_, _, _, _, digits)])], _ = view.lower(4)
    assert digits == [(3, -20, 80, 0), (5, 4, 16, 0), (2, -60, 8, 0), (2, 240, 4, 0)]
