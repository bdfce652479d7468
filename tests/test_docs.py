"""The pages of docs/: their examples run, and their links lead somewhere."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def codes_of_errors(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The codes of all errors and findings made from here on."""
    codes: set[str] = set()
    for kind in (sw.ShapewrightError, sw.Finding):
        make = kind.__init__

        def note(self: Any, *args: Any, make: Any = make, **rest: Any) -> None:
            make(self, *args, **rest)
            codes.add(self.code)

        monkeypatch.setattr(kind, "__init__", note)
    return codes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.name in {"torch.md", "training.md", "fit.md", "will-not-fit.md"}:
        pytest.importorskip("torch")
    for framework in re.findall(r"^>>> import (onnx|torch)\b", page.read_text(), re.MULTILINE):
        pytest.importorskip(framework)
    monkeypatch.chdir(ROOT)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    session = {"sw": sw}
    codes = codes_of_errors(monkeypatch)
    result = doctest.testfile(str(page), module_relative=False, optionflags=options, globs=session)
    assert result.failed == 0
    gives_a_code = page.parent.name == "findings" and page.name != "README.md" and result.attempted
    if gives_a_code and "subprocess" not in page.read_text():
        assert page.stem in codes, "the example gives another code"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
