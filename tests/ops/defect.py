"""A language for faults of operators: a model of one node that is sound, and what breaks it.

twin(
    "Conv",
    ["f32[2, 3, 8, 8]", "f32[6, 3, 3, 3]", "f32[6]"],
    broken(0, "f32[2, 4, 8, 8]", "conv-channels", "4 != 3 * 1"),
    broken(2, "f32[5]", "conv-bias", "5 != 6"),
    broken("strides", [0, 1], "strides-invalid", "strides is 0"),
)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shapewright.testing import Case, Const, case

GONE = object()  # in place of an attribute: it is left out


@dataclass(frozen=True)
class Broken:
    """One change to a sound model, and the finding it must give."""

    where: int | str  # an input, or an attribute
    value: Any
    code: str
    says: str  # in the message: what was compared, with both values
    hint: str


def broken(where: int | str, value: Any, code: str, says: str, hint: str = "") -> Broken:
    """A change of one input (by number; None leaves it out, a number past the last adds it) or of
    one attribute (by name)."""
    return Broken(where, value, code, says, hint)


@dataclass(frozen=True)
class Defect:
    """A broken model beside the sound one that differs from it in one place."""

    sound: Case
    broken: Case
    change: Broken

    def __str__(self) -> str:
        return f"{self.change.code}: {self.broken}"


def twin(
    op: str,
    inputs: Sequence[str | Const | None],
    *changes: Broken,
    opset: int | None = None,
    domain: str = "",
    outputs: int = 1,
    **attrs: Any,
) -> Iterator[Defect]:
    """The defects of one sound model; `outputs`: how many its node has."""
    out = ["f32"] * outputs  # how many there are: the types are another test's
    sound = case(op, inputs, out=out, opset=opset, domain=domain, **attrs)
    for change in changes:
        yield Defect(sound, _changed(sound, change), change)


def _changed(sound: Case, change: Broken) -> Case:
    if isinstance(change.where, int):
        inputs: list[str | Const | None] = list(sound.inputs)
        inputs += [None] * (change.where + 1 - len(inputs))
        inputs[change.where] = change.value
        return replace(sound, inputs=tuple(inputs))
    attrs: Mapping[str, Any] = {n: v for n, v in sound.attrs.items() if n != change.where}
    if change.value is not GONE:
        attrs = {**attrs, change.where: change.value}
    return replace(sound, attrs=attrs)
