"""What the core takes for the driver's cuLaunchKernel, where tests only look at what is passed."""

from __future__ import annotations

import ctypes

# The function, seven sizes, the stream, parameters, extra.
ENTRY = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, *[ctypes.c_uint] * 7, *[ctypes.c_void_p] * 3
)
