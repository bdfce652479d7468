"""What runs launches: cuda.core on a GPU, or whatever a test puts in its place."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol, runtime_checkable

from shapewright import _core
from shapewright.cuda.step import Step
from shapewright.errors import LayoutError


class Launch(Protocol):
    """Enqueues one kernel on a stream; pointers are those of src, dst and what the kernel takes
    besides."""

    def __call__(self, stream: int, *pointers: int) -> None: ...


@runtime_checkable
class Compiled(Protocol):
    """A launch that the core can make by itself."""

    launch: _core.Launch


class Held(Protocol):
    """Memory of a device, kept while this lives."""

    @property
    def address(self) -> int: ...


class Staged(Protocol):
    """Memory of a device for the launches of one call, in the order of a stream."""

    @property
    def address(self) -> int: ...

    def write(self, data: bytes) -> None:
        """Fills it, before the next launch on the stream."""

    def free(self) -> None:
        """Gives it back once what the stream has is done."""


class Backend(Protocol):
    """A way to run steps. `known` finds calls that were planned before, where that can be had."""

    @property
    def known(self) -> _core.KnownCalls | None: ...

    def prepare(self, step: Step, device: int) -> Launch:
        """Compiles or finds the kernel and converts its parameters."""

    def keep(self, data: bytes, device: int) -> Held:
        """Bytes in the memory of a device, there when this returns."""

    def constant(self, data: bytes, device: int) -> int:
        """The address of such bytes in the memory of a device, good for the launches of a call."""

    def stage(self, size: int, device: int, stream: int) -> Staged:
        """Memory for one call."""

    def wait(self, device: int, stream: int) -> None:
        """Returns once the stream has done what it was given."""


_replaced: list[Backend] = []


def replace(backend: Backend | None) -> None:
    """Puts a backend in place of cuda.core; None takes it away."""
    _replaced[:] = [] if backend is None else [backend]


def current() -> Backend:
    """The backend in force. Raises `LayoutError` where there is neither GPU nor replacement."""
    return _replaced[0] if _replaced else _cuda_core()


@cache
def _cuda_core() -> Any:
    try:
        import cuda.core  # noqa: F401
    except ImportError as error:
        why = f"{error.name or 'cuda.core'} is not installed"
        raise unavailable(why) from None
    from shapewright.cuda.cuda_core import CudaCore

    return CudaCore()


def unavailable(why: str) -> LayoutError:
    """The one error of a machine that cannot run GPU kernels."""
    return LayoutError(
        f"arrays on a GPU cannot be moved here: {why}",
        code="gpu-unavailable",
        hint='pip install "shapewright[cuda]" on a machine with an NVIDIA driver of CUDA 13',
    )
