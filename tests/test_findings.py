"""Every code that the sources can give has a page, and every page a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shapewright as sw
from shapewright.findings import all_codes, page, title

ROOT = Path(__file__).resolve().parent.parent
WORD = r'"([a-z0-9]+(?:-[a-z0-9]+)+)"'

# Kebab-case words of the sources that are no codes.
NOT_CODES = {
    "adamw-8bit", "after-step", "at-most", "before-backward", "bf16-amp", "data-dependent",
    "divides-or-one", "fp16-amp", "one-is-one", "onnxruntime-pattern", "optional-sequence",
    "sgd-momentum", "size-lowest", "torch-cuda",
}  # fmt: skip


def cpp_words() -> set[str]:
    words: set[str] = set()
    for path in (ROOT / "cpp").rglob("*"):
        if path.suffix in {".cpp", ".h"}:
            code = re.sub(r"//[^\n]*", "", path.read_text())
            words |= set(re.findall(WORD, code))
    return words


def python_codes() -> set[str]:
    codes: set[str] = set()
    for path in (ROOT / "python" / "shapewright").rglob("*.py"):
        text = re.sub(r'"""(?:.|\n)*?"""', "", path.read_text())
        codes |= set(re.findall(r"code=" + WORD, text))
        codes |= set(re.findall(r"code: str = " + WORD, text))
    return codes


def test_codes_and_pages_are_the_same_set() -> None:
    codes = (cpp_words() | python_codes()) - NOT_CODES
    pages = set(all_codes())
    assert sorted(codes - pages) == [], "these codes have no page"
    assert sorted(pages - codes) == [], "these pages have no code"


@pytest.mark.parametrize("code", all_codes())
def test_page_has_its_parts(code: str) -> None:
    text = page(code)
    assert re.match(rf"# {re.escape(code)}: \S", text)
    assert title(code)
    assert "\n## Example\n" in text
    assert "\n## How to fix it\n" in text
    assert max(map(len, text.splitlines())) <= 120


def test_unknown_code() -> None:
    with pytest.raises(sw.ShapewrightError, match="did you mean 'matmul-contract'"):
        page("matmul-contrat")


def test_package_has_the_pages_of_the_docs() -> None:
    docs = ROOT / "docs" / "findings"
    pages = {path.stem: path.read_text() for path in docs.glob("*.md") if path.stem != "README"}
    assert pages == {code: page(code) for code in all_codes()}
