"""The model as it runs, not as it is compiled: some take other branches where they are traced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FLAGS = ("_is_compiling_flag", "_is_exporting_flag")
_FAKE_ASKED = ("transformers.utils.import_utils", "is_fake_tensor")


@contextmanager
def as_it_runs() -> Iterator[None]:
    """Within, `torch.compiler.is_compiling()` is False, and transformers sees no fake tensors."""
    import torch

    compiler: Any = torch.compiler
    flags = {name: getattr(compiler, name) for name in _FLAGS if hasattr(compiler, name)}
    library = sys.modules.get(_FAKE_ASKED[0])
    asked = getattr(library, _FAKE_ASKED[1], None)
    for name in flags:
        setattr(compiler, name, False)
    if asked is not None:
        setattr(library, _FAKE_ASKED[1], lambda _: False)
    try:
        yield
    finally:
        for name, value in flags.items():
            setattr(compiler, name, value)
        if asked is not None:
            setattr(library, _FAKE_ASKED[1], asked)
