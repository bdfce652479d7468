"""What a model demands, told from the branch that its trace took: it is run beyond each guard.

There it either raises, which is a demand, or it runs another way: then the trace is of one branch,
and its answers hold on this side of the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from shapewright._core import Dim
from shapewright.errors import DimError
from shapewright.importers.torch_guards import Demanded
from shapewright.relation import holds, size_at

Sizes = dict[str, int]
Bounds = Mapping[str, "tuple[int, int | None]"]
_MAX_RUNS = 8
_FAR = 8192  # from the size of the trace, where a guard is broken
_MOST_DIMS = 256
_MORE = 64  # places looked at once one breaks the guard, for one that breaks no other


def told_apart(
    found: Sequence[Demanded],
    hints: Mapping[str, int],
    bounds: Bounds,
    runs_at: Callable[[Sizes], bool | None],
) -> list[Demanded]:
    """The demands, with `is_branch` where the model runs although they are broken.

    `runs_at` runs it at such sizes; None means that nobody can tell. What is not tried is a branch
    if the model itself asked for it.
    """
    asked = [d for d in found if not d.node and not _is_certain(d)]
    branches: set[Demanded] = set()
    num_runs = 0
    for demand in sorted(asked, key=lambda d: not d.is_own):
        if demand in branches:
            continue
        sizes = _beyond(demand, found, hints, bounds)
        runs = None
        if sizes is not None and num_runs < _MAX_RUNS:
            runs = runs_at(sizes)
            num_runs += 1
            if runs:
                branches.update(d for d in asked if is_broken(d, sizes))
        if runs is None and demand.is_own:
            branches.add(demand)
    return [replace(d, is_branch=d in branches) for d in found]


def is_broken(demand: Demanded, sizes: Mapping[str, int]) -> bool:
    """Whether sizes break a demand; one that cannot be computed at them is not."""
    try:
        left, right = (size_at(_dim(text), sizes) for text in (demand.left, demand.right))
        return not holds(demand.relation, left, right)
    except (DimError, KeyError, ZeroDivisionError):
        return False


def _is_certain(demand: Demanded) -> bool:
    try:
        return demand.relation == "equal" and _dim(demand.left) == _dim(demand.right)
    except DimError:
        return False


def _beyond(
    demand: Demanded, found: Sequence[Demanded], hints: Mapping[str, int], bounds: Bounds
) -> Sizes | None:
    """Sizes near those of the trace that break one demand, and as few of the others as may be."""
    best: tuple[int, Sizes] | None = None
    seen = 0
    for sizes in _near(demand, hints, bounds):
        seen += best is not None
        if seen > _MORE:
            break
        if not is_broken(demand, sizes):
            continue
        others = sum(is_broken(d, sizes) for d in found if d != demand)
        if best is None or others < best[0]:
            best = (others, sizes)
        if others == 0:
            break
    return None if best is None else best[1]


def _near(demand: Demanded, hints: Mapping[str, int], bounds: Bounds) -> Iterator[Sizes]:
    text = f"{demand.left} {demand.right}"
    named = [name for name in hints if name in text]
    for distance in range(1, _FAR):
        for name in named:
            low, high = bounds.get(name, (1, None))
            for size in (hints[name] - distance, hints[name] + distance):
                if max(low, 1) <= size and (high is None or size <= high):
                    yield {**hints, name: size}


@lru_cache(_MOST_DIMS)
def _dim(text: str) -> int | Dim:
    """Read once, though thousands of sizes are tried."""
    return Dim(text)
