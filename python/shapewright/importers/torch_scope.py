"""Where in a model an operation stands: the path of its module, and the line that calls it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from typing import Any

_FRAME = re.compile(r'File "([^"]+)", line (\d+), in ')
ROOT_CHILD = "shapewright_model"  # the name of the caller's module inside the one that is traced


def module_path(stack: Any) -> str:
    """`layer3.4.bn2` from the innermost entry of `nn_module_stack`."""
    if not stack:
        return ""
    return clean_path(next(reversed(stack.values()))[0])


@cache
def clean_path(path: str) -> str:
    """A path without what the tracer puts before the caller's module or behind its calls."""
    parts = [part.partition("@")[0] for part in path.split(".")]
    if ROOT_CHILD in parts:
        parts = parts[parts.index(ROOT_CHILD) + 1 :]
    elif parts[0] == "_export_root":
        parts = parts[1:]
    return ".".join(parts)


@cache
def is_machinery(path: str) -> bool:
    """A file of PyTorch or of this importer, where no line of the model stands."""
    import torch

    folders = (PurePath(torch.__file__).parent, PurePath(__file__).parent)
    return any(folder in PurePath(path).parents for folder in folders)


@cache
def source_line(stack_trace: str) -> str:
    """`model.py:123`: the innermost frame that is not PyTorch's own; "" if there is none."""
    own = None
    for path, line in reversed(_FRAME.findall(stack_trace)):
        if is_machinery(path):
            continue
        own = f"{PurePath(path).name}:{line}"
        break
    return own or ""
