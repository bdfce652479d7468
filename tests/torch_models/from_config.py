"""A module of `transformers` from the settings of its configuration, with nothing downloaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F


def config(name: str, **settings: Any) -> Any:
    return getattr(import_module("transformers"), name)(**settings)


def build(model: str, name: str, settings: dict[str, Any]) -> nn.Module:
    torch.manual_seed(0)
    made = getattr(import_module("transformers"), model)(config(name, **settings))
    return cast(nn.Module, made.train())


def from_config(model: str, name: str = "", /, **settings: Any) -> Callable[[], nn.Module]:
    """`from_config("BertModel", num_hidden_layers=2)`; the configuration is `BertConfig`."""
    stem = model.split("For")[0].removesuffix("Model").removesuffix("LMHead")
    return partial(build, model, name or f"{stem}Config", settings)


def next_token(out: Any) -> torch.Tensor:
    """Cross entropy of each position's logits, the class being 1 everywhere."""
    logits = out.logits.flatten(0, 1)
    return F.cross_entropy(logits, logits.new_ones(logits.shape[0], dtype=torch.long))


def mean_square(out: Any) -> torch.Tensor:
    return cast(torch.Tensor, out.last_hidden_state.float().pow(2).mean())
