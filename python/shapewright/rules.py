"""Rules of the user's own, for operators that shapewright has no row for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from shapewright._core import Dim
from shapewright.errors import ShapeError, ShapewrightError
from shapewright.types import TensorType

Rule = Callable[..., Any]

_rules: dict[tuple[str, str], Rule] = {}


@overload
def register_op(name: str) -> Callable[[Rule], Rule]: ...
@overload
def register_op(name: str, rule: Rule) -> None: ...
def register_op(name: str, rule: Rule | None = None) -> Callable[[Rule], Rule] | None:
    """Gives an operator of your own a rule: from its inputs and attributes to its output.

    >>> register_op("com.acme::Twice", lambda x, attrs: (*x.shape[:-1], x.shape[-1] * 2))

    The rule is called with a `TensorType` for each input of the node (None for an omitted one) and
    the attributes as a dict. It returns a shape, whose dtype is that of the first input, or a
    `TensorType`, or a text such as `"i64[N, 8]"`; a list of these where the operator has several
    outputs. Raising `ShapeError` refuses the operands: that is a finding at the node. A result that
    is no type, or any other exception, ends the check with `user-rule`. A rule for an operator that
    shapewright knows is never asked; a second rule replaces the first, and None as the result
    leaves the operator unknown. Without `rule` this is a decorator.
    """
    domain, separator, op = name.rpartition("::")
    if not separator or not op:
        message = f"an operator is named by its domain and its name, not {name!r}"
        raise ShapewrightError(message, code="option-value", hint='"com.acme::Foo"')
    key = ("" if domain == "ai.onnx" else domain, op)

    def register(rule: Rule) -> Rule:
        if not callable(rule):
            message = f"the rule of {name} is a function, not {type(rule).__name__}"
            raise ShapewrightError(message, code="option-value")
        _rules[key] = rule
        return rule

    if rule is None:
        return register
    register(rule)
    return None


def unregister_op(name: str) -> None:
    """Forgets a rule; nothing happens where there is none."""
    domain, _, op = name.rpartition("::")
    _rules.pop(("" if domain == "ai.onnx" else domain, op), None)


def registered_rule() -> Callable[..., list[str] | None] | None:
    """What the core calls for an operator without a row; None if there are no rules at all."""
    return _apply if _rules else None


def _apply(
    domain: str,
    op: str,
    node: str,
    inputs: list[str | None],
    attrs: dict[str, Any],
    num_outputs: int,
) -> list[str] | None:
    rule = _rules.get((domain, op))
    if rule is None:
        return None
    name = f"{domain or 'ai.onnx'}::{op}"
    types = [None if text is None else TensorType.parse(text) for text in inputs]
    try:
        result = rule(*types, attrs)
    except ShapeError:
        raise
    except Exception as error:
        message = f"the rule of {name} raised {type(error).__name__}: {error}"
        raise _faulty(message, name, node, types) from error
    if result is None:
        return None
    dtype = next((t.dtype for t in types if t is not None), None)
    several = isinstance(result, (list, tuple)) and not _is_shape(result)
    outputs = [_type_text(item, dtype) for item in (result if several else [result])]
    for item, text in zip(result if several else [result], outputs, strict=True):
        if text is None:
            message = f"the rule of {name} returned {item!r}, which is no type"
            raise _faulty(message, name, node, types)
    if len(outputs) < num_outputs:
        message = f"the rule of {name} gives {len(outputs)} outputs, and the node has {num_outputs}"
        raise _faulty(message, name, node, types)
    return [text for text in outputs if text is not None]


def _is_shape(value: Any) -> bool:
    """Whether every entry is a size: a number, a `Dim`, None where it is not known."""
    return isinstance(value, (list, tuple)) and all(
        size is None
        or isinstance(size, Dim)
        or (hasattr(size, "__index__") and not isinstance(size, bool) and int(size) >= 0)
        for size in value
    )


def _type_text(item: Any, dtype: str | None) -> str | None:
    """The type as the core reads it, None if it is none."""
    if isinstance(item, TensorType):
        return str(item)
    if isinstance(item, str):
        try:
            return str(TensorType.parse(item))
        except ShapewrightError:
            return None
    if dtype is None or not _is_shape(item):
        return None
    return str(TensorType(dtype, tuple(s if isinstance(s, Dim | None) else int(s) for s in item)))


def _faulty(message: str, name: str, node: str, types: list[TensorType | None]) -> ShapewrightError:
    facts = {"operator": name}
    facts |= {f"input {i}": str(t) for i, t in enumerate(types) if t is not None}
    hint = f'register_op("{name}", lambda x, attrs: x.shape) gives one output of the type of x'
    return ShapewrightError(message, code="user-rule", facts=facts, node=node, hint=hint)
