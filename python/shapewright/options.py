"""The options of `check` and `fit`: what each may be, and what this version answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shapewright.errors import ShapewrightError
from shapewright.spelling import nearest
from shapewright.units import parse_bytes

MODES = ("infer", "train", "train-compiled")
PRECISIONS = ("fp32", "bf16", "fp16", "bf16-amp", "fp16-amp")
PROFILES = ("torch-cuda", "torch-cpu", "onnxruntime", "xla", "static")
INFERENCE_PROFILES = ("onnxruntime", "static")  # those whose allocator is replayed
OPTIMIZERS = (
    "sgd",
    "sgd-momentum",
    "adam",
    "adamw",
    "rmsprop",
    "adagrad",
    "adafactor",
    "adamw-8bit",
)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer by what it keeps for each parameter.

    >>> Optimizer("adamw", state={"exp_avg": "f32", "exp_avg_sq": "f32"}).name
    'adamw'
    """

    name: str
    state: Mapping[str, str] = field(default_factory=dict)  # name of the state -> its dtype

    def __post_init__(self) -> None:
        for label, dtype in dict[Any, Any](self.state).items():
            if not isinstance(label, str) or not isinstance(dtype, str):
                message = "the state of an optimizer maps names to dtypes"
                raise ShapewrightError(message, code="option-value", hint='{"exp_avg": "f32"}')


def check_options(
    mode: str, optimizer: object, precision: str, profile: str | None, loss: object
) -> str:
    """Refuses what is no option, and what this version cannot answer; the profile in force."""
    if (
        mode == "infer"
        and precision == "fp32"
        and optimizer is None
        and loss is None
        and profile in (None, *INFERENCE_PROFILES)
    ):
        return profile or "onnxruntime"
    _one_of("mode", mode, MODES)
    _one_of("precision", precision, PRECISIONS)
    if profile is not None:
        _one_of("profile", profile, PROFILES)
    if isinstance(optimizer, str):
        _one_of("optimizer", optimizer, OPTIMIZERS)
    elif optimizer is not None and not isinstance(optimizer, Optimizer):
        message = f"optimizer is a name or sw.Optimizer(...), not {type(optimizer).__name__}"
        raise ShapewrightError(message, code="option-value")
    if mode != "infer":
        msg = "mode"
        raise _unavailable(msg, mode, "only 'infer' is")
    for option, value in (("optimizer", optimizer), ("loss", loss)):
        if value is not None:
            message = f"{option} belongs to training, and the mode is 'infer'"
            raise ShapewrightError(message, code="option-conflict")
    if precision != "fp32":
        hint = "for inference the file itself says the precision of every tensor"
        msg = "precision"
        raise _unavailable(msg, precision, hint)
    assert profile is not None
    msg = "profile"
    raise _unavailable(msg, profile, "only 'onnxruntime' and 'static' are")


def budget_of(device: str | None, budget: str | int | None) -> int | None:
    """Bytes of the device or of the budget; None if neither is given."""
    if budget is not None and device is not None:
        message = "device and budget both say how much memory there is"
        raise ShapewrightError(message, code="option-conflict", hint="give one of them")
    if budget is not None:
        return parse_bytes(budget)
    if device is not None:
        from shapewright.devices import find_device

        return find_device(device).usable
    return None


def _one_of(option: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value in allowed:
        return
    found = nearest(value, allowed) if isinstance(value, str) else ""
    msg = f"{option} {value!r} is not one of {', '.join(allowed)}"
    raise ShapewrightError(
        msg,
        code="option-value",
        hint=f"did you mean '{found}'?" if found else "",
    )


def _unavailable(option: str, value: str, hint: str) -> ShapewrightError:
    message = f"{option} '{value}' is not available in this version yet"
    return ShapewrightError(message, code="option-unavailable", hint=hint)
