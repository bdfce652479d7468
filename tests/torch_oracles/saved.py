"""What the forward pass keeps for backward: distinct storages, and the node that keeps each.

`saved_tensors_hooks` sees every tensor as it is packed; afterwards the graph is walked and each
node's `_saved_*` are read, which unpacks them again: so a packed tensor gets the node's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from .iteration import Inputs, Loss, default_loss

OWNERS = ("parameter", "buffer", "input")


@dataclass(frozen=True)
class Storage:
    """One storage kept alive; `by` are `(module, node, field)` of each place that keeps it."""

    bytes: int
    by: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return f"{self.bytes} B by " + ", ".join(f"{m}:{n}.{f}" for m, n, f in self.by)


@dataclass(frozen=True)
class SavedTruth:
    """`bytes` counts what training adds; storages of parameters, buffers and inputs stand apart."""

    bytes: int
    storages: tuple[Storage, ...]
    owned: dict[str, int]


@dataclass
class Packed:
    """Tensors by the order of packing, each with the module that ran."""

    tensors: list[torch.Tensor] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    places: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    reading: tuple[str, str] | None = None

    def unpack(self, index: int) -> torch.Tensor:
        if self.reading is not None:
            self.places.setdefault(index, []).append(self.reading)
        return self.tensors[index]


class ModulePath:
    """The path of the innermost module that runs, by hooks on every module of `model`."""

    def __init__(self, model: nn.Module) -> None:
        self.stack = [""]
        self.hooks = []
        for name, module in model.named_modules():
            self.hooks.append(module.register_forward_pre_hook(self.enter(name)))
            self.hooks.append(module.register_forward_hook(self.leave, always_call=True))

    def enter(self, name: str) -> Any:
        return lambda *_: self.stack.append(name)

    def leave(self, *_: Any) -> None:
        self.stack.pop()

    def remove(self) -> None:
        for hook in self.hooks:
            hook.remove()


def graph_nodes(root: Any) -> Iterator[Any]:
    seen = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        stack += [target for target, _ in node.next_functions]


def saved_truth(model: nn.Module, inputs: Inputs, loss: Loss | None = None) -> SavedTruth:
    """Bytes kept for backward at the end of the forward pass of a real run.

    `with torch.no_grad()` parts keep nothing, and a node that no path from the loss reaches is
    still counted: its tensors live as long as the output does.
    """
    packed = Packed()
    path = ModulePath(model)

    def pack(tensor: torch.Tensor) -> int:
        packed.tensors.append(tensor)
        packed.modules.append(path.stack[-1])
        return len(packed.tensors) - 1

    try:
        with torch.autograd.graph.saved_tensors_hooks(pack, packed.unpack):
            out = model(**inputs)
            total = (loss or default_loss)(out)
    finally:
        path.remove()
    owner = owners(model, inputs)
    for node in graph_nodes(total.grad_fn):
        for name in (name for name in dir(node) if name.startswith("_saved_")):
            packed.reading = (node.name(), name.removeprefix("_saved_"))
            try:
                getattr(node, name)
            except RuntimeError:  # a field that was not kept, for its input needs no gradient
                continue
    by_storage: dict[int, list[int]] = {}
    for index, tensor in enumerate(packed.tensors):
        by_storage.setdefault(tensor.untyped_storage()._cdata, []).append(index)
    owned = dict.fromkeys(OWNERS, 0)
    storages = []
    for key, indices in by_storage.items():
        size = packed.tensors[indices[0]].untyped_storage().nbytes()
        if key in owner:
            owned[owner[key]] += size
            continue
        places = [
            (packed.modules[index], *place)
            for index in indices
            for place in packed.places.get(index, [("unreached", "")])
        ]
        storages.append(Storage(size, tuple(dict.fromkeys(places))))
    return SavedTruth(sum(s.bytes for s in storages), tuple(storages), owned)


def owners(model: nn.Module, inputs: Inputs) -> dict[int, str]:
    """Who holds each storage that is there before the iteration."""
    groups = zip(OWNERS, (model.parameters(), model.buffers(), inputs.values()), strict=True)
    return {t.untyped_storage()._cdata: kind for kind, tensors in groups for t in tensors}
