"""One training iteration as users write it, and what its loss is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, cast

import torch
from torch import nn
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint

Loss = Callable[[Any], torch.Tensor]
Inputs = Mapping[str, torch.Tensor]
Span = Callable[[str], AbstractContextManager[Any]]

OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]] = {
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=1e-4),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-4),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=1e-4),
    "sgd-momentum": lambda parameters: torch.optim.SGD(parameters, lr=1e-4, momentum=0.9),
}


@dataclass(frozen=True)
class Way:
    """How an iteration is run: under `torch.autocast`, in several passes, by a loop that never
    deletes what the model returned."""

    autocast: torch.dtype | None = None
    accumulate: int = 1
    keeps_outputs: bool = False


PLAIN = Way()


def checkpoint_modules(model: nn.Module, pattern: str) -> list[str]:
    """Makes the modules whose paths match run again in backward; `*` is one part of a path."""
    found = []
    for path, module in model.named_modules():
        same_depth = path.count(".") == pattern.count(".")
        if path and same_depth and fnmatchcase(path, pattern):
            again = partial(checkpoint, module.forward, use_reentrant=False)
            module.forward = again
            found.append(path)
    return found


def default_loss(out: Any) -> torch.Tensor:
    """The output's own `loss`, else the sum of its first floating tensor."""
    own = out.get("loss") if isinstance(out, Mapping) else getattr(out, "loss", None)
    if own is not None:
        return cast(torch.Tensor, own)
    floating = (t for t in tree_leaves(out) if torch.is_tensor(t) and t.is_floating_point())
    return next(floating).sum()


def trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def train_step(
    model: nn.Module,
    inputs: Inputs,
    loss: Loss | None,
    optimizer: torch.optim.Optimizer,
    span: Span,
    way: Way = PLAIN,
    names: dict[str, Any] | None = None,
) -> None:
    """The output dies before the step, as in a loop that keeps only the loss; `keeps_outputs`: it
    stays in `names`, the caller's, until the next one is there."""
    names = {} if names is None else names
    for _ in range(way.accumulate):
        with span("forward"), torch.autocast("cpu", way.autocast, way.autocast is not None):
            out = model(**inputs)
            if way.keeps_outputs:
                names["out"] = out
            total = (loss or default_loss)(out)
        with span("backward"):
            total.backward()
        del out, total
    with span("optimizer"):
        optimizer.step()
    with span("zero_grad"):
        optimizer.zero_grad(set_to_none=True)


def tensor_bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def state_bytes(optimizer: torch.optim.Optimizer) -> int:
    states = (v for state in optimizer.state.values() for v in state.values())
    return tensor_bytes(v for v in states if torch.is_tensor(v))
