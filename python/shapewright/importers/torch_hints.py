"""Concrete sizes that a trace runs with. What the trace compares with them becomes a guard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# Rare as constants of models, so that no comparison holds by chance; multiples of 32, as networks
# with strides want them.
_FIRST_AXIS = 6
_OTHER = (192, 224, 160, 256, 288, 320, 352, 384)
_MAX_ATTEMPTS = 7
_LEAST_TOLD = 8  # a smaller number in a message is an axis or a count, no size of an input

Bounds = Mapping[str, tuple[int, "int | None"]]


def first_hints(symbols: Mapping[str, bool], bounds: Bounds) -> dict[str, int]:
    """Sizes for the first attempt; `symbols` tells which are the first axis of an input.

    >>> first_hints({"N": True, "H": False, "W": False}, {"W": (1, 64)})
    {'N': 6, 'H': 192, 'W': 64}
    """
    others = iter(range(8 * len(symbols)))
    hints: dict[str, int] = {}
    for name, is_first in symbols.items():
        size = _FIRST_AXIS if is_first else _OTHER[next(others) % len(_OTHER)]
        hints[name] = _within(size, *bounds.get(name, (1, None)))
    return hints


def further_hints(
    symbols: Mapping[str, bool], bounds: Bounds, message: str
) -> Iterator[dict[str, int]]:
    """Sizes for more attempts, once the model has refused the first with `message`."""
    inner = [name for name, is_first in symbols.items() if not is_first]
    first = first_hints(symbols, bounds)
    tried = [first]
    told = [n for n in told_sizes(message) if n not in first.values()]
    # Last, all alike: a first axis may have to equal another one, as that of a square matrix.
    for attempt in (*_attempts(inner, told), dict.fromkeys(symbols, 224)):
        sizes = {**first, **attempt}
        sizes = {n: _within(size, *bounds.get(n, (1, None))) for n, size in sizes.items()}
        if sizes not in tried and len(tried) < _MAX_ATTEMPTS:
            tried.append(sizes)
            yield sizes


def told_sizes(message: str) -> list[int]:
    """Numbers of a message that may be sizes, each once."""
    unnamed = re.sub(r"\b[suzf]+\d+", "", message)  # without PyTorch's own symbols: s85
    numbers = dict.fromkeys(int(n) for n in re.findall(r"\d+", unnamed))
    return [n for n in numbers if _LEAST_TOLD <= n <= 1 << 20]


def _attempts(inner: list[str], told: list[int]) -> Iterator[dict[str, int]]:
    # A table of 64 positions takes any size below; a model that takes one size says which:
    # "Input image size (192*224) doesn't match model (30*30)".
    for number in told:
        yield dict.fromkeys(inner, number - number // 4)
        yield dict.fromkeys(inner, number)
    yield dict.fromkeys(inner, 224)
    yield {name: 8 * (i + 2) for i, name in enumerate(inner)}
    yield {name: 4096 + 512 * i for i, name in enumerate(inner)}


def _within(size: int, low: int, high: int | None) -> int:
    if high is not None and size > high:
        size = high
    return max(size, low)
