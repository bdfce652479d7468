"""An optimizer of torch.optim as what it keeps and how its step runs."""

from __future__ import annotations

from typing import Any

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
    state: dict[str, str] = {}
    if name in {"adam", "adamw"} and defaults.get("amsgrad"):
        state = dict.fromkeys(("exp_avg", "exp_avg_sq", "max_exp_avg_sq"), _dtype_of(optimizer))
    return Optimizer(name if name in OPTIMIZERS else word, state, _update_of(defaults))


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
