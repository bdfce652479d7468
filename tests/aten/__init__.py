"""PyTorch's operators one by one: rows of calls, and what each does to memory on the CPU."""

from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("torch")

from .one_call import Call

FAMILIES = tuple(
    sorted(p.stem.removeprefix("cases_") for p in Path(__file__).parent.glob("cases_*.py"))
)
CASES: tuple[tuple[str, Call], ...] = tuple(
    (family, row)
    for family in FAMILIES
    for row in import_module(f"{__name__}.cases_{family}").CASES
)
