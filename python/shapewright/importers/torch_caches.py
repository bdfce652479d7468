"""Functions that remember their results remember, within a trace, those of the trace alone.

A tensor of the trace that stayed in a `functools.lru_cache` would meet the caller's next run, and
one of an earlier run would be a constant of the trace.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FunctionType
from typing import Any

_CACHED: Any = type(functools.lru_cache(lambda: None))


@contextmanager
def own_caches(module: Any) -> Iterator[None]:
    """Within, cached functions of the module's classes and of their files start anew."""
    with ExitStack() as back:
        for holder in _holders(module):
            for name, value in list(vars(holder).items()):
                bound = isinstance(value, (staticmethod, classmethod))
                function: Any = value.__func__ if bound else value
                if isinstance(function, _CACHED):
                    if not _is_foreign(function, holder):
                        own: Any = _remembering(function.__wrapped__)
                        setattr(holder, name, type(value)(own) if bound else own)
                        back.callback(setattr, holder, name, value)
                elif isinstance(function, FunctionType) and not _is_foreign(function, holder):
                    _within(function, back)
        yield


def _within(function: Any, back: ExitStack) -> None:
    """Of a function around a cached one: it is a variable of its closure."""
    for cell in function.__closure__ or ():
        try:
            cached = cell.cell_contents
        except ValueError:  # not set yet
            continue
        if isinstance(cached, _CACHED):
            cell.cell_contents = _remembering(cached.__wrapped__)
            back.callback(partial(setattr, cell, "cell_contents", cached))


def _holders(module: Any) -> Iterator[Any]:
    classes = dict.fromkeys(c for part in module.modules() for c in type(part).__mro__)
    own = [c for c in classes if c.__module__.partition(".")[0] not in {"torch", "builtins"}]
    files = dict.fromkeys(c.__module__ for c in own)
    yield from own
    yield from (sys.modules[name] for name in files if name in sys.modules)


def _is_foreign(function: Any, holder: Any) -> bool:
    """Imported into the file: others use it too, and what it remembers is their own."""
    return not isinstance(holder, type) and function.__module__ != holder.__name__


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    results: dict[Any, tuple[Any, Any]] = {}  # the arguments too, so that no other gets their id

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        key = (_key(args), _key(tuple(kwargs.items())))
        try:
            known = results.get(key)
        except TypeError:  # it could not be remembered outside either
            return function(*args, **kwargs)
        if known is None:
            known = results[key] = (function(*args, **kwargs), (args, kwargs))
        return known[0]

    return called


def _key(value: Any) -> Any:
    import torch

    if isinstance(value, (tuple, list)):
        return tuple(_key(item) for item in value)
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return ("size", str(value.node._expr))
    if isinstance(value, torch.Tensor):
        return ("tensor", id(value))
    if isinstance(value, torch.nn.Module):
        return ("module", id(vars(value)))  # the tracer passes proxies that share it
    return value
