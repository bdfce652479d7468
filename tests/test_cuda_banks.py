"""Full tiles meet no bank twice and touch no sector in part, by what the bodies really access."""

from __future__ import annotations

import pytest

pytest.importorskip("numba")


from cuda_counts import DST, SRC, traced
from cuda_trace import WARP, conflict, sectors
from shapewright.cuda import choose
from shapewright.cuda.blocks import Blocked, blocked
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import packed_step
from shapewright.cuda.kernels import all_names, kernel_named
from shapewright.cuda.kernels.tile import SHAPES, tile_sides
from shapewright.cuda.layout import Digit, Layout, canonical


def layout_of(shape: tuple[int, int], item: int, spare: int = 0) -> Layout:
    """A transpose whose rows lie `spare` bytes apart."""
    rows, cols = shape
    across, down = cols * item + spare, rows * item + spare
    return canonical([Digit(rows, across, item), Digit(cols, item, down)], item)


@pytest.mark.parametrize("name", [n for n in all_names() if n.startswith("tile") and n[-1] == "3"])
def test_tiles(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    item, vector, cols, rows = (int(n) for n in name.split("_")[1:5])
    along_a, along_b = tile_sides(item, vector, cols, rows)
    spare = 0 if vector == 16 else vector
    monkeypatch.setitem(SHAPES, (item, vector), ((cols, rows),))
    step = choose._tile_of(layout_of((along_b, along_a), item, spare), SRC, DST, vector, 0)
    assert step is not None
    assert step.kernel == name
    trace = traced(step)
    # Rows off the alignment of a sector touch one more of it.
    most = 1 if vector == 16 else 1.25
    for warp in range(kernel_named(name).threads // WARP):
        for phase in (0, 1):
            shared = trace.instructions("shared", phase, warp)
            assert shared
            assert [conflict(lanes) for lanes in shared] == [1] * len(shared)
            moved = trace.instructions("global", phase, warp)
            assert max(sectors(lanes) for lanes in moved) <= most


@pytest.mark.parametrize(("item", "vector"), [(1, 8), (2, 8), (4, 16), (8, 16)])
def test_packed_blocks(item: int, vector: int) -> None:
    """Of tiles with 128 bytes on both sides."""
    rows = 128 // item
    digits = [Digit(rows, 768, item), Digit(3, 256, 128 * rows), Digit(rows, item, 128)]
    layout = canonical(digits, item)
    units = blocked(layout, SRC, DST, vector)
    assert units is not None
    step = packed_step(units)
    assert step is not None
    trace = traced(step)
    for phase in (0, 1):
        degrees = [conflict(lanes) for lanes in trace.instructions("shared", phase, 0)]
        assert degrees
        assert max(degrees) == 1, degrees


@pytest.mark.parametrize("family", ["split", "join"])
def test_streams(family: str) -> None:
    """Three channels meet each bank once, on the side of the threads and on the dense one."""
    stream, items = Digit(3, 4, 4096), Digit(1024, 12, 4)
    if family == "join":
        stream, items = Digit(3, 4096, 4), Digit(1024, 4, 12)
    (step,) = plan_move(canonical([stream, items], 4), SRC, DST)
    assert step.kernel.startswith(f"{family}_4_3")
    trace = traced(step)
    for phase in (0, 1):
        assert {conflict(lanes) for lanes in trace.instructions("shared", phase, 0)} == {1}
        assert {sectors(lanes) for lanes in trace.instructions("global", phase, 0)} == {1}


@pytest.mark.parametrize("item", [4, 8])
def test_packed_tiles_of_narrow_matrices(item: int) -> None:
    step = packed_step(Blocked.of_items(layout_of((4801, 7), item)))
    assert step is not None
    trace = traced(step)
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
