"""What a relation between sizes comes to once they are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def size_at(dim: Any, sizes: Mapping[str, int]) -> int:
    """An int or a `Dim` at given sizes. Raises `KeyError` where one that it needs is missing."""
    if isinstance(dim, int):
        return dim
    return int(dim.bind(**{name: sizes[name] for name in dim.symbols}))


def holds(relation: str, left: int, right: int) -> bool:
    """Whether `left` "divides" `right`, is "at-most" or "equal" to it."""
    if relation == "divides":
        return right % left == 0
    return left <= right if relation == "at-most" else left == right
