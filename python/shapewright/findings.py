"""One page for each code: what it means, the smallest example, how to mend it."""

from __future__ import annotations

from functools import cache

from shapewright.errors import ShapewrightError
from shapewright.spelling import did_you_mean


@cache
def _pages() -> dict[str, str]:
    from importlib.resources import files

    folder = files("shapewright") / "pages"  # docs/findings of the source tree
    return {
        entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
    }


def all_codes() -> tuple[str, ...]:
    """Every code that has a page, in alphabetical order."""
    return tuple(_pages())


def page(code: str) -> str:
    """The page of a code, as Markdown.

    >>> page("matmul-contract").splitlines()[0]
    '# matmul-contract: the contracted sizes differ'
    """
    pages = _pages()
    word = code.strip().lower()
    if word in pages:
        return pages[word]
    message = f"there is no code '{code}'"
    hint = did_you_mean(word, pages) or "`shapewright explain` lists them"
    raise ShapewrightError(message, code="code-unknown", hint=hint)


def title(code: str) -> str:
    """What the code stands for, in a few words."""
    first = page(code).partition("\n")[0]
    return first.partition(": ")[2]
