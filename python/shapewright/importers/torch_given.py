"""Types given for a graph that was traced: its sizes are stated already, so they only bind them."""

from __future__ import annotations

from collections.abc import Iterator

from shapewright import _core
from shapewright.errors import ShapeError, ShapewrightError
from shapewright.importers.torch_types import short_name
from shapewright.inputs import InputTexts
from shapewright.spelling import did_you_mean
from shapewright.types import TensorType


def sizes_given(graph: _core.Graph, given: InputTexts) -> Iterator[tuple[str, int]]:
    """Symbols of the graph and the values that the given types have in their places."""
    declared = {value.name: str(value.declared) for value in graph.inputs}
    for name, text in given:
        own = name or (next(iter(declared)) if len(declared) == 1 else "")
        if own not in declared:
            message = f"the model has no input named '{name}'"
            facts = {"inputs": ", ".join(declared)}
            hint = did_you_mean(name, declared)
            raise ShapewrightError(message, code="input-unknown", facts=facts, hint=hint)
        yield from _bound(own, TensorType.parse(declared[own]), TensorType.parse(text))


def _bound(name: str, declared: TensorType, given: TensorType) -> Iterator[tuple[str, int]]:
    facts = {"given": str(given), "traced": str(declared)}
    if short_name(given.dtype) != declared.dtype:
        message = f"input '{name}' was traced as {declared.dtype}, not {given.dtype}"
        raise ShapeError(message, code="input-dtype", facts=facts)
    if given.rank != declared.rank:
        message = f"input '{name}' was traced with {declared.rank} axes, not {given.rank}"
        raise ShapeError(message, code="input-rank", facts=facts)
    for axis, (own, size) in enumerate(zip(declared.shape or (), given.shape or (), strict=True)):
        if own == size or size is None:
            continue
        symbol = str(own)
        if not isinstance(size, int) or not symbol.isidentifier():
            message = (
                f"axis {axis} of input '{name}' was traced as {own}, and {size} is no value of it"
            )
            hint = "give a value for a symbol, or trace the model anew with these inputs"
            raise ShapeError(message, code="input-traced", facts=facts, hint=hint)
        yield symbol, size
