"""Small PyTorch models of every kind that people train, for memory answers to be held to."""

from . import (
    convnets,
    dense_prediction,
    resnets,
    sequence_nets,
    transformers_newer,
    transformers_text,
    transformers_vision,
)
from .row import Sizes, TorchModel

FAMILIES = (
    resnets, convnets, dense_prediction, sequence_nets, transformers_text, transformers_vision,
    transformers_newer,
)  # fmt: skip
MODELS: tuple[TorchModel, ...] = tuple(row for family in FAMILIES for row in family.MODELS)

__all__ = ["MODELS", "Sizes", "TorchModel"]
