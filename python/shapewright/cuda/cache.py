"""Cubins on disk, so that Numba is needed once for a kernel and a compute capability.

The name of a file is a hash of all that decides its contents: the kernel, the sources of this
package, the versions of the compilers and the capability. `SHAPEWRIGHT_CACHE_DIR` says where they
are; without it, `shapewright` in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
from functools import cache
from pathlib import Path

from shapewright.cuda.kernels import kernel_named

COMPILERS = ("numba", "numba-cuda", "llvmlite", "nvidia-nvvm", "nvidia-nvjitlink")


def folder() -> Path:
    """Where cubins are kept."""
    chosen = os.environ.get("SHAPEWRIGHT_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "shapewright"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


@cache
def _surroundings() -> bytes:
    """Digest of the sources and the compilers."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for package in COMPILERS:
        digest.update(f"{package} {_version(package)}\n".encode())
    return digest.digest()


def path_of(name: str, capability: tuple[int, int]) -> Path:
    """The file of a kernel's cubin, whether or not it is there."""
    digest = hashlib.sha256(_surroundings() + f"{name} {capability}".encode()).hexdigest()
    return folder() / f"{name}-sm{capability[0]}{capability[1]}-{digest[:32]}.cubin"


def cubin_of(name: str, capability: tuple[int, int]) -> bytes:
    """Machine code of a kernel: from disk, or built and left there."""
    path = path_of(name, capability)
    try:
        return path.read_bytes()
    except OSError:
        pass
    from shapewright.cuda.build import build

    code = build(kernel_named(name), capability).code
    _write(path, code)
    return code


def _write(path: Path, code: bytes) -> None:
    """In one piece, for other processes may read or write it; a folder that cannot be written
    costs the next process its time, and nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(code)
        Path(file.name).replace(path)
    except OSError:
        pass
