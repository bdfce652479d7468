"""The pages of docs/: their examples run, and their links lead somewhere."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import shapewright as sw

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.name in {"torch.md", "training.md", "fit.md", "will-not-fit.md"}:
        pytest.importorskip("torch")
    for framework in re.findall(r"^>>> import (onnx|torch)\b", page.read_text(), re.MULTILINE):
        pytest.importorskip(framework)
    monkeypatch.chdir(ROOT)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    session = {"sw": sw}
    result = doctest.testfile(str(page), module_relative=False, optionflags=options, globs=session)
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
