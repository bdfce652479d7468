"""The scalar that backward starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shapewright.errors import ShapewrightError
from shapewright.importers.torch_trace import tensors_in


def scalar_loss(loss: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """A callable of the model's output giving the scalar.

    Without one it is the output's `loss`, if it has one, else the sum of its first floating tensor.
    """

    def checked(output: Any) -> Any:
        scalar = _default(output) if loss is None else loss(output)
        if not hasattr(scalar, "shape"):
            message = f"the loss is a {type(scalar).__name__}, not a tensor"
            raise LossError(message, code="loss-not-scalar", hint=_HINT)
        if scalar.numel() != 1:
            sizes = ", ".join(str(size) for size in scalar.shape)
            message = f"the loss has the shape [{sizes}], and backward starts from a scalar"
            raise LossError(message, code="loss-not-scalar", hint=_HINT)
        return scalar

    return checked


class LossError(ShapewrightError):
    """The loss is nothing that backward can start from."""


_HINT = "loss=lambda output: output.mean(), or a reduction of your own"


def _default(output: Any) -> Any:
    own = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    if own is not None:
        return own
    floating = next((t for t in tensors_in(output) if t.dtype.is_floating_point), None)
    if floating is None:
        message = "the output holds no floating tensor to make a loss of"
        raise LossError(message, code="loss-not-scalar", hint="give loss=, a callable")
    return floating.sum()
