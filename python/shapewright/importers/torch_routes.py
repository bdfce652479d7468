"""The two ways to trace a module: PyTorch's export, and a trace of our own under fake tensors."""

from __future__ import annotations

import inspect
import io
import logging
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from operator import is_not
from typing import Any

from shapewright.errors import ShapewrightError
from shapewright.importers.torch_inputs import Call
from shapewright.importers.torch_trace import TraceComplete, Traced, watching_module
from shapewright.importers.torch_types import torch_dtype
from shapewright.relation import size_at

Loss = Callable[[Any], Any]
_LOGGERS = (
    "torch._subclasses.fake_tensor",
    "torch.fx.experimental.symbolic_shapes",
    "torch.fx.experimental.recording",
    "torch.export",
    "torch._export",
)


def export_route(
    module: Any,
    call: Call,
    hints: Mapping[str, int],
    loss: Loss | None,
    *,
    runs: bool = True,
    gives_up: bool = False,
) -> Traced:
    """The trace of `torch.export.export(strict=False)`, left before its passes change the graph.

    The model behaves as it runs, or, where that cannot be traced, as it is exported. With
    `gives_up`, raises `Looping` where the model loops over an open size.
    """
    import torch

    watch = watching_module(module, call, loss)
    watch.__dict__["runs"] = runs
    watch.__dict__["gives_up"] = gives_up
    watch.__dict__["traced"].hints = hints
    dynamic = {"tensors": tuple(_dynamic_dims(torch, type) for type in call.types)}
    tensors = example_tensors(module, call, hints)
    return _run(
        watch,
        lambda: torch.export.export(watch, tensors, dynamic_shapes=dynamic, strict=False),
    )


def fake_route(module: Any, call: Call, hints: Mapping[str, int], loss: Loss | None) -> Traced:
    """A trace under fake tensors; what only a run could tell is answered and noted."""
    from torch._dispatch.python import enable_python_dispatcher
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import (
        DimDynamic,
        ShapeEnv,
        StatelessSymbolicContext,
    )
    from torch.nn.utils.stateless import _reparametrize_module

    env = ShapeEnv()
    mode = FakeTensorMode(shape_env=env, allow_non_fake_inputs=True)
    watch = watching_module(module, call, loss)
    watch.__dict__["numbers"] = True
    watch.__dict__["traced"].hints = hints

    def fake_input(tensor: Any, type: Any) -> Any:
        sizes = [
            DimDynamic.STATIC if isinstance(dim, int) else DimDynamic.DYNAMIC
            for dim in type.shape or ()
        ]
        context: Any = StatelessSymbolicContext(dynamic_sizes=sizes)
        return mode.from_tensor(tensor, symbolic_context=context)

    examples = example_tensors(module, call, hints)
    fakes = [fake_input(t, type) for t, type in zip(examples, call.types, strict=True)]
    named = [*watch.named_parameters(remove_duplicate=False)]
    named += watch.named_buffers(remove_duplicate=False)
    state: dict[str, Any] = {}
    made: dict[int, Any] = {}
    for name, tensor in named:
        if id(tensor) not in made:
            made[id(tensor)] = mode.from_tensor(tensor, static_shapes=True)
        state[name] = made[id(tensor)]
    names = list(state)

    def run(*flat: Any) -> Any:
        with _reparametrize_module(watch, dict(zip(names, flat, strict=False)), tie_weights=True):
            return watch.forward(*flat[len(names) :])

    options: dict[str, Any] = {"pre_dispatch": True, "record_module_stack": True}
    if "record_stack_traces" in inspect.signature(make_fx).parameters:
        options["record_stack_traces"] = True

    def trace() -> None:
        with mode, enable_python_dispatcher():
            make_fx(run, **options)(*state.values(), *fakes)

    traced = _run(watch, trace)
    traced.env = env
    return traced


def example_tensors(module: Any, call: Call, hints: Mapping[str, int]) -> tuple[Any, ...]:
    """Tensors of the sizes of one attempt, on the device of the module; nobody reads them."""
    import torch

    first = next(module.parameters(), next(module.buffers(), None))
    device = "cpu" if first is None else first.device
    tensors = []
    for name, type, grad in zip(call.names, call.types, call.grads, strict=True):
        shape = [size_at(dim, hints) for dim in type.shape or ()]
        dtype = torch_dtype(type.dtype)
        if dtype is None:
            message = f"input '{name}' is {type.dtype}, which PyTorch has no dtype for"
            raise ShapewrightError(message, code="dtype-unsupported")
        tensors.append(torch.empty(shape, dtype=dtype, device=device, requires_grad=grad))
    return tuple(tensors)


def _dynamic_dims(torch: Any, type: Any) -> dict[int, Any]:
    return {
        axis: torch.export.Dim.AUTO
        for axis, dim in enumerate(type.shape or ())
        if not isinstance(dim, int)
    }


def _run(watch: Any, trace: Callable[[], Any]) -> Traced:
    traced: Traced = watch.__dict__["traced"]
    try:
        with _quiet():
            trace()
    except TraceComplete:
        return traced
    except Exception as error:
        traced.settled.put_back()
        error.__dict__["shapewright_traced"] = traced  # what was seen up to the error
        raise
    return traced


@contextmanager
def _quiet() -> Iterator[None]:
    """What PyTorch logs and prints of a trace is told in findings, if it is worth it."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    were = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, was in zip(loggers, were, strict=True):
            logger.disabled = was


@contextmanager
def left_alone(module: Any) -> Iterator[None]:
    """The module and the generators of random numbers are afterwards as they were."""
    import torch

    parts = [(part, dict(vars(part))) for part in module.modules()]
    lists = [
        (value, list(value))
        for _, attributes in parts
        for value in attributes.values()
        if type(value) is list
    ]
    tables = [
        (value, dict(value))
        for _, attributes in parts
        for value in attributes.values()
        if isinstance(value, dict)
    ]
    state, cpu = random.getstate(), torch.random.get_rng_state()
    numpy = sys.modules.get("numpy")
    array_state = None if numpy is None else numpy.random.get_state()
    try:
        yield
    finally:
        for part, attributes in parts:
            if _differs(vars(part), attributes):
                vars(part).clear()
                vars(part).update(attributes)
        for listed, items in lists:
            if len(listed) != len(items) or any(map(is_not, listed, items)):
                listed[:] = items
        for table, entries in tables:
            if _differs(table, entries):
                table.clear()
                table.update(entries)
        random.setstate(state)
        torch.random.set_rng_state(cpu)
        if numpy is not None and array_state is not None:
            numpy.random.set_state(array_state)


def _differs(table: Mapping[str, Any], entries: Mapping[str, Any]) -> bool:
    return list(table) != list(entries) or any(table[k] is not v for k, v in entries.items())
