"""Functions that take backward into their own hands, seen as they are called."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from shapewright.importers.torch_scope import is_machinery

_SEGMENT = "_checkpoint_without_reentrant_generator"


@dataclass
class FunctionCall:
    """One call of an autograd function of the model's own, by nodes of the trace."""

    name: str
    line: str
    inputs: list[Any]  # tensors among its arguments
    raw: list[Any]  # what its forward made, and what stands for that afterwards
    outputs: list[Any]
    saved: list[Any]
    given: list[Any] = field(default_factory=list)  # gradients of the outputs
    made: list[Any] = field(default_factory=list)  # of the inputs, None for one without
    end: Any = None  # the node after its backward; None: that cannot be traced
    why: str = ""
    dropped: set[Any] = field(default_factory=set)  # nodes of a backward that broke off


@contextmanager
def custom_functions(found: list[FunctionCall], traced: Any, records: bool) -> Iterator[None]:
    """The model's own autograd functions: the forward of each is traced, then its backward."""
    import torch

    base = torch.autograd.Function
    applied = base.__dict__["apply"]

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        plain = applied.__get__(None, cls)
        source = sys.modules.get(cls.__module__)
        is_own = not is_machinery(getattr(source, "__file__", None) or "")
        if not (is_own and records and torch.is_grad_enabled()):
            return plain(*args, **kwargs)
        return _called(cls, args, kwargs, calling_line(), found, traced)

    base.apply = classmethod(apply)
    try:
        yield
    finally:
        base.apply = applied


def _called(
    cls: Any, args: Any, kwargs: Any, line: str, found: list[FunctionCall], traced: Any
) -> Any:
    import torch

    function: Any = torch.autograd.function

    def node_of(tensor: Any) -> Any:
        proxy = traced.tracker.get(tensor)
        return None if proxy is None else proxy.proxy.node

    def is_tensor(value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    class Context(function.FunctionCtx):
        to_save: tuple[Any, ...] = ()
        non_differentiable: tuple[Any, ...] = ()
        needs_input_grad: tuple[bool, ...] = ()

        @property
        def saved_tensors(self) -> tuple[Any, ...]:
            return tuple(self.to_save)

    class StandsFor(torch.autograd.Function):
        """Tensors with the history that a call gives to what its forward made."""

        @staticmethod
        def forward(ctx: Any, count: int, *tensors: Any) -> Any:
            return tuple(torch.ops.aten.clone.default(t) for t in tensors[:count])

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            raise NotImplementedError

    ctx = Context()
    with torch.no_grad():
        if cls.setup_context is not function._SingleLevelFunction.setup_context:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
            out = cls.forward(*args)
            cls.setup_context(ctx, args, out)
        else:
            ctx.needs_input_grad = tuple(is_tensor(a) and a.requires_grad for a in args)
            out = cls.forward(ctx, *args, **kwargs)
    ctx.needs_input_grad = tuple(is_tensor(a) and a.requires_grad for a in args)
    given = [a for a in args if is_tensor(a)]
    results = list(out) if isinstance(out, (tuple, list)) else [out]
    fixed = {id(t) for t in ctx.non_differentiable}
    places = [
        i
        for i, t in enumerate(results)
        if is_tensor(t) and t.is_floating_point() and id(t) not in fixed
    ]
    if not places or not any(ctx.needs_input_grad):
        return out
    raw = [results[i] for i in places]
    stand = StandsFor.apply(len(raw), *raw, *given)
    kept = [*ctx.to_save, *vars(ctx).values()]
    call = FunctionCall(
        name=cls.__name__,
        line=line,
        inputs=[node_of(t) for t in given],
        raw=[node_of(t) for t in raw],
        outputs=[node_of(t) for t in stand],
        saved=list(dict.fromkeys(node_of(t) for t in kept if is_tensor(t))),
    )
    found.append(call)
    before = set(traced.graph.nodes)
    try:
        with torch.no_grad():
            grads = [torch.ops.aten.empty_like.default(t) for t in stand]
            call.given = [node_of(g) for g in grads]
            is_vjp = cls.backward is function._SingleLevelFunction.backward
            made = (cls.vjp if is_vjp else cls.backward)(ctx, *grads)
            made = made if isinstance(made, tuple) else (made,)
            of_tensors = [g for a, g in zip(args, made, strict=False) if is_tensor(a)]
            call.made = [node_of(g) if is_tensor(g) else None for g in of_tensors]
            call.end = node_of(torch.ops.aten.clone.default(grads[0]))
    except Exception as error:
        call.why = str(error).strip().partition("\n")[0][:200]
        call.dropped = set(traced.graph.nodes) - before
    for i, tensor in zip(places, stand, strict=True):
        results[i] = tensor
    return type(out)(results) if isinstance(out, (tuple, list)) else results[0]


@contextmanager
def checkpoints(found: list[str]) -> Iterator[None]:
    """Lines of the model that ask for a segment to be run again in backward."""
    from torch.utils import checkpoint

    library: Any = checkpoint
    plain = library.__dict__.get(_SEGMENT)
    nested = library.CheckpointFunction.__dict__.get("forward")
    if plain is None or nested is None:  # another version of PyTorch
        yield
        return

    def noted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            found.append(calling_line())
            return function(*args, **kwargs)

        return call

    setattr(library, _SEGMENT, noted(plain))
    library.CheckpointFunction.forward = staticmethod(noted(nested.__func__))
    try:
        yield
    finally:
        setattr(library, _SEGMENT, plain)
        library.CheckpointFunction.forward = nested


def calling_line() -> str:
    """The innermost line outside of PyTorch and of the importer: `model.py:12`."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not is_machinery(path):
            return f"{PurePath(path).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
