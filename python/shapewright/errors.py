"""Every error of shapewright: data first, text second.

>>> error = ShapeError(
...     "MatMul cannot contract A axis 1 with B axis 0: 768 != 512",
...     code="matmul-contract",
...     facts={"A": "f32[B, 768]", "B": "f32[512, 768]"},
...     node="encoder.proj",
...     hint="axis 1 of B is 768: transpose it",
... )
>>> print(error)
MatMul cannot contract A axis 1 with B axis 0: 768 != 512
  node  encoder.proj
  A     f32[B, 768]
  B     f32[512, 768]
  hint  axis 1 of B is 768: transpose it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IN_THE_MESSAGE = ("left", "right")  # the two sizes: data for programs, said by the sentence itself


def format_block(message: str, node: str, facts: Mapping[str, str], hint: str) -> str:
    """A message that stands alone, then its facts with their labels aligned."""
    rows = [("node", node)] if node and "node" not in facts else []
    rows += [row for row in facts.items() if row[0] not in IN_THE_MESSAGE]
    if hint:
        rows.append(("hint", hint))
    width = max((len(label) for label, _ in rows), default=0)
    lines = [message]
    for label, text in rows:
        first, *rest = text.splitlines() or [""]
        lines.append(f"  {label:<{width}}  {first}".rstrip())
        lines += [f"  {'':<{width}}  {line}".rstrip() for line in rest]
    return "\n".join(lines)


class ShapewrightError(Exception):
    """Base of every error. `code` is stable; `shapewright explain CODE` prints its page."""

    code: str
    message: str
    facts: dict[str, str]
    node: str
    hint: str

    def __init__(
        self,
        message: str,
        *,
        code: str,
        facts: Mapping[str, str] | None = None,
        node: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.facts = dict(facts or {})
        self.node = node
        self.hint = hint

    def __str__(self) -> str:
        return format_block(self.message, self.node, self.facts, self.hint)

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self.message, self.code, self.facts, self.node, self.hint)
        return _rebuild, (type(self), *state)

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON-ready data: type, code, message, node, facts, hint."""
        return {
            "type": type(self).__name__,
            "code": self.code,
            "message": self.message,
            "node": self.node or None,
            "facts": dict(self.facts),
            "hint": self.hint or None,
        }

    def _number(self, label: str) -> int | None:
        try:
            return int(self.facts[label])
        except (KeyError, ValueError):
            return None


def _rebuild(
    cls: type[ShapewrightError],
    message: str,
    code: str,
    facts: dict[str, str],
    node: str,
    hint: str,
) -> ShapewrightError:
    return cls(message, code=code, facts=facts, node=node, hint=hint)


class ModelError(ShapewrightError):
    """The model cannot be read."""

    @property
    def path(self) -> str | None:
        """The file, if there is one."""
        return self.facts.get("path")

    @property
    def byte_offset(self) -> int | None:
        """Where in the file, counted from 0."""
        return self._number("byte offset")


class FormatError(ModelError):
    """The bytes are not what the format demands."""


class LimitExceeded(ModelError):
    """The model is past a limit that keeps hostile input harmless."""


class UnsupportedOpError(ModelError):
    """There is no rule for an operator, and the caller asked for one."""

    @property
    def domain(self) -> str | None:
        """Domain of the operator; "" is ai.onnx."""
        return self.facts.get("domain")

    @property
    def op(self) -> str | None:
        """Name of the operator."""
        return self.facts.get("op")

    @property
    def version(self) -> int | None:
        """Opset version in force."""
        return self._number("version")


class ShapeError(ShapewrightError, ValueError):
    """Operands do not fit each other."""

    @property
    def op(self) -> str | None:
        """The operator that refuses."""
        return self.facts.get("op")

    @property
    def axis(self) -> int | None:
        """The axis that disagrees."""
        return self._number("axis")

    @property
    def left(self) -> str | None:
        """The size on the left of the comparison."""
        return self.facts.get("left")

    @property
    def right(self) -> str | None:
        """The size on the right of the comparison."""
        return self.facts.get("right")


class DimError(ShapewrightError, ValueError):
    """A symbolic size is wrong: its text, its bounds or the sizes given for it."""


class UnboundSymbolError(DimError):
    """A number was asked for while a symbol has no size."""


class ConstraintError(DimError):
    """The sizes given break what the model demands of its inputs."""


class InconclusiveError(DimError):
    """A comparison of symbolic sizes can go either way."""


class DimOverflowError(DimError, OverflowError):
    """A size does not fit in 64 bits."""


class LayoutError(ShapewrightError, ValueError):
    """An array cannot be rearranged as asked."""


class PatternError(LayoutError):
    """The text of a rearrangement is malformed or does not match the array."""

    @property
    def text(self) -> str | None:
        """The pattern."""
        return self.facts.get("pattern")

    @property
    def position(self) -> int | None:
        """Where in the pattern, in characters counted from 0."""
        return self._number("position")


class OverlapError(LayoutError):
    """The destination shares memory with the source, or with itself."""


class WillNotFit(ShapewrightError):
    """The model needs more memory than there is, even by the lower bound."""

    @property
    def needed(self) -> int | None:
        """Bytes needed."""
        return self._number("needed")

    @property
    def budget(self) -> int | None:
        """Bytes there are."""
        return self._number("budget")
