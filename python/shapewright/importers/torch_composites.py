"""Operators that PyTorch composes of others as it runs: without a row, they are traced as those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from shapewright import _core


@contextmanager
def composites_apart() -> Iterator[None]:
    """Within, a composite operator without a row is traced as the operators that it calls."""
    from torch.fx.experimental.proxy_tensor import get_proxy_mode

    mode: Any = get_proxy_mode()
    with mode.enable_decompositions(_Composites(mode.decomposition_table)):
        yield


class _Composites(Mapping[Any, Callable[..., Any]]):
    """What PyTorch's tracer asks for each operator: by what it is replaced, if by anything."""

    def __init__(self, table: Mapping[Any, Callable[..., Any]]) -> None:
        self._table = table

    def __contains__(self, op: object) -> bool:
        return op in self._table or _is_composite(op)

    def __getitem__(self, op: Any) -> Callable[..., Any]:
        return self._table.get(op) or _composed(op)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _composed(op: Any) -> Callable[..., Any]:
    run: Callable[..., Any] = op.decompose
    return run


@cache
def _rows() -> frozenset[str]:
    return frozenset(op.name for op in _core.all_ops() if op.domain == "aten")


@cache
def _is_composite(op: Any) -> bool:
    import torch

    schema = getattr(op, "_schema", None)
    if schema is None or op.namespace != "aten" or str(op).removeprefix("aten.") in _rows():
        return False
    gives_tensors = any("Tensor" in str(result.type) for result in schema.returns)
    # What tracers have in Python is not what runs.
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    return (
        gives_tensors
        and key not in op.py_kernels
        and torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)
    )
