"""`sw.Dim`: canonical, checked, and honest where an answer depends on the sizes."""

from __future__ import annotations

import pickle
import random
import threading

import pytest

import shapewright as sw
from shapewright import Dim

N, L = Dim("N"), Dim("L")

EQUAL = [
    (N + N, Dim("2*N")),
    (N * 3 - N, Dim("2*N")),
    ((N + 1) * (N - 1), Dim("N*N - 1")),
    ((4 * N + 3) // 4, N),
    (N % 1, Dim(0)),
    (Dim.ceildiv(N, 3), (N + 2) // 3),
    (Dim.ceildiv(N, 2), (N + 1) // 2),
    (Dim.max(N, 1), N),
    (Dim.min(N, 0), Dim(0)),
    (-N, 0 - N),
    (5 - N, Dim("5 - N")),
    (17 // N, Dim("17//N")),
    (17 % N, Dim("17 % N")),
    (Dim("max(N, L)"), Dim.max(L, N)),
    (Dim("floor(N/2 - 1/2) + 1"), (N - 1) // 2 + 1),
]


@pytest.mark.parametrize(("a", "b"), EQUAL, ids=lambda d: str(d))
def test_equal_expressions_are_equal_objects(a: Dim, b: Dim) -> None:
    assert a == b
    assert hash(a) == hash(b)
    assert str(a) == str(b)


def test_different_expressions_differ() -> None:
    assert N != L
    assert N != N + 1
    assert N != "N"
    assert N != 1


def test_a_number_equals_its_dim() -> None:
    assert Dim(3) == 3
    assert Dim("3") == 3
    assert hash(Dim(3)) == hash(3)
    assert {Dim(3): "x"}[3] == "x"  # type: ignore[index]
    assert int(Dim("1 + 2")) == 3


@pytest.mark.parametrize("text", ["2*N + L//16", "max(N, L) - 1", "N % 8", "min(4, L)*N", "-N + 7"])
def test_text_parses_back(text: str) -> None:
    d = Dim(text)
    assert Dim(str(d)) == d
    assert eval(repr(d)) == d
    assert pickle.loads(pickle.dumps(d)) == d


def test_bind() -> None:
    d = Dim("2*N + L//16")
    assert d.bind(N=3) == Dim("L//16 + 6")
    assert d.bind(N=3, L=32) == 8
    assert type(d.bind(N=3, L=32)) is int
    assert d.bind(N=L) == 2 * L + L // 16
    assert d.bind(other=1) == d


def test_bind_outside_bounds_is_refused() -> None:
    with pytest.raises(sw.DimError, match="outside the bounds") as refused:
        N.bind(N=0)
    assert refused.value.code == "symbol-bounds"


def test_symbols_and_bounds() -> None:
    assert Dim("2*N + L").symbols == frozenset({"N", "L"})
    assert Dim(7).symbols == frozenset()
    assert N.bounds == (1, None)
    assert Dim("2*N + 3").bounds == (5, None)
    assert Dim("N % 8").bounds == (0, 7)
    assert Dim(7).bounds == (7, 7)


def test_comparisons_decide_or_say_that_they_cannot() -> None:
    assert N < N + 1
    assert N >= 1
    assert not N > N * 2
    assert N <= 2 * N
    with pytest.raises(sw.InconclusiveError) as open_question:
        _ = N < L
    assert open_question.value.facts == {"left": "N", "right": "L"}
    assert bool(N)
    assert not Dim(0)
    with pytest.raises(sw.InconclusiveError):
        bool(N - 1)


def test_prove() -> None:
    assert sw.prove_le(N, N + 1) is True
    assert sw.prove_le(N + 1, N) is False
    assert sw.prove_le(N, 7) is None
    assert sw.prove_le(1, N) is True
    assert sw.prove_eq(N + 1, 1 + N) is True
    assert sw.prove_eq(N, 0) is False
    assert sw.prove_eq(N, L) is None


@pytest.mark.parametrize("size", [2**63, -(2**63) - 1, 2**200])
def test_numbers_past_64_bits(size: int) -> None:
    with pytest.raises(sw.DimOverflowError):
        Dim(size)
    with pytest.raises(sw.DimOverflowError):
        N + size
    with pytest.raises(sw.DimOverflowError):
        N.bind(N=size)


def test_overflow() -> None:
    with pytest.raises(sw.DimOverflowError):
        (N * 2**62).bind(N=2)
    with pytest.raises(sw.DimError, match="undefined"):
        N // 0


def test_a_product_that_fits_though_not_multiplied_out() -> None:
    k = 2**40
    product = k * (Dim.max(N, k) - k) * (k * (Dim.max(L, k) - k))
    assert product.bind(N=k, L=k + 2) == 0
    with pytest.raises(sw.DimOverflowError):
        product.bind(N=k + 1, L=k + 1)
    with pytest.raises(sw.DimOverflowError):  # at no size
        (k * N) * (k * L)
    # What is computed on the way may need more than 64 bits.
    square = 5 * (Dim.max(N, k) - k) * (Dim.max(N, k) - k) * 2**60
    assert square.bind(N=8) == 0
    assert square.bind(N=k + 1) == 5 * 2**60
    with pytest.raises(sw.DimOverflowError):
        square.bind(N=k + 2)
    total = (2**62 * N - 2**62) + (2**62 * L - 2**62) + 2**62
    assert total.bind(N=1, L=1) == 2**62


@pytest.mark.parametrize("text", ["", "N +", "(N", "N ** x", "3..4", "N $ 2", "1e5"])
def test_bad_text(text: str) -> None:
    with pytest.raises(sw.DimError) as refused:
        Dim(text)
    assert refused.value.code == "dim-syntax"


def test_a_free_dim_is_no_number() -> None:
    with pytest.raises(sw.UnboundSymbolError):
        int(N)
    with pytest.raises(TypeError):
        N + 1.5
    with pytest.raises(TypeError):
        Dim(1.5)


def test_latex() -> None:
    assert "floor" in Dim("N//2").latex()
    assert Dim("N//2")._repr_latex_() == f"${Dim('N//2').latex()}$"


def test_random_expressions_against_integers() -> None:
    rng = random.Random(0)
    for _ in range(300):
        text = _random_text(rng, 4)
        try:
            d = Dim(text)
        except (sw.DimOverflowError, sw.DimError):
            continue
        for _ in range(5):
            sizes = {name: rng.randint(1, 9) for name in "NLH"}
            try:
                wanted = eval(text, {"max": max, "min": min}, sizes)
            except ZeroDivisionError:
                continue
            assert d.bind(**sizes) == wanted, (text, sizes)


def _random_text(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(["N", "L", "H", str(rng.randint(1, 9))])
    a, b = _random_text(rng, depth - 1), _random_text(rng, depth - 1)
    form = rng.choice(
        ["({a} + {b})", "({a} - {b})", "({a} * {b})", "max({a}, {b})", "min({a}, {b})"]
    )
    if rng.random() < 0.3:
        form = rng.choice(["({a} // {k})", "({a} % {k})"])
    return form.format(a=a, b=b, k=rng.randint(1, 8))


def test_threads() -> None:
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for i in range(300):
                d = Dim(f"a{(seed + i) % 7} * 3 + b{i % 5}") // 2
                assert Dim(str(d)) == d
                assert d.bind(**{f"a{(seed + i) % 7}": 2, f"b{i % 5}": 4}) == 5
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_dims_of_a_report_equal_those_one_writes() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4]")
    g.output(g.add("Concat", x, x, axis=0, name="y"))
    report = sw.check(g, dims={"N": (1, 64)})
    shape = report.values["y"].shape
    assert shape is not None
    size = shape[0]
    assert isinstance(size, Dim)
    assert size == Dim("2*N")
    assert Dim("2*N") == size
    assert hash(size) == hash(Dim("2*N"))
    assert size.bounds == (2, 128)
    assert size <= 128
    assert (Dim("N") + size).bounds == (3, 192)  # what one writes takes the bounds of the report
    del report
    assert str(size * size) == "4*N**2"
