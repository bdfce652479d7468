"""Whether oneDNN runs the kernels here that its memory is modelled after."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def has_modelled_kernels() -> bool:
    """AVX-512 with bfloat16, without AMX, for which other kernels take over."""
    said = CPUINFO.read_text() if CPUINFO.exists() else ""
    return "avx512_bf16" in said and "amx_bf16" not in said
