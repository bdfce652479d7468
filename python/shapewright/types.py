"""Types of tensors: an element type and a shape of numbers and symbolic sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from shapewright._core import Dim
from shapewright.errors import ShapeError

Shape = tuple["int | Dim | None", ...]
Container = Literal["tensor", "sequence", "optional", "optional-sequence", "map"]


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and shape; a dim of None is not known, nor is a shape of None.

    >>> str(TensorType("f32", (Dim("N"), 3, None)))
    'f32[N, 3, ?]'

    The type of a sequence or of an optional is that of its elements, with `container` other than
    `"tensor"`; `length` is that of a sequence, None if it is not known.

    >>> str(TensorType("f32", (Dim("N"), 3), "sequence", 2))
    'seq(f32[N, 3], 2)'
    """

    dtype: str
    shape: Shape | None
    container: Container = "tensor"
    length: int | Dim | None = None

    def __str__(self) -> str:
        dims = ["..."] if self.shape is None else ["?" if d is None else str(d) for d in self.shape]
        text = f"{self.dtype}[{', '.join(dims)}]"
        if self.container.endswith("sequence"):
            text = f"seq({text})" if self.length is None else f"seq({text}, {self.length})"
        if self.container == "map":
            return f"map({text})"
        return f"optional({text})" if self.container.startswith("optional") else text

    @classmethod
    def parse(cls, text: str) -> TensorType:
        """Reads `"f32[N, 3, 2*L + 1]"`; `"f32"` and `"f32[...]"` have unknown rank, `?` is unknown.

        >>> TensorType.parse("i64[B, 2*L]").shape[1].bind(L=8)
        16

        A sequence is `"seq(f32[N, 3])"`, or `"seq(f32[N, 3], 2)"` with its length, an optional
        `"optional(f32[N, 3])"` or `"optional(seq(f32[N, 3]))"`, a map `"map(f32)"` of its values.
        """
        if inside := _inside(text, "optional"):
            held = cls.parse(inside)
            container: Container = (
                "optional-sequence" if held.container == "sequence" else "optional"
            )
            return replace(held, container=container)
        if inside := _inside(text, "map"):
            return replace(cls.parse(inside), container="map")
        if inside := _inside(text, "seq"):
            comma = inside.find(",", max(0, inside.rfind("]")))
            held = cls.parse(inside if comma < 0 else inside[:comma])
            length = None if comma < 0 else _parse_dim(inside[comma + 1 :].strip())
            return replace(held, container="sequence", length=length)
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


def _inside(text: str, name: str) -> str:
    """What stands in the parentheses of `name(...)`, "" if the text is no such call."""
    text = text.strip()
    if not (text.startswith(name) and text.removeprefix(name).lstrip().startswith("(")):
        return ""
    if not text.endswith(")"):
        message = f"type {text!r} is not understood: its closing parenthesis is missing"
        raise ShapeError(message, code="type-syntax", hint="write seq(f32[N, 3])")
    return text.partition("(")[2][:-1].strip()


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
