"""What importing loads, and what a call costs above the work of the core."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

import shapewright as sw
from shapewright import _core

OVERHEAD_US = 15


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


def test_importing_needs_nothing_outside_the_standard_library() -> None:
    new = modules_after("import shapewright") - modules_after("pass")
    assert not new & {"numpy", "typer", "rich", "onnx", "onnxruntime", "torch"}


def test_checking_a_file_imports_no_framework(examples: Path) -> None:
    model = str(examples / "resnet18.onnx")
    statement = f"import shapewright as sw; str(sw.check({model!r})); sw.check({model!r}).to_json()"
    assert not modules_after(statement) & {"numpy", "typer", "rich", "onnx", "onnxruntime", "torch"}


def test_python_adds_little_to_a_check() -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[4]")))
    graph = sw.load(g.core)

    def best_us(call: object, rounds: int = 7, repeat: int = 200) -> float:
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(repeat):
                call()  # type: ignore[operator]
            times.append(1e6 * (time.perf_counter() - start) / repeat)
        return min(times)

    whole = best_us(lambda: sw.check(graph))
    core = best_us(lambda: _core.infer(graph.core, [], [], False, None))
    assert whole - core < OVERHEAD_US


def test_public_names_are_all_there() -> None:
    assert set(sw.__all__) <= set(vars(sw))
    public = {
        name
        for name, value in vars(sw).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == {name for name in sw.__all__ if not name.startswith("_")} - {"errors"}


@pytest.mark.parametrize("name", sorted(set(sw.__all__) - {"errors", "__version__"}))
def test_public_things_are_documented(name: str) -> None:
    assert getattr(sw, name).__doc__
