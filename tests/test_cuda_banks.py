"""Full tiles meet no bank twice and touch no sector in part, by what the bodies really access."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")


from cuda_moves import arguments
from cuda_trace import WARP, conflict, sectors, trace_block
from shapewright.cuda.choose import plan_move
from shapewright.cuda.kernels import all_names, kernel_named
from shapewright.cuda.kernels.tile import tile_sides
from shapewright.cuda.layout import Digit, canonical

SRC, DST = 1 << 32, 1 << 40


def traced(shape: tuple[int, int], item: int, spare: int = 0) -> tuple[Any, str]:
    """A full tile of a transpose whose rows lie `spare` bytes apart."""
    rows, cols = shape
    across, down = cols * item + spare, rows * item + spare
    layout = canonical([Digit(rows, across, item), Digit(cols, item, down)], item)
    (step,) = plan_move(layout, SRC, DST)
    kernel = kernel_named(step.kernel)
    memories = {"src": np.uint64(SRC), "dst": np.uint64(DST)}
    return trace_block(kernel, arguments(kernel, step, memories)), step.kernel


@pytest.mark.parametrize("name", [n for n in all_names() if n.startswith("tile") and n[-1] == "3"])
def test_tiles(name: str) -> None:
    item, vector, cols, rows = (int(n) for n in name.split("_")[1:5])
    along_a, along_b = tile_sides(item, vector, cols, rows)
    spare = 0 if vector == 16 else vector
    trace, used = traced((along_b, along_a), item, spare)
    assert used == name
    # Rows off the alignment of a sector touch one more of it.
    most = 1 if vector == 16 else 1.25
    for warp in range(kernel_named(name).threads // WARP):
        for phase in (0, 1):
            shared = trace.instructions("shared", phase, warp)
            assert shared
            assert [conflict(lanes) for lanes in shared] == [1] * len(shared)
            moved = trace.instructions("global", phase, warp)
            assert max(sectors(lanes) for lanes in moved) <= most


@pytest.mark.parametrize("item", [4, 8])
def test_packed_tiles_of_narrow_matrices(item: int) -> None:
    trace, used = traced((4801, 7), item)
    assert used.startswith("packed")
    for phase in (0, 1):
        degrees = [conflict(lanes) for lanes in trace.instructions("shared", phase, 0)]
        assert degrees
        assert max(degrees) <= 2, degrees


def test_the_model_sees_a_conflict() -> None:
    column = [(lane * 128, 4) for lane in range(WARP)]
    assert conflict(column) == 32
    assert conflict([(lane * 132, 4) for lane in range(WARP)]) == 1
    assert conflict([(lane * 144, 16) for lane in range(WARP)]) == 1
    assert conflict([(lane * 128, 16) for lane in range(WARP)]) == 8
    assert sectors([(lane * 32, 4) for lane in range(WARP)]) == 8
