"""The examples in the docstrings run, in Python and in the bindings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import shapewright

CUDA_EXTRA = {"cuda", "llvmlite", "numba"}
MODULES = [
    "shapewright",
    *(m.name for m in pkgutil.walk_packages(shapewright.__path__, "shapewright.")),
]


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_examples_run(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in CUDA_EXTRA:
            raise
        pytest.skip(f"{error.name} comes with the [cuda] extra")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
