"""Live bytes over time of a real CPU run: the allocator's own events, with no dispatch mode on.

A dispatch mode would change what it measures: autograd then sums gradients out of place.
The peak comes from a run without any hook. A second run with `record_function` around every
module says where it lies: an event inside the forward pass belongs to the innermost module,
one inside a node of backward to the module whose operator made that node.
"""

from __future__ import annotations

import bisect
import functools
import gc
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._pytree import tree_leaves

from .iteration import (
    OPTIMIZERS,
    PLAIN,
    Inputs,
    Loss,
    Way,
    state_bytes,
    tensor_bytes,
    train_step,
    trained,
)

EVALUATE = "autograd::engine::evaluate_function: "
PHASE = "phase "
MODULE = "module "
BEFORE = "iteration before"


@dataclass(frozen=True)
class Moment:
    """Where an event of the allocator lies."""

    phase: str
    module: str
    op: str


@dataclass(frozen=True)
class LiveTruth:
    """`peak` is everything alive: what was there before, and the iteration on top of it.

    What was there are parameters, buffers, inputs, the optimizer's state, and what earlier
    iterations left in caches of the model's. `events` are `(bytes, moment)` in order, negative
    where memory is freed; `peak_event` counts into them. `attributed` says whether the run with
    hooks had the same peak.
    """

    peak: int
    before: dict[str, int]
    at: Moment
    events: tuple[tuple[int, Moment], ...]
    peak_event: int
    attributed: bool

    @property
    def held(self) -> int:
        return sum(self.before.values())


def caches_of(model: nn.Module) -> list[Any]:
    """The `lru_cache`s of the files that the model's classes are from."""
    cached = type(functools.lru_cache(lambda: None))
    files = {type(module).__module__ for module in model.modules()}
    return [o for o in gc.get_objects() if type(o) is cached and o.__module__ in files]


def remembered(caches: list[Any]) -> list[torch.Tensor]:
    """Tensors that the caches hold as results."""
    held = gc.get_referents(*caches)
    held += [value for table in held if type(table) is dict for value in table.values()]
    tensors = (leaf for leaf in tree_leaves(held) if torch.is_tensor(leaf))
    return list({id(tensor): tensor for tensor in tensors}.values())


def allocator_events(
    run: Callable[[], None], before: Callable[[], None] | None = None
) -> tuple[list[tuple[int, int]], list[Any]]:
    """`(time, bytes)` of each allocation and release of `run()`, and all other events.

    The profiler does not see memory go that it did not see come: what `before()` leaves for `run()`
    to drop is one event ahead of the others.
    """
    if before is not None:
        gc.collect()  # cycles of what was measured earlier would go in the midst of this
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as prof:
        if before is not None:
            with record_function(BEFORE):
                before()
        run()
    everything = prof.profiler.kineto_results.events()
    memory = sorted((e.start_ns(), e.nbytes()) for e in everything if e.name() == "[memory]")
    others = [e for e in everything if e.name() != "[memory]"]
    if before is not None:
        start = next(e.start_ns() + e.duration_ns() for e in others if e.name() == BEFORE)
        left = sum(nbytes for time, nbytes in memory if time < start)
        memory = [(start, left), *(event for event in memory if event[0] >= start)]
    return memory, others


def highest(sizes: list[int]) -> tuple[int, int]:
    """The largest running sum, and the index of the event that reaches it first."""
    live = peak = 0
    index = -1
    for i, nbytes in enumerate(sizes):
        live += nbytes
        if live > peak:
            peak, index = live, i
    return peak, index


class Spans:
    """`record_function` around every module's forward, by hooks.

    They are no module's own: an encoder layer that has one takes no fast path.
    """

    def __init__(self, model: nn.Module) -> None:
        self.stack: list[record_function | None] = []
        self.names = {id(module): name for name, module in model.named_modules()}
        self.hooks = [
            register_module_forward_pre_hook(self.enter),
            register_module_forward_hook(self.leave, always_call=True),
        ]

    def enter(self, module: nn.Module, *_: Any) -> None:
        name = self.names.get(id(module))
        self.stack.append(None if name is None else record_function(MODULE + name))
        if self.stack[-1] is not None:
            self.stack[-1].__enter__()

    def leave(self, *_: Any) -> None:
        span = self.stack.pop()
        if span is not None:
            span.__exit__(None, None, None)

    def remove(self) -> None:
        for hook in self.hooks:
            hook.remove()


