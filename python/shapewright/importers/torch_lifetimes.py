"""Watching a trace: which tensor each node makes, and when Python drops its last name for it.

The tracer remembers the node of a tensor in a dictionary keyed by the tensor. Each entry made
there also gets a weak reference, whose end tells how far the trace was.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any


class Lifetimes:
    """Positions in the trace after which tensors had no name: `of` maps a node's name to one."""

    def __init__(self, tracer: Any, made: Callable[[], None]) -> None:
        self.of: dict[str, int] = {}
        self._tracer = tracer
        self._alive: dict[int, tuple[weakref.ref[Any], list[str]]] = {}
        self._closed = False
        self._ignores = False
        tracker = tracer.tensor_tracker
        watcher = self

        class Watched(type(tracker)):  # type: ignore[misc]
            def __setitem__(self, tensor: Any, proxy: Any) -> None:
                super().__setitem__(tensor, proxy)
                made()
                watcher._made(tensor, proxy.proxy.node.name)

        tracker.__class__ = Watched

    def close(self) -> None:
        """What is alive now is never released."""
        self._closed = True

    def left(self, state: Collection[str]) -> list[str]:
        """After the end: nodes of the tensors that are alive still, those of `state` apart."""
        alive = self._names_but(state)
        if alive:
            gc.collect()  # cycles of the model's are held by nobody
            alive = self._names_but(state)
        self._alive.clear()
        return alive

    def _names_but(self, state: Collection[str]) -> list[str]:
        return [n for _, names in self._alive.values() for n in names if n not in state]

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Within, a tensor gets a node that another one made."""
        self._ignores = True
        try:
            yield
        finally:
            self._ignores = False

    def _made(self, tensor: Any, node: str) -> None:
        if self._closed or self._ignores:
            return
        key = id(tensor)
        known = self._alive.get(key)
        if known is not None:  # an in-place operation: the same tensor by another name
            known[1].append(node)
            return
        self._alive[key] = (weakref.ref(tensor, lambda _: self._dropped(key)), [node])

    def _dropped(self, key: int) -> None:
        entry = self._alive.pop(key, None)
        if entry is None or self._closed:
            return
        position = len(self._tracer.graph.nodes)
        for node in entry[1]:
            self.of[node] = position
