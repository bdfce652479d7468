"""Types of tensors: an element type and a shape of numbers and symbolic sizes."""

from __future__ import annotations

from dataclasses import dataclass

from shapewright._core import Dim
from shapewright.errors import ShapeError

Shape = tuple["int | Dim | None", ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and shape; a dim of None is not known, nor is a shape of None.

    >>> str(TensorType("f32", (Dim("N"), 3, None)))
    'f32[N, 3, ?]'
    """

    dtype: str
    shape: Shape | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype}[...]"
        return f"{self.dtype}[{', '.join('?' if d is None else str(d) for d in self.shape)}]"

    @classmethod
    def parse(cls, text: str) -> TensorType:
        """Reads `"f32[N, 3, 2*L + 1]"`; `"f32"` and `"f32[...]"` have unknown rank, `?` is unknown.

        >>> TensorType.parse("i64[B, 2*L]").shape[1].bind(L=8)
        16
        """
        dtype, bracket, rest = text.strip().partition("[")
        dtype = dtype.strip()
        if not bracket or rest.strip() == "...]":
            return cls(dtype, None)
        if not rest.rstrip().endswith("]"):
            message = f"type {text!r} is not understood: its shape has no closing bracket"
            raise ShapeError(message, code="type-syntax", hint="write f32[N, 3, 224, 224]")
        return cls(dtype, tuple(_parse_dim(d) for d in split_dims(rest.rstrip()[:-1])))

    @property
    def rank(self) -> int | None:
        """Number of axes, None if unknown."""
        return None if self.shape is None else len(self.shape)


def split_dims(text: str) -> list[str]:
    """The dims of a shape: commas inside parentheses or quotes do not divide.

    >>> split_dims("N, max(H, W), 3")
    ['N', 'max(H, W)', '3']
    """
    dims: list[str] = []
    depth = start = 0
    quote = ""
    for position, letter in enumerate(text):
        if quote or letter in "\"'":
            quote = letter if not quote else quote * (letter != quote)
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0 and not quote:
            dims.append(text[start:position].strip())
            start = position + 1
    last = text[start:].strip()
    if last or dims:
        dims.append(last)
    return dims


def _parse_dim(text: str) -> int | Dim | None:
    if text == "?":
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    return Dim(text)
