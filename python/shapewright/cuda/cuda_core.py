"""Launches through cuda.core: kernels loaded once, parameters converted once."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from cuda.bindings import driver
from cuda.core import (
    LEGACY_DEFAULT_STREAM,
    PER_THREAD_DEFAULT_STREAM,
    Device,
    LaunchConfig,
    ObjectCode,
    Stream,
    launch,
)

from shapewright.cuda.backend import Launch, unavailable
from shapewright.cuda.cache import cubin_of
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.step import Step
from shapewright.errors import LayoutError

SCALARS = {"u32": np.uint32, "u64": np.uint64}
MOST_STREAMS = 64


def _checked(result: tuple[Any, ...]) -> Any:
    status, *values = result
    if status != driver.CUresult.CUDA_SUCCESS:
        message = f"the GPU's driver refuses: {status.name}"
        raise LayoutError(message, code="gpu-driver", facts={"status": status.name})
    return values[0] if values else None


class Kept:
    """Bytes in the memory of a device, freed with this object."""

    def __init__(self, data: bytes) -> None:
        self.address = int(_checked(driver.cuMemAlloc(len(data))))
        _checked(driver.cuMemcpyHtoD(self.address, data, len(data)))
        _checked(driver.cuCtxSynchronize())  # small copies may still be under way

    def __del__(self) -> None:
        with suppress(Exception):  # the driver may have gone before, at the end of the process
            driver.cuMemFree(self.address)  # waits for the kernels that read it


class Staged:
    """Memory taken and given back in the order of a stream."""

    def __init__(self, core: CudaCore, size: int, device: int, stream: int) -> None:
        self.core, self.device, self.queue = core, device, driver.CUstream(stream)
        self.address = int(_checked(driver.cuMemAllocAsync(size, self.queue)))

    def write(self, data: bytes) -> None:
        """See `backend.Staged`. From pageable memory, so the call returns once it is read."""
        self.core.enter(self.device)
        try:
            _checked(driver.cuMemcpyHtoDAsync(self.address, data, len(data), self.queue))
        finally:
            self.core.leave(self.device)

    def free(self) -> None:
        """See `backend.Staged`."""
        self.core.enter(self.device)
        try:
            _checked(driver.cuMemFreeAsync(self.address, self.queue))
        finally:
            self.core.leave(self.device)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One launch with all but its pointers and its stream."""

    core: CudaCore
    device: int
    kernel: Any
    config: Any
    before: tuple[Any, ...]
    after: tuple[Any, ...]

    def __call__(self, stream: int, *pointers: int) -> None:
        self.core.enter(self.device)
        try:
            queue = self.core.stream(stream)
            launch(queue, self.config, self.kernel, *self.before, *pointers, *self.after)
        finally:
            self.core.leave(self.device)


class CudaCore:
    """Kernels and streams of this process."""

    def __init__(self) -> None:
        try:
            self.count = len(Device.get_all_devices())
        except Exception as error:
            why = f"no driver answers ({error})"
            raise unavailable(why) from None
        if self.count == 0:
            why = "there is no GPU"
            raise unavailable(why)
        self._kernels: dict[tuple[str, tuple[int, int]], Any] = {}
        self._lock = threading.Lock()
        self._streams: dict[int, Any] = {
            0: LEGACY_DEFAULT_STREAM,
            1: LEGACY_DEFAULT_STREAM,
            2: PER_THREAD_DEFAULT_STREAM,
        }
        self._thread = threading.local()

    def enter(self, device: int) -> None:
        """Makes a device current for this thread: once where there is one, else for each call."""
        if self.count == 1:
            if not getattr(self._thread, "is_ready", False):
                Device(device).set_current()
                self._thread.is_ready = True
            return
        self._thread.before = _checked(driver.cuCtxGetCurrent())
        Device(device).set_current()

    def leave(self, device: int) -> None:
        """Gives the thread back the device it had."""
        if self.count > 1:
            _checked(driver.cuCtxSetCurrent(self._thread.before))

    def stream(self, handle: int) -> Any:
        """The stream of a raw handle; the handle stays its owner's."""
        known = self._streams.get(handle)
        if known is None:
            if len(self._streams) >= MOST_STREAMS:
                self._streams = {n: self._streams[n] for n in (0, 1, 2)}
            known = self._streams[handle] = Stream.from_handle(handle)
        return known

    def kernel(self, name: str, device: int) -> Any:
        """The loaded kernel; of all devices of a capability, for a CUkernel knows no context."""
        major, minor = Device(device).compute_capability
        key = name, (int(major), int(minor))
        with self._lock:
            if key not in self._kernels:
                code = ObjectCode.from_cubin(cubin_of(*key))
                self._kernels[key] = code.get_kernel(name)
            return self._kernels[key]

    def prepare(self, step: Step, device: int) -> Launch:
        """See `Backend.prepare`."""
        described = kernel_named(step.kernel)
        each = step.blocks_each if described.loops else 1
        before = (np.uint32(step.blocks), np.uint32(each)) if described.loops else ()
        numbers = [param for param in described.params if param.kind != "memory"]
        after: list[Any] = []
        for param, value in zip(numbers, step.values, strict=True):
            scalar = SCALARS[param.kind]
            after += map(scalar, value) if isinstance(value, tuple) else [scalar(value)]
        self.enter(device)
        try:
            kernel = self.kernel(step.kernel, device)
        finally:
            self.leave(device)
        config = LaunchConfig(grid=-(-step.blocks // each), block=described.threads)
        return Prepared(self, device, kernel, config, before, tuple(after))

    def keep(self, data: bytes, device: int) -> Kept:
        """See `Backend.keep`."""
        self.enter(device)
        try:
            return Kept(data)
        finally:
            self.leave(device)

    def stage(self, size: int, device: int, stream: int) -> Staged:
        """See `Backend.stage`. Refused while the stream is captured into a graph: the table would
        be read from host memory at each replay."""
        self.enter(device)
        try:
            status = _checked(driver.cuStreamIsCapturing(driver.CUstream(stream)))
            if status != driver.CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE:
                message = "a call on many arrays cannot be captured into a graph"
                hint = "capture calls on single arrays"
                raise LayoutError(message, code="gpu-capture", hint=hint)
            return Staged(self, size, device, stream)
        finally:
            self.leave(device)

    def wait(self, device: int, stream: int) -> None:
        """See `Backend.wait`."""
        self.enter(device)
        try:
            _checked(driver.cuStreamSynchronize(driver.CUstream(stream)))
        finally:
            self.leave(device)
