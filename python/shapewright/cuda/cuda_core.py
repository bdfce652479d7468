"""Kernels loaded by cuda.core, once each, and launched by the core with parameters packed once."""

from __future__ import annotations

import ctypes
import sys
import threading
from dataclasses import dataclass
from typing import Any

from cuda.bindings import driver
from cuda.core import Device, ObjectCode

from shapewright import _core
from shapewright.cuda.backend import Launch, unavailable
from shapewright.cuda.cache import cubin_of
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.step import Step
from shapewright.errors import LayoutError

MOST_CONSTANTS = 64
SCALAR_BYTES = {"u32": 4, "u64": 8}


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
        try:  # noqa: SIM105, for at the end of the process `suppress` may be gone too
            driver.cuMemFree(self.address)  # waits for the kernels that read it
        except Exception:
            pass


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
    launch: _core.Launch
    kernel: Any  # keeps the machine code loaded

    def __call__(self, stream: int, *pointers: int) -> None:
        self.core.enter(self.device)
        try:
            status = self.launch(stream, pointers)
        finally:
            self.core.leave(self.device)
        if status:
            _checked((driver.CUresult(status),))


def packed_numbers(step: Step) -> tuple[bytes, list[int]]:
    """The numbers a kernel is passed, and where each begins."""
    data, offsets = bytearray(), []
    numbers = [p for p in kernel_named(step.kernel).params if p.kind != "memory"]
    for param, value in zip(numbers, step.values, strict=True):
        size = SCALAR_BYTES[param.kind]
        for number in value if isinstance(value, tuple) else (value,):
            data += bytes(-len(data) % size)
            offsets.append(len(data))
            data += number.to_bytes(size, "little")
    return bytes(data), offsets


def _entry_point() -> int:
    """The address of cuLaunchKernel, for launches without Python's part of a call."""
    library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    return ctypes.cast(library.cuLaunchKernel, ctypes.c_void_p).value or 0


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
        self._thread = threading.local()
        self._constants: dict[tuple[bytes, int], Kept] = {}
        self._entry_point = _entry_point()
        # With several devices a launch has to make one of them current first.
        self.known = _core.KnownCalls() if self.count == 1 else None

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
        data, offsets = packed_numbers(step)
        self.enter(device)
        try:
            kernel = self.kernel(step.kernel, device)
        finally:
            self.leave(device)
        threads = kernel_named(step.kernel).threads
        launch = _core.Launch(
            self._entry_point, int(kernel.handle), step.blocks, threads, data, offsets
        )
        return Prepared(self, device, launch, kernel)

    def keep(self, data: bytes, device: int) -> Kept:
        """See `Backend.keep`."""
        self.enter(device)
        try:
            return Kept(data)
        finally:
            self.leave(device)

    def constant(self, data: bytes, device: int) -> int:
        """See `Backend.constant`."""
        found = self._constants.get((data, device))
        if found is None:
            if len(self._constants) >= MOST_CONSTANTS:
                self._constants.clear()
            found = self._constants[data, device] = self.keep(data, device)
        return found.address

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
