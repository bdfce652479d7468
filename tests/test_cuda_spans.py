"""Whole lines off alignment, gathered into vectors and scattered from them: random layouts on the
CPU twins, real ones, banks, and what they ask of memory beside the kernels that took them before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from cuda_counts import Counts, counts_of, traced
from cuda_moves import aligned_bytes, expected, memory_of, move
from cuda_trace import WARP, wavefronts
from shapewright.cuda import choose
from shapewright.cuda.choose_span import pitch_of, span_step
from shapewright.cuda.kernels import all_names, kernel_named
from shapewright.cuda.kernels.span import LANES, MOST_VECTORS
from shapewright.cuda.layout import Digit, Layout, canonical
from shapewright.cuda.step import Step
from shapewright.cuda.twin import ORDERS

KERNELS = [name for name in all_names() if name.startswith(("gather", "scatter"))]
LAYOUTS = 175  # random ones of each kernel
TYPES = {1: "u1", 2: "u2", 4: "f4"}
FEWEST_BYTES, MOST_BYTES = 32, 500

# (images, channels, pixels), item, the kernel that moves them from channels first, from last
REAL = [
    ((32, 2048, 49), 1, "gather_1_1", "scatter_1_1"),
    ((32, 2048, 49), 2, "gather_2_2", "scatter_2_2"),
    ((32, 2048, 49), 4, "gather_4_4", "scatter_4_4"),
    ((4, 1024, 49), 1, "gather_1_1", "scatter_1_1"),
    ((32, 1024, 196), 1, "gather_1_4", "scatter_1_4"),
    ((254, 256, 284), 1, "gather_1_4", "scatter_1_4"),
]


def check(x: Any, out: Any, order: Any, kernel: str) -> None:
    want = expected(x, out)
    assert move(x, out, order) == [kernel]
    assert np.array_equal(want, memory_of(out)), f"{x.shape} {x.strides} -> {out.strides}"


def line_of(rng: np.random.Generator, item: int, step: int) -> int:
    """Items of a line whose bytes `step` divides, and no more."""
    while True:
        line = int(rng.integers(-(-FEWEST_BYTES // item), MOST_BYTES // item + 1))
        size = line * item
        if size % 8 and min(size & -size, 4) == step:
            return line


def random_pair(rng: np.random.Generator, item: int, step: int) -> tuple[Any, Any]:
    """Two arrays of one shape (others, lines, items of a line): in one the lines are dense one
    behind the other, in the other one item of each line."""
    lanes, line = 16 // item, line_of(rng, item, step)
    lines = lanes * int(rng.integers(2, 1 + max(2, 24_000 // (16 * line))))
    others = [int(n) for n in rng.integers(1, 4, rng.integers(0, 4))]
    cut = [slice(int(rng.integers(0, 2)), None, int(rng.choice([1, 1, 2]))) for _ in others]
    sizes = [c.start + (n - 1) * c.step + 1 for n, c in zip(others, cut, strict=True)]
    spare = [lanes * int(n) for n in rng.integers(0, 3, 2)]
    kind = TYPES[item]
    lie = aligned_bytes(rng, (*sizes, lines * line + spare[0]), kind)
    lie = lie[(*cut, slice(lines * line))].reshape(*others, lines, line)
    order = rng.permutation(len(others))
    whole = aligned_bytes(rng, (*(sizes[a] for a in order), line, lines + spare[1]), kind)
    turned = whole[(*(cut[a] for a in order), slice(None), slice(lines))]
    turned = turned.transpose(*np.argsort(order), len(others) + 1, len(others))
    for axis in range(len(others)):
        if rng.random() < 0.3:
            lie = np.flip(lie, axis)
    return lie, turned


@pytest.mark.parametrize("kernel", KERNELS)
def test_random_lines(kernel: str) -> None:
    family, item, step = kernel.split("_")
    rng = np.random.default_rng([47, KERNELS.index(kernel)])
    for k in range(LAYOUTS):
        lie, turned = random_pair(rng, int(item), int(step))
        if family == "scatter" and rng.random() < 0.3:
            turned, lie = np.flip(turned, -1), lie
        x, out = (lie, turned) if family == "gather" else (turned, lie)
        check(x, out, ORDERS[k % len(ORDERS)], kernel)


@pytest.mark.parametrize(("shape", "item", "gather", "scatter"), REAL)
def test_real_lines(shape: tuple[int, ...], item: int, gather: str, scatter: str) -> None:
    images, channels, pixels = shape
    rng = np.random.default_rng(48)
    first = aligned_bytes(rng, shape, TYPES[item]).transpose(0, 2, 1)
    last = aligned_bytes(rng, (images, pixels, channels), TYPES[item])
    check(first, last, "forward", gather)
    check(last, aligned_bytes(rng, shape, TYPES[item]).transpose(0, 2, 1), "forward", scatter)


def layout_of(shape: tuple[int, ...], item: int, *, scatters: bool) -> Layout:
    """Channels first to last, or with `scatters` last to first."""
    images, channels, pixels = shape
    image = channels * pixels * item
    rows = (
        (images, image, image),
        (channels, pixels * item, item),
        (pixels, item, channels * item),
    )
    turned = ((size, dst, src) for size, src, dst in rows)
    return canonical([Digit(*row) for row in (turned if scatters else rows)], item)


def before_and_now(layout: Layout) -> tuple[Step, Step]:
    """What the other families make of a layout, and what is launched."""
    others = [family for family in choose.FAMILIES if family is not span_step]
    before, now = (
        next(step for family in families if (step := family(layout, 0, 0)) is not None)
        for families in (others, choose.FAMILIES)
    )
    return before, now


# What a step asked of memory before, and asks now, for each 16 bytes: sectors, instructions.
@pytest.mark.parametrize(
    ("shape", "item", "scatters", "before", "now"),
    [
        ((32, 2048, 49), 1, False, (16.5, 32.0), (1.0, 12.3)),
        ((32, 2048, 49), 1, True, (16.5, 32.0), (1.0, 13.3)),
        ((32, 2048, 49), 2, False, (8.5, 16.0), (1.0, 10.0)),
        ((32, 2048, 49), 2, True, (8.5, 16.0), (1.0, 9.7)),
        ((32, 2048, 49), 4, False, (1.1, 16.0), (1.0, 7.4)),
        ((32, 2048, 49), 4, True, (1.1, 19.7), (1.0, 7.4)),
        ((32, 1024, 196), 1, False, (1.1, 16.0), (1.0, 7.8)),
        ((32, 1024, 196), 1, True, (1.1, 16.0), (1.0, 7.8)),
        ((254, 256, 284), 1, True, (1.1, 16.0), (1.0, 7.7)),
    ],
)
def test_counts(
    shape: tuple[int, ...],
    item: int,
    scatters: bool,
    before: tuple[float, float],
    now: tuple[float, float],
) -> None:
    def rounded(counts: Counts) -> tuple[float, float]:
        return round(counts.sectors, 1), round(counts.instructions, 1)

    steps = before_and_now(layout_of(shape, item, scatters=scatters))
    counts = [counts_of(step) for step in steps]
    assert [rounded(c) for c in counts] == [before, now], [step.kernel for step in steps]


@pytest.mark.parametrize("scatters", [False, True])
@pytest.mark.parametrize("item", [1, 2, 4])
@pytest.mark.parametrize("pixels", [9, 49, 100, 196, 225, 441])
def test_words_meet_each_bank_once(pixels: int, item: int, scatters: bool) -> None:
    """Those of lines, in full warps; those of warps that go on from 8 groups to the next 8 meet one
    twice, and so do vectors as they lie, where a gap of the pitch is among them."""
    step = span_step(layout_of((300, 256, pixels), item, scatters=scatters), 0, 0)
    if pixels * item < 32 or pixels * item % 8 == 0:
        assert step is None
        return
    assert step is not None
    names = [param.name for param in kernel_named(step.kernel).params if param.kind != "memory"]
    named = dict(zip(names, step.values, strict=True))
    goes_on = named["groups"][0] > 1 << named["words"][2]  # type: ignore[index]
    for instruction in traced(step).masked_instructions("shared"):
        parts = wavefronts(instruction.lanes)
        width = next(iter(instruction.lanes.values()))[1]
        if width == 16 or len(instruction.lanes) < WARP or goes_on:
            assert max(parts) <= 2
        else:
            assert parts == [1]


def test_pitches() -> None:
    for lanes in (2, 4, 8):
        for line in range(5, MOST_VECTORS):
            pitch = pitch_of(line, lanes)
            assert line <= pitch < line + 2 * LANES // lanes
            banks = {
                (4 * pitch * group + word) % 32
                for group in range(lanes)
                for word in range(32 // lanes)
            }
            assert len(banks) == 32


def test_what_is_no_span() -> None:
    layout = layout_of((32, 2048, 49), 1, scatters=False)
    assert span_step(layout, 0, 0) is not None
    assert span_step(layout, 8, 0) is None  # off 16 bytes
    assert span_step(layout, 0, 4) is None
    assert span_step(layout_of((32, 2040, 49), 1, scatters=False), 0, 0) is None  # half a vector
    assert span_step(layout_of((32, 16, 49), 1, scatters=False), 0, 0) is None  # half a sector
    assert span_step(layout_of((32, 2048, 48), 1, scatters=False), 0, 0) is None  # wider vectors
    assert span_step(layout_of((32, 2048, 601), 1, scatters=False), 0, 0) is None  # too long
    apart = Layout(1, tuple(replace(d, src=2 * d.src) for d in layout.digits))
    assert span_step(apart, 0, 0) is None  # lines that do not touch
