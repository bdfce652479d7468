"""Sizes of a symbol that the model reads as a plain number, from traces at several values of it.

Each trace knows the symbol only as a number. A size that is a polynomial of degree two or less in
it is found from three traces; the fourth must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapewright._core import Dim
from shapewright.errors import DimError
from shapewright.types import TensorType

POINTS = 4
Row = tuple[str, Any]


class NoFit(Exception):
    """The traces are not of one shape, or a size is no such polynomial."""


def values_near(hint: int) -> list[int]:
    """The values to trace at, a step apart; the first is the one traced already."""
    step = max(2, hint // 8)
    return [hint + i * step for i in range(POINTS)]


def fitted_rows(symbol: str, values: Sequence[int], traces: Sequence[list[Row]]) -> list[Row]:
    """The rows of the first trace with their sizes in the symbol; raises `NoFit`."""
    if len({len(rows) for rows in traces}) != 1:
        raise NoFit
    fit = _Fit(symbol, values)
    return [fit.row(same_row) for same_row in zip(*traces, strict=True)]


class _Fit:
    def __init__(self, symbol: str, values: Sequence[int]) -> None:
        self._distance = Dim(symbol) - values[0]
        self._step = values[1] - values[0]
        self._known: dict[tuple[str, ...], str] = {}

    def row(self, rows: Sequence[Row]) -> Row:
        domain, first = rows[0]
        # Operator, operands, module and line are one; sizes are in attributes and types.
        if len({(d, r[0], tuple(r[1]), r[4], r[5], len(r[7])) for d, r in rows}) != 1:
            raise NoFit
        attrs = {name: self._attr([r[2].get(name) for _, r in rows]) for name in first[2]}
        types = [self._type(texts) for texts in zip(*(r[7] for _, r in rows), strict=True)]
        return domain, (*first[:2], attrs, *first[3:7], types)

    def _attr(self, values: Sequence[Any]) -> Any:
        if all(value == values[0] for value in values):
            return values[0]
        if all(isinstance(value, list) and len(value) == len(values[0]) for value in values):
            items = [self._attr(item) for item in zip(*values, strict=True)]
            return [str(i) for i in items] if any(isinstance(i, str) for i in items) else items
        if any(isinstance(value, (float, type(None))) for value in values):
            return values[0]  # 1 / sqrt(size) and the like: no size, and of no weight
        return self._size([str(value) for value in values])

    def _type(self, texts: Sequence[str]) -> str:
        if all(text == texts[0] for text in texts):
            return texts[0]
        types = [TensorType.parse(text) for text in texts]
        shapes = [type.shape or () for type in types]
        if len({len(shape) for shape in shapes}) != 1:
            raise NoFit
        sizes = [self._size([str(dim) for dim in dims]) for dims in zip(*shapes, strict=True)]
        return f"{types[0].dtype}[{', '.join(sizes)}]"

    def _size(self, texts: Sequence[str]) -> str:
        if all(text == texts[0] for text in texts):
            return texts[0]
        key = tuple(texts)
        if key not in self._known:
            try:
                self._known[key] = str(self._polynomial([Dim(text) for text in texts]))
            except DimError as error:
                raise NoFit from error
        return self._known[key]

    def _polynomial(self, sizes: Sequence[Dim]) -> Dim:
        """Newton's form of degree two; exact at every point or refused."""
        step = self._step
        first = _exact(sizes[1] - sizes[0], step)
        second = _exact(sizes[2] - 2 * sizes[1] + sizes[0], 2 * step * step)

        def at(distance: Any) -> Any:
            return sizes[0] + first * distance + second * distance * (distance - step)

        if any(at(i * step) != size for i, size in enumerate(sizes)):
            raise NoFit
        return Dim(str(at(self._distance)))


def _exact(size: Any, divisor: int) -> Any:
    quotient = size // divisor
    if quotient * divisor != size:
        raise NoFit
    return quotient
