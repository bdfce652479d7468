"""The examples in the docstrings run, in Python and in the bindings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import shapewright

MODULES = [
    "shapewright",
    *(m.name for m in pkgutil.walk_packages(shapewright.__path__, "shapewright.")),
]


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
