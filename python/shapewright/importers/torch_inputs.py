"""The `inputs` of a call, placed on the parameters of a module's `forward`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapewright.errors import ShapeError, ShapewrightError
from shapewright.importers.torch_types import short_name
from shapewright.inputs import type_text
from shapewright.relation import size_at
from shapewright.spelling import did_you_mean
from shapewright.types import TensorType


@dataclass(frozen=True)
class Slot:
    """The place of one tensor among the arguments."""

    index: int


@dataclass
class Call:
    """How `forward` is called: arguments with a `Slot` for each tensor, and the tensors' types."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the tensors: "x", "batch.mask", "images.0"
    types: list[TensorType] = field(default_factory=list)
    grads: list[bool] = field(default_factory=list)  # True where the caller's tensor asks for one
    autocast: bool = False  # it runs under `torch.autocast`
    hides: bool = False  # masks of it hide something

    def filled(self, tensors: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with tensors in their slots."""
        kwargs = {name: _fill(value, tensors) for name, value in self.kwargs.items()}
        return [_fill(value, tensors) for value in self.args], kwargs

    def at(self, sizes: Mapping[str, int]) -> Call:
        """The same call at given sizes of its symbols."""
        types = [
            TensorType(type.dtype, tuple(size_at(dim, sizes) for dim in type.shape or ()))
            for type in self.types
        ]
        return replace(self, types=types)

    @property
    def symbols(self) -> dict[str, bool]:
        """Names of the open sizes; True where one is the first axis of an input."""
        found: dict[str, bool] = {}
        for type in self.types:
            for axis, dim in enumerate(type.shape or ()):
                for name in sorted(getattr(dim, "symbols", ())):
                    found[name] = found.get(name, False) or axis == 0
        return found


def call_of(module: Any, inputs: Any) -> Call:
    """Places `inputs` on the parameters of `module.forward`; refuses what does not go there."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    named = [p for p in parameters if p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    given = _by_name(inputs, module, named)
    known = [p.name for p in named]
    for name in given:
        if name not in known and not takes_any:
            raise _unknown(name, module, known)
    missing = [p.name for p in named if p.default is p.empty and p.name not in given]
    if missing:
        raise _missing(missing, module, named)
    call = Call()
    positional = True  # up to the first parameter that is left out
    for p in named:
        positional = positional and p.name in given and p.kind is not p.KEYWORD_ONLY
        if p.name not in given:
            continue
        value = _place(p.name, given.pop(p.name), call)
        if positional:
            call.args.append(value)
        else:
            call.kwargs[p.name] = value
    for name, spec in given.items():
        call.kwargs[name] = _place(name, spec, call)
    return call


def _by_name(inputs: Any, module: Any, named: list[inspect.Parameter]) -> dict[str, Any]:
    if inputs is None:
        if not any(p.default is p.empty for p in named):
            return {}
        raise _missing([p.name for p in named if p.default is p.empty], module, named)
    if isinstance(inputs, Mapping) and all(isinstance(name, str) for name in inputs):
        if "" not in inputs:
            return dict(inputs)
        inputs = inputs[""]
    required = [p.name for p in named if p.default is p.empty]
    if len(required) > 1 or not named:
        message = (
            "a type without an input name needs a model with one input; "
            f"{type(module).__name__} takes {len(required)}"
        )
        facts = {"inputs": ", ".join(required)}
        raise ShapewrightError(message, code="input-unnamed", facts=facts)
    return {named[0].name: inputs}


def _unknown(name: str, module: Any, known: list[str]) -> ShapewrightError:
    message = f"{type(module).__name__}.forward has no input named '{name}'"
    hint = did_you_mean(name, known) or f'pass inputs={{"{known[0]}": ...}}' if known else ""
    facts = {"inputs": ", ".join(known)}
    return ShapewrightError(message, code="input-unknown", facts=facts, hint=hint)


def _missing(names: list[str], module: Any, named: list[inspect.Parameter]) -> ShapewrightError:
    listed = " and ".join(f"'{name}'" for name in names)
    message = f"{type(module).__name__}.forward needs {listed}, which inputs does not give"
    example = ", ".join(f'"{name}": "{likely_type(name)}"' for name in names)
    facts = {"forward takes": ", ".join(p.name for p in named)}
    hint = f"add {example} to inputs" if names else ""
    return ShapewrightError(message, code="input-required", facts=facts, hint=hint)


def likely_type(name: str) -> str:
    """A type that an input of this name often has."""
    if "label" in name or "target" in name:
        return "i64[N]"
    return "i64[N, L]" if name.endswith(("_ids", "ids", "mask")) else "f32[N, ...]"


def _place(name: str, spec: Any, call: Call) -> Any:
    if spec is None or isinstance(spec, (bool, int, float)):
        return spec
    if isinstance(spec, Mapping):
        return {key: _place(f"{name}.{key}", value, call) for key, value in spec.items()}
    if isinstance(spec, (list, tuple)) and not _is_pair(spec):
        return type(spec)([_place(f"{name}.{i}", value, call) for i, value in enumerate(spec)])
    text = type_text(f"input '{name}'", spec)
    tensor = TensorType.parse(text)
    tensor = TensorType(short_name(tensor.dtype), tensor.shape)
    if tensor.shape is None:
        message = f"input '{name}' needs a shape, and {text} has none"
        raise ShapeError(message, code="inputs-form", hint=f'"{name}": "{tensor.dtype}[N, ...]"')
    call.names.append(name)
    call.types.append(TensorType(tensor.dtype, tuple(_named_dims(name, tensor.shape))))
    call.grads.append(bool(getattr(spec, "requires_grad", False)))
    return Slot(len(call.types) - 1)


def _named_dims(name: str, shape: tuple[Any, ...]) -> Iterator[Any]:
    """A dim that is left open, `?`, is a symbol named after its place."""
    from shapewright._core import Dim

    word = "".join(letter if letter.isalnum() else "_" for letter in name)
    for axis, dim in enumerate(shape):
        yield Dim(f"{word}_d{axis}") if dim is None else dim


def _is_pair(spec: Sequence[Any]) -> bool:
    """(dtype, shape), which is one tensor."""
    if len(spec) != 2 or hasattr(spec[0], "shape"):
        return False
    return not isinstance(spec[1], (str, Mapping)) and hasattr(spec[1], "__iter__")


def _fill(value: Any, tensors: Sequence[Any]) -> Any:
    if isinstance(value, Slot):
        return tensors[value.index]
    if isinstance(value, Mapping):
        return {key: _fill(item, tensors) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_fill(item, tensors) for item in value])
    return value
