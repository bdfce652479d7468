"""The house rules that no one file shows: who may depend on whom, and what importing costs."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "shapewright"

# base <- dim <- graph <- eager <- ops <- infer <- memory <- bindings; onnx needs the graph alone.
# base <- layout <- copy <- bindings.
CPP_MAY_INCLUDE: dict[str, set[str]] = {
    "base": set(),
    "dim": {"base"},
    "graph": {"base", "dim"},
    "eager": {"base", "dim", "graph"},
    "ops": {"base", "dim", "graph", "eager"},
    "infer": {"base", "dim", "graph", "ops"},
    "memory": {"base", "dim", "graph", "eager", "ops", "infer"},
    "onnx": {"base", "dim", "graph"},
    "layout": {"base"},
    "copy": {"base", "layout"},
    "gpu": set(),
}
CPP_MAY_INCLUDE["bindings"] = set(CPP_MAY_INCLUDE)

# A Python module imports its own row and those before it. What is not named stands in the middle.
PYTHON_ROWS = (
    {"_core", "errors"},
    {"api", "arrays", "sizes", "importers"},
    {"report"},
    {"cli", "integrations", "__init__", "__main__"},
)
MIDDLE = 1

FRAMEWORKS = {"jax", "keras", "onnx", "onnxruntime", "tensorflow", "torch", "transformers"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "impl", "misc"}
MAX_LINES = 600
IMPORT_LIMIT_MS = 60

CPP_FILES = sorted(p for p in CPP.rglob("*") if p.suffix in {".h", ".cpp"})
PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [
    *CPP_FILES,
    *(
        path
        for folder in ("python", "tests", "tools", "benchmarks", "examples")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".h", ".cpp", ".sh"}
    ),
]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    """`cli` for python/shapewright/cli/check.py, `api` for python/shapewright/api.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def row_of(module: str) -> int:
    return next((i for i, names in enumerate(PYTHON_ROWS) if module in names), MIDDLE)


def imports(tree: ast.AST, path: Path, *, only_at_import: bool) -> Iterator[str]:
    """Full names of the modules and members that `tree` imports."""
    for node in ast.iter_child_nodes(tree):
        if only_at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ["shapewright", *path.relative_to(PACKAGE).parts[:-1]]
            origin = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*origin, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        yield from imports(node, path, only_at_import=only_at_import)


def own_modules(path: Path, *, only_at_import: bool) -> set[str]:
    names = imports(ast.parse(path.read_text()), path, only_at_import=only_at_import)
    return {name.split(".")[1] for name in names if name.startswith("shapewright.")}


@pytest.mark.parametrize("path", CPP_FILES, ids=relative)
def test_includes_point_down(path: Path) -> None:
    module = path.relative_to(CPP).parts[0]
    text = path.read_text()
    for included in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
        assert (CPP / included).is_file(), f"write it as module/file.h: {included}"
        target = included.split("/")[0]
        assert target == module or target in CPP_MAY_INCLUDE[module], included
    assert module == "bindings" or "<pybind11" not in text
    assert path.suffix != ".h" or "\n#pragma once\n" in "\n" + text


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_imports_point_down(path: Path) -> None:
    module = module_of(path)
    for target in own_modules(path, only_at_import=True):
        assert row_of(target) <= row_of(module), f"{module} imports {target}"
    if module not in {"cli", "__main__"}:
        assert "cli" not in own_modules(path, only_at_import=False)


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_frameworks_are_imported_inside_functions(path: Path) -> None:
    names = imports(ast.parse(path.read_text()), path, only_at_import=True)
    assert not {name.split(".")[0] for name in names} & FRAMEWORKS


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_file_is_short_and_named_for_what_it_is(path: Path) -> None:
    assert len(path.read_text().splitlines()) < MAX_LINES
    assert path.stem not in FORBIDDEN_NAMES
    assert path.parent.name not in FORBIDDEN_NAMES


def test_version_is_one() -> None:
    import shapewright
    from shapewright import _core

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert changelog is not None
    assert changelog[1] == project
    assert importlib.metadata.version("shapewright") == project
    assert _core.__version__ == project
    assert shapewright.__version__ == project


def test_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert (PACKAGE / "_core.pyi").is_file()


def test_import_is_quick() -> None:
    # Of the processor's time, so that a busy machine does not count.
    code = (
        "import numpy, time; start = time.process_time(); import shapewright;"
        "print(1e3 * (time.process_time() - start))"
    )
    command = [sys.executable, "-c", code]
    best_ms = min(float(subprocess.check_output(command, text=True)) for _ in range(5))
    assert best_ms < IMPORT_LIMIT_MS
