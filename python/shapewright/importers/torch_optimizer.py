"""An optimizer of torch.optim as what it keeps and how its step runs."""

from __future__ import annotations

from typing import Any

from shapewright.errors import ShapewrightError
from shapewright.importers.torch_types import dtype_name
from shapewright.options import OPTIMIZERS, Optimizer

_NAMES = {"adamw8bit": "adamw-8bit", "adam8bit": "adamw-8bit"}


def optimizer_of(optimizer: Any) -> Optimizer:
    """A name, an `Optimizer`, or an object with `param_groups` as an `Optimizer`.

    An optimizer that is not known keeps nothing here: what it needs is then a lower bound.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        return Optimizer(optimizer)
    word = type(optimizer).__name__.lower()
    name = _NAMES.get(word, word)
    defaults: dict[str, Any] = getattr(optimizer, "defaults", {})
    if name == "sgd" and defaults.get("momentum"):
        name = "sgd-momentum"
    state = {}
    if kept := _beside_its_usual(name, defaults):
        state = dict.fromkeys(kept, _dtype_of(optimizer))
    return Optimizer(name if name in OPTIMIZERS else word, state, _update_of(defaults))


def known_optimizer(optimizer: Any) -> Optimizer:
    """The same of an object of torch.optim; raises `ShapewrightError` where what it keeps is not
    known."""
    found = optimizer_of(optimizer)
    if found.name not in OPTIMIZERS:
        kind = type(optimizer).__name__
        message = f"what an optimizer of type {kind} keeps is not known"
        hint = (
            f'sw.Optimizer("{found.name}", state={{"a tensor for each parameter": "f32"}}) says it'
        )
        raise ShapewrightError(message, code="option-value", hint=hint)
    return found


def _beside_its_usual(name: str, defaults: dict[str, Any]) -> tuple[str, ...]:
    """What an optimizer keeps, where its options make that more than usual."""
    if name in {"adam", "adamw"} and defaults.get("amsgrad"):
        return "exp_avg", "exp_avg_sq", "max_exp_avg_sq"
    if name == "rmsprop" and (defaults.get("momentum") or defaults.get("centered")):
        more = {"momentum": "momentum_buffer", "centered": "grad_avg"}
        return "square_avg", *(state for option, state in more.items() if defaults.get(option))
    return ()


def _update_of(defaults: dict[str, Any]) -> str | None:
    if defaults.get("fused"):
        return "fused"
    foreach = defaults.get("foreach")
    return None if foreach is None else "foreach" if foreach else "loop"


def _dtype_of(optimizer: Any) -> str:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            return dtype_name(parameter.dtype)
    return "f32"
