"""Rules of the user's own, for operators that shapewright has no row for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shapewright.errors import ShapeError, ShapewrightError
from shapewright.types import TensorType

Rule = Callable[..., Iterable["TensorType | str"]]

_rules: dict[tuple[str, str], Rule] = {}


def register_op(domain: str, name: str) -> Callable[[Rule], Rule]:
    """Gives an operator of your own a rule: from the types of its inputs to those of its outputs.

    >>> @register_op("com.acme", "Twice")
    ... def twice(inputs, attrs, num_outputs):
    ...     x = inputs[0]
    ...     return [TensorType(x.dtype, (*x.shape[:-1], x.shape[-1] * 2))]

    `inputs` is a list of `TensorType` (None for an omitted one), `attrs` a dict, and the result has
    a `TensorType` or a text such as `"f32[N, 8]"` for each of the `num_outputs` outputs. A rule for
    an operator that shapewright knows is never asked.
    """
    if not name:
        message = "an operator is named by two texts, its domain and its name"
        raise ShapewrightError(message, code="option-value", hint='register_op("com.acme", "Foo")')

    def register(rule: Rule) -> Rule:
        if not callable(rule):
            message = f"the rule of {name} is a function, not {type(rule).__name__}"
            raise ShapewrightError(message, code="option-value")
        _rules[domain, name] = rule
        return rule

    return register


def unregister_op(domain: str, name: str) -> None:
    """Forgets a rule; nothing happens where there is none."""
    _rules.pop((domain, name), None)


def registered_rule() -> Callable[..., list[str] | None] | None:
    """What the core calls for an operator without a row; None if there are no rules at all."""
    return _apply if _rules else None


def _apply(
    domain: str,
    name: str,
    inputs: list[str | None],
    attrs: dict[str, Any],
    num_outputs: int,
) -> list[str] | None:
    rule = _rules.get((domain, name))
    if rule is None:
        return None
    types = [None if text is None else TensorType.parse(text) for text in inputs]
    result = rule(types, attrs, num_outputs)
    if isinstance(result, (str, TensorType)):
        result = [result]
    outputs = [str(output) for output in result]
    if len(outputs) == num_outputs:
        return outputs
    msg = f"the rule of {name} gives {len(outputs)} outputs, and the node has {num_outputs}"
    raise ShapeError(
        msg,
        code="user-rule",
        facts={"operator": f"{domain}::{name}"},
    )
