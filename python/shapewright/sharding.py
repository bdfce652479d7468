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
    "pipeline": {},
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

    `"pipeline"` cuts the units into as many parts in a row, with what stands before, between and
    after them, and counts the rank that takes most. `micro_batches`, as many as ranks by default,
    pass through it one forward and one backward (1F1B) before a step; sizes of the batch are those
    of one of them.
    """

    kind: str
    ranks: int
    units: tuple[str, ...] = ()
    micro_batches: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            found = nearest(str(self.kind), tuple(_KINDS))
            message = f"sharding {self.kind!r} is not one of {', '.join(_KINDS)}"
            hint = f"did you mean '{found}'?" if found else ""
            raise ShapewrightError(message, code="option-value", hint=hint)
        if type(self.ranks) is not int or self.ranks < 2:
            message = f"ranks is a number of GPUs, at least 2, not {self.ranks!r}"
            raise ShapewrightError(message, code="option-value")

        if self.micro_batches is None:
            return
        if self.kind != "pipeline":
            message = f"micro_batches pass through a pipeline, and the sharding is {self.kind!r}"
            hint = "accumulate=4 runs several passes before a step"
            raise ShapewrightError(message, code="option-conflict", hint=hint)
        if type(self.micro_batches) is not int or self.micro_batches < 1:
            message = f"micro_batches is a number, at least 1, not {self.micro_batches!r}"
            raise ShapewrightError(message, code="option-value")

    @property
    def is_pipeline(self) -> bool:
        """Whether ranks hold different parts of the model."""
        return self.kind == "pipeline"

    @property
    def passes(self) -> int:
        """Micro-batches before a step; 1 where there is no pipeline."""
        return (self.micro_batches or self.ranks) if self.is_pipeline else 1

    def core(self) -> dict[str, Any]:
        """The division as the core takes it."""
        core = {**_KINDS[self.kind], "ranks": self.ranks, "units": list(self.units)}
        if self.is_pipeline:
            # One pass that makes gradients and one that adds to them stand for all.
            core |= {"micro_batches": self.passes, "accumulation": min(2, self.passes)}
        return core


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
