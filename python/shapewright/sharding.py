"""How a model is divided among GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.errors import ShapewrightError
from shapewright.spelling import nearest

# What the core divides, and what it keeps in buckets.
_KINDS: dict[str, dict[str, Any]] = {
    "ddp": {"buckets": "beside"},
    "ddp-views": {"buckets": "gradients"},
    "zero-1": {"shard_stage": 1},
    "zero-2": {"shard_stage": 2},
    "fsdp2": {"shard_stage": 3},
}


@dataclass(frozen=True)
class Sharding:
    """A model divided among `ranks` GPUs: what is counted is what one of them takes.

    >>> Sharding("zero-2", ranks=8).kind
    'zero-2'

    `kind`: `"ddp"` (DistributedDataParallel: buckets beside the gradients), `"ddp-views"` (with
    `gradient_as_bucket_view=True`), `"zero-1"` (the state of the optimizer is divided), `"zero-2"`
    (gradients too), `"fsdp2"` (parameters too, as in ZeRO-3). `units` are patterns of module paths
    that are gathered and reduced one after the other, as `"layers.*"`; without them the modules
    of the outermost lists. Sizes of the batch are those of one rank.
    """

    kind: str
    ranks: int
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            found = nearest(str(self.kind), tuple(_KINDS))
            message = f"sharding {self.kind!r} is not one of {', '.join(_KINDS)}"
            hint = f"did you mean '{found}'?" if found else ""
            raise ShapewrightError(message, code="option-value", hint=hint)
        if type(self.ranks) is not int or self.ranks < 2:
            message = f"ranks is a number of GPUs, at least 2, not {self.ranks!r}"
            raise ShapewrightError(message, code="option-value")

    def core(self) -> dict[str, Any]:
        """The division as the core takes it."""
        return {**_KINDS[self.kind], "ranks": self.ranks, "units": list(self.units)}


def block_lists(graph: _core.Graph) -> dict[str, int]:
    """Paths of the outermost lists of modules, and how many each has: `{"model.layers": 32}`."""
    children: dict[str, set[str]] = {}
    deeper: set[str] = set()
    for node in graph.nodes:
        parts = node.scope.split(".")
        at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
        if at is None:
            continue
        path = ".".join(parts[:at])
        children.setdefault(path, set()).add(parts[at])
        if len(parts) > at + 1:
            deeper.add(path)
    # A list of single layers has no blocks to speak of.
    return {
        path: len(found) for path, found in children.items() if len(found) > 1 and path in deeper
    }


def block_patterns(graph: _core.Graph) -> tuple[str, ...]:
    """Patterns of the modules in the outermost lists."""
    return tuple(f"{path}.*" if path else "*" for path in block_lists(graph))
