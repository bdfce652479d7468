"""Sizes of a .pt2 file: SymPy's printed constructors, read without SymPy.

`Add(Mul(Integer(2), Symbol('s77', integer=True)), Integer(1))` is `2*s77 + 1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapewright.errors import FormatError

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][\w.]*)|('[^']*')|(-?\d+\.\d+(?:e-?\d+)?|-?\d+)|([(),=]))")
_INFIX = {
    "Add": " + ", "Mul": "*", "FloorDiv": "//", "CleanDiv": "//", "Mod": "%", "PythonMod": "%",
}  # fmt: skip
_CALLS = {"Max": "max", "Min": "min", "CeilDiv": "ceildiv"}
_MAX_DEPTH = 200

Parsed = tuple[str, list["Parsed"]] | str  # a call, or a leaf


def size_text(text: str) -> str | None:
    """The expression in the grammar of `Dim`; None where it has no spelling there.

    >>> size_text("Add(Symbol('s77', positive=True, integer=True), Integer(-1))")
    '(s77 + (-1))'
    """
    tokens = list(_tokens(text))
    parsed, end = _parse(tokens, 0, 0)
    if end != len(tokens):
        raise _malformed(text)
    return _spelled(parsed)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _malformed(text)
        yield match[0].strip()
        at = match.end()


def _parse(tokens: list[str], at: int, depth: int) -> tuple[Parsed, int]:
    if at >= len(tokens) or depth > _MAX_DEPTH:
        raise _malformed(" ".join(tokens)[:80])
    word = tokens[at]
    if at + 1 >= len(tokens) or tokens[at + 1] != "(":
        return word, at + 1
    at += 2
    parts: list[Parsed] = []
    while at < len(tokens) and tokens[at] != ")":
        if at + 1 < len(tokens) and tokens[at + 1] == "=":  # an assumption: integer=True
            at += 3
        else:
            part, at = _parse(tokens, at, depth + 1)
            parts.append(part)
        if at < len(tokens) and tokens[at] == ",":
            at += 1
    if at >= len(tokens):
        raise _malformed(" ".join(tokens)[:80])
    return (word, parts), at + 1


def _spelled(parsed: Parsed) -> str | None:
    if isinstance(parsed, str):
        return parsed if re.fullmatch(r"\d+", parsed) else None
    name, parts = parsed[0].rpartition(".")[2], parsed[1]
    if name == "Symbol" and parts and isinstance(parts[0], str):
        return parts[0].strip("'")
    if name == "Integer" and parts and isinstance(parts[0], str):
        return parts[0] if not parts[0].startswith("-") else f"({parts[0]})"
    texts = [_spelled(part) for part in parts]
    if not texts or None in texts:
        return None
    spelled = [str(part) for part in texts]
    if name in _INFIX:
        return "(" + _INFIX[name].join(spelled) + ")"
    if name == "Pow" and spelled[1].isdigit():
        return f"({spelled[0]}**{spelled[1]})"
    if name in _CALLS:
        return f"{_CALLS[name]}({', '.join(spelled)})"
    if name == "ModularIndexing":
        return f"(({spelled[0]}//{spelled[1]})%{spelled[2]})"
    if name in {"TruncToInt", "FloorToInt"}:
        return spelled[0]
    return f"({'//'.join(spelled)})" if name == "IntTrueDiv" else None


def _malformed(text: str) -> FormatError:
    message = f"a size of the .pt2 file is not understood: {text[:80]}"
    return FormatError(message, code="pt2-malformed")
