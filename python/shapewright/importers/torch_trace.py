"""One run of a module under a tracer, and what was seen of it.

`Watch.forward` is what PyTorch traces in place of the caller's module: it calls the module, keeps
what is wanted of the tracer, and leaves, so that no later pass of PyTorch changes the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from shapewright.importers.torch_answers import answering
from shapewright.importers.torch_caches import own_caches
from shapewright.importers.torch_casts import casts_apart
from shapewright.importers.torch_composites import composites_apart
from shapewright.importers.torch_eager import as_it_runs
from shapewright.importers.torch_fast_paths import fast_paths, runs_in_mode
from shapewright.importers.torch_functions import FunctionCall, checkpoints, custom_functions
from shapewright.importers.torch_inputs import Call
from shapewright.importers.torch_lifetimes import Lifetimes
from shapewright.importers.torch_loops import not_looping
from shapewright.importers.torch_nested import Nested, nested_rows
from shapewright.importers.torch_refused import Settled
from shapewright.importers.torch_scope import ROOT_CHILD
from shapewright.importers.torch_whole import whole_calls

_MAX_DEPTH = 12


class TraceComplete(BaseException):
    """Leaves the tracer once everything is known; no error of the model, so none may catch it."""


@dataclass
class Traced:
    """The operations of a run, and the nodes of the tensors that have names."""

    graph: Any = None  # torch.fx.Graph
    tracer: Any = None
    tracker: Any = None  # from tensors to their nodes
    root: Any = None  # holds the constants that nodes get by name
    env: Any = None  # ShapeEnv; None if no size is open
    hints: Mapping[str, int] = field(default_factory=dict)  # the sizes it ran with
    params: list[tuple[str, Any, list[Any]]] = field(default_factory=list)  # name, tensor, nodes
    buffers: list[tuple[str, Any, list[Any]]] = field(default_factory=list)
    inputs: list[tuple[str, Any, Any]] = field(default_factory=list)  # name, node, tensor
    input_dims: list[tuple[Any, ...]] = field(default_factory=list)  # before any guard: expressions
    outputs: list[Any] = field(default_factory=list)  # nodes
    loss: Any = None  # node
    held: list[str] = field(default_factory=list)  # nodes whose tensors the model still holds
    lifetimes: Lifetimes | None = None
    settled: Settled = field(default_factory=Settled)
    is_returned: bool = False  # the module itself has run
    is_complete: bool = False
    loops: bool = False  # over an open size, in Python
    functions: list[FunctionCall] = field(default_factory=list)  # of the model's own
    checkpoints: list[str] = field(default_factory=list)  # lines that ask for one
    assumed: list[tuple[str, str, str]] = field(default_factory=list)  # what, value, line
    nested: Nested = field(default_factory=Nested)


def watching_module(module: Any, call: Call, loss: Callable[[Any], Any] | None) -> Any:
    """A module that runs `module` once and tells in `.traced` what was seen."""
    import torch

    class Watch(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module(ROOT_CHILD, module)
            self.__dict__["traced"] = Traced()
            self.__dict__["numbers"] = False  # whether elements are answered as well
            self.__dict__["runs"] = True  # whether the model may know that it is traced
            self.__dict__["gives_up"] = False  # whether it may not loop over an open size
            self.__dict__["is_fast"] = not (call.autocast or runs_in_mode())

        def forward(self, *tensors: Any) -> Any:
            traced: Traced = self.__dict__["traced"]
            tracker = _begin(traced, module, call, tensors)
            args, kwargs = call.filled(tensors)
            with ExitStack() as within:
                numbers = self.__dict__["numbers"]
                within.enter_context(answering(traced, numbers=numbers, hides=call.hides))
                within.enter_context(_saving_nothing())
                within.enter_context(casts_apart(traced))
                within.enter_context(composites_apart())
                within.enter_context(own_caches(module))
                within.enter_context(whole_calls(traced.tracer))
                within.enter_context(nested_rows(traced, call.symbols))
                within.enter_context(custom_functions(traced.functions, traced, loss is not None))
                within.enter_context(checkpoints(traced.checkpoints))
                if self.__dict__["gives_up"]:
                    within.enter_context(not_looping(lambda: _fixed(traced, call)))
                if self.__dict__["runs"]:
                    within.enter_context(as_it_runs())
                if self.__dict__["is_fast"]:
                    within.enter_context(fast_paths(module))
                out = getattr(self, ROOT_CHILD)(*args, **kwargs)
                traced.is_returned = True
                scalar = None if loss is None else loss(out)
            if traced.lifetimes is not None:
                traced.lifetimes.close()
            traced.outputs = _nodes_of(tensors_in(out), tracker)
            traced.loss = next(iter(_nodes_of([scalar], tracker)), None)
            del out, scalar  # as the caller does before the next call
            if traced.lifetimes is not None:
                state = [*module.parameters(), *module.buffers()]
                own = {node.name for node in _nodes_of(state, tracker)}
                traced.held = traced.lifetimes.left(own)
            traced.is_complete = True
            raise TraceComplete

    return Watch()


def _fixed(traced: Traced, call: Call) -> dict[str, int]:
    """Symbols that the trace has made constant by now."""
    found: dict[str, int] = {}
    for dims, type in zip(traced.input_dims, call.types, strict=True):
        for expr, dim in zip(dims, type.shape or (), strict=True):
            value = traced.env.replace(expr) if traced.env is not None else expr
            if not isinstance(dim, int) and str(dim).isidentifier() and value.is_Integer:
                found[str(dim)] = int(value)
    return found


def _saving_nothing() -> Any:
    """Backward is no part of the trace: what it would keep must not keep tensors alive."""
    import torch

    return torch.autograd.graph.saved_tensors_hooks(lambda _: None, lambda x: x)


def _begin(traced: Traced, module: Any, call: Call, tensors: tuple[Any, ...]) -> Any:
    from torch.fx.experimental.proxy_tensor import get_proxy_mode

    tracer: Any = get_proxy_mode().tracer
    traced.tracer, traced.graph, traced.root = tracer, tracer.graph, tracer.root
    traced.tracker = tracker = tracer.tensor_tracker
    for name, tensor in zip(call.names, tensors, strict=True):
        traced.inputs.append((name, tracker[tensor].proxy.node, tensor))
        dims = []
        for dim in tensor.shape:
            is_open = not isinstance(dim, int)
            dims.append(dim.node._expr if is_open else dim)
            if is_open:
                traced.env = dim.node.shape_env
        traced.input_dims.append(tuple(dims))
    traced.settled.note(traced.env)
    traced.params = _state(module.named_parameters(remove_duplicate=False), tracker)
    traced.buffers = _state(module.named_buffers(remove_duplicate=False), tracker)
    try:
        traced.lifetimes = Lifetimes(tracer, lambda: traced.settled.note(traced.env))
    except (AttributeError, TypeError):  # another version of PyTorch: lifetimes are not known
        traced.lifetimes = None
    return tracker


def _state(named: Iterator[tuple[str, Any]], tracker: Any) -> list[tuple[str, Any, list[Any]]]:
    """Tensors of the module, each once under its first name."""
    rows: dict[int, tuple[str, Any, list[Any]]] = {}
    for name, tensor in named:
        proxy = tracker.get(tensor)
        row = rows.setdefault(id(tensor), (name, tensor, []))
        if proxy is not None and proxy.proxy.node not in row[2]:
            row[2].append(proxy.proxy.node)
    return list(rows.values())


def tensors_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """The tensors of what a model returns: in sequences, mappings, and attributes of objects."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif depth > _MAX_DEPTH or value is None or isinstance(value, (str, bytes, int, float, type)):
        return
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item, depth + 1)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from tensors_in(item, depth + 1)
    elif hasattr(value, "__dict__") and not isinstance(value, torch.nn.Module):
        for item in vars(value).values():
            yield from tensors_in(item, depth + 1)


def _nodes_of(tensors: Any, tracker: Any) -> list[Any]:
    nodes: dict[Any, None] = {}
    for tensor in tensors:
        proxy = None if tensor is None else tracker.get(tensor)
        if proxy is not None:
            nodes[proxy.proxy.node] = None
    return list(nodes)
