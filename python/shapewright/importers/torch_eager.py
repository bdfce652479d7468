"""The model as it runs, not as it is compiled: some take other branches where they are traced.

PyTorch's shape function of `_grouped_mm` knows bf16 alone, its kernels all floating types.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FLAGS = ("_is_compiling_flag", "_is_exporting_flag")
_GROUPED = "_meta_grouped_mm_common"
_FAKE_ASKED = ("transformers.utils.import_utils", "is_fake_tensor")


@contextmanager
def as_it_runs() -> Iterator[None]:
    """Within, `torch.compiler.is_compiling()` is False, and transformers sees no fake tensors."""
    import torch
    from torch import _meta_registrations as shapes

    compiler: Any = torch.compiler
    flags = {name: getattr(compiler, name) for name in _FLAGS if hasattr(compiler, name)}
    library = sys.modules.get(_FAKE_ASKED[0])
    asked = getattr(library, _FAKE_ASKED[1], None)
    known: Any = shapes.__dict__.get(_GROUPED)
    for name in flags:
        setattr(compiler, name, False)
    if known is not None:
        setattr(shapes, _GROUPED, _any_type(known))
    if asked is not None:
        setattr(library, _FAKE_ASKED[1], lambda _: False)
    try:
        yield
    finally:
        if known is not None:
            setattr(shapes, _GROUPED, known)
        for name, value in flags.items():
            setattr(compiler, name, value)
        if asked is not None:
            setattr(library, _FAKE_ASKED[1], asked)


def _any_type(known: Any) -> Any:
    def grouped_mm(mat_a: Any, mat_b: Any, **options: Any) -> Any:
        import torch
        from torch import _meta_registrations as shapes

        made: Any = shapes.__dict__.get("_create_grouped_mm_output_tensor")
        if made is None or options.get("scale_a") is not None or mat_a.dtype == torch.bfloat16:
            return known(mat_a, mat_b, **options)
        return made(mat_a, mat_b, options.get("offs"), options.get("out_dtype") or mat_a.dtype)

    return grouped_mm