class Attribution:
    """The moment of any time, out of nested events of one thread."""

    def __init__(self, events: list[Any]) -> None:
        self.events = sorted(events, key=lambda event: (event.start_ns(), -event.duration_ns()))
        self.starts = [event.start_ns() for event in self.events]
        self.ends = [event.start_ns() + event.duration_ns() for event in self.events]
        self.parents: list[int] = []
        # The operator that made a node starts last of those that saw the node's number.
        self.maker: dict[int, int] = {}
        open_spans: list[int] = []
        for i, event in enumerate(self.events):
            while open_spans and self.ends[open_spans[-1]] < self.starts[i]:
                open_spans.pop()
            self.parents.append(open_spans[-1] if open_spans else -1)
            open_spans.append(i)
            name = event.name()
            is_forward = not event.fwd_thread_id() and not name.startswith(EVALUATE)
            if is_forward and event.sequence_nr() >= 0:  # of ATen, or an autograd function
                self.maker[event.sequence_nr()] = self.starts[i]

    def enclosing(self, time: int) -> list[Any]:
        """Events around `time`, the innermost first."""
        around = []
        i = bisect.bisect_right(self.starts, time) - 1
        while i >= 0:
            if self.ends[i] >= time:
                around.append(self.events[i])
            i = self.parents[i]
        return around

    def module(self, around: list[Any]) -> str:
        names = (e.name() for e in around)
        return next((n.removeprefix(MODULE) for n in names if n.startswith(MODULE)), "")

    def at(self, time: int) -> Moment:
        around = self.enclosing(time)
        names = [e.name() for e in around]
        phase = next((n.removeprefix(PHASE) for n in names if n.startswith(PHASE)), "")
        node = next((e for e in around if e.name().startswith(EVALUATE)), None)
        if node is not None:
            made = self.maker.get(node.sequence_nr())
            module = "" if made is None else self.module(self.enclosing(made))
            return Moment(phase, module, node.name().removeprefix(EVALUATE))
        op = next((n for n in reversed(names) if n.startswith("aten::")), "")
        return Moment(phase, self.module(around), op.removeprefix("aten::"))


def live_truth(
    model: nn.Module,
    inputs: Inputs,
    loss: Loss | None = None,
    optimizer: str | None = None,
    way: Way = PLAIN,
) -> LiveTruth:
    """The third iteration of training with `optimizer`; None: inference under `no_grad`."""
    names: dict[str, Any] = {}  # what the caller's loop holds on to
    before = {
        "parameters": tensor_bytes(model.parameters()),
        "buffers": tensor_bytes(model.buffers()),
        "inputs": tensor_bytes(inputs.values()),
    }
    caches = caches_of(model)
    for cache in caches:
        cache.cache_clear()
    if optimizer is None:
        model.eval()

        def run(span: Callable[[str], Any]) -> None:
            with torch.no_grad(), span("forward"):
                out = model(**inputs)
                if way.keeps_outputs:
                    names["out"] = out

        run(nullcontext)
    else:
        model.train()
        opt = OPTIMIZERS[optimizer](trained(model))

        def run(span: Callable[[str], Any]) -> None:
            train_step(model, inputs, loss, opt, span, way, names)

        run(nullcontext)
        run(nullcontext)
        before["optimizer"] = state_bytes(opt)
    before["remembered"] = tensor_bytes(remembered(caches))
    lead = (lambda: run(nullcontext)) if way.keeps_outputs else None
    names.clear()
    plain, _ = allocator_events(lambda: run(nullcontext), lead)
    peak, _ = highest([nbytes for _, nbytes in plain])
    names.clear()
    spans = Spans(model)
    try:
        memory, others = allocator_events(
            lambda: run(lambda name: record_function(PHASE + name)), lead
        )
    finally:
        spans.remove()
    again, index = highest([nbytes for _, nbytes in memory])
    attribution = Attribution(others)
    events = tuple((nbytes, attribution.at(time)) for time, nbytes in memory)
    at = events[index][1]
    return LiveTruth(
        sum(before.values()) + peak, before, at, events, index, attributed=peak == again
    )
