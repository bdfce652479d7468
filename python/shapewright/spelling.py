"""The nearest spelling of a word, only where it is surely the one that was meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The one candidate that `word` surely meant, "" if there is none.

    >>> nearest("input_idz", ["input_ids", "attention_mask"])
    'input_ids'
    >>> nearest("x", ["a", "b"])
    ''
    """
    allowed = 2 if len(word) > 4 else 1
    best: list[str] = []
    distance = allowed + 1
    for candidate in candidates:
        d = 0 if candidate.lower() == word.lower() else edit_distance(word, candidate, allowed)
        if d < distance:
            best, distance = [candidate], d
        elif d == distance:
            best.append(candidate)
    if len(best) != 1 or distance >= max(len(word), len(best[0])):
        return ""
    return best[0]


def edit_distance(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, changes and swaps of neighbours; `limit + 1` past the limit."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint, or "" where none is sure."""
    found = nearest(word, candidates)
    return f"did you mean '{found}'?" if found else ""
