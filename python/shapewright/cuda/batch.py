"""Moves of many arrays as few launches: the table of kernels/batched.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from shapewright import _core
from shapewright.cuda.backend import Staged, current
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import batched_values
from shapewright.cuda.gather import Gathered
from shapewright.cuda.kernels.batched import MAP_BYTES, ROW_BYTES, table_row
from shapewright.cuda.layout import MOST_SIZE, Layout, fill_with_items_of, with_items_of
from shapewright.cuda.step import Step
from shapewright.cuda.view import GpuArray

MOST_ROWS = 4096
_book = _core.RowBook()
PHASES = 16  # addresses that differ by less than the widest item decide how wide items may be
Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Moves:
    """One layout between pairs of addresses; without `src`, from the 16 bytes of the fill."""

    layout: Layout
    src: Numbers | None
    dst: Numbers


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: a layout in items of one width."""

    item_bytes: int
    tiles: int
    src_offset: int
    dst_offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """Arrays of one row."""

    row: Row
    src: Numbers | None
    dst: Numbers


@lru_cache(MOST_ROWS)
def _row(layout: Layout, src_phase: int | None, dst_phase: int) -> Row | None:
    """Without `src_phase`, of a fill. None: not for a batch."""
    if src_phase is None:
        wide = fill_with_items_of(layout, dst_phase)
    else:
        wide = with_items_of(layout, src_phase, dst_phase)
    if any(digit.size >= MOST_SIZE for digit in wide.digits):
        return None
    found = batched_values(wide)
    if found is None:
        return None
    tiles, values = found
    return Row(wide.item_bytes, tiles, wide.src_offset, wide.dst_offset, table_row(values))


def run_moves(batch: Sequence[Moves], like: GpuArray, fill: bytes) -> None:
    """Launches moves of one item size together, and by themselves those of too many digits."""
    backend = current()
    groups: dict[int, list[Part]] = {}
    alone: list[Moves] = []
    for moves in batch:
        for part in _of_one_phase(moves):
            src_phase = None if part.src is None else int(part.src[0]) % PHASES
            row = _row(part.layout, src_phase, int(part.dst[0]) % PHASES)
            if row is None:
                alone.append(part)
            else:
                groups.setdefault(row.item_bytes, []).append(Part(row, part.src, part.dst))
    for item_bytes, parts in groups.items():
        _launch_batch(parts, item_bytes, like, fill)
    if alone:
        _launch_alone(alone, like, fill)
    if like.is_lent:
        backend.wait(like.device, like.stream)


def _of_one_phase(moves: Moves) -> list[Moves]:
    """Parts whose addresses are equal modulo the widest item."""
    phase = moves.dst % np.uint64(PHASES)
    if moves.src is not None:
        phase = phase + np.uint64(PHASES) * (moves.src % np.uint64(PHASES))
    if len(phase) == 1 or (phase == phase[0]).all():
        return [moves]
    return [
        Moves(
            moves.layout,
            None if moves.src is None else moves.src[phase == one],
            moves.dst[phase == one],
        )
        for one in np.unique(phase)
    ]


def _launch_alone(alone: Sequence[Moves], like: GpuArray, fill: bytes) -> None:
    backend = current()
    staged = backend.stage(16, like.device, like.stream)
    staged.write(fill.ljust(16, b"\0"))
    for moves in alone:
        for i, dst in enumerate(map(int, moves.dst)):
            src = staged.address if moves.src is None else int(moves.src[i])
            for step in plan_move(moves.layout, src, dst):
                launch = backend.prepare(step, like.device)
                launch(like.stream, src + step.src_offset, dst + step.dst_offset)
    staged.free()


def teach(
    tag: Any,
    arrays: Gathered,
    group: int,
    layouts: Sequence[tuple[int, Layout]],
    first: int,
    step: int,
) -> None:
    """Makes the moves of a group known to the core; `layouts` as `plan.layouts_of` gives them, for
    results at `first`, `first + step` and so on."""
    if step % PHASES or arrays.known is None:
        return
    phase = first % PHASES
    rows = []
    for kind, layout in layouts:
        is_fill = kind == _core.FILL
        row = _row(layout, None if is_fill else arrays.firsts[group].address % PHASES, phase)
        if row is None:
            return
        rows.append((row.item_bytes, row.tiles, row.src_offset, row.dst_offset, is_fill, row.data))
    _book.add(tag, arrays.known, group, phase, rows)


def run_known(
    tag: Any, arrays: _core.ArrayList, first: int, step: int, fill: bytes, like: GpuArray
) -> bool:
    """Launches moves to `first`, `first + step` and so on, where each layout is known."""
    backend = current()
    filling = backend.constant(fill.ljust(16, b"\0"), like.device)
    planned = _book.plan(tag, arrays, first, step, filling)
    if isinstance(planned, int):
        return False
    for item_bytes, blocks, map_at, data in planned:
        staged = backend.stage(len(data), like.device, like.stream)
        _launch_staged(staged, data, item_bytes, blocks, map_at, like)
    if like.is_lent:
        backend.wait(like.device, like.stream)
    return True


def _launch_staged(
    staged: Staged, data: bytes, item_bytes: int, blocks: int, map_at: int, like: GpuArray
) -> None:
    """One upload and one launch; `data` is a table with, `map_at` bytes on, its map."""
    staged.write(data)
    step = Step(f"batched_{item_bytes}", blocks, 0, 0, ())
    launch = current().prepare(step, like.device)
    launch(like.stream, 0, 0, staged.address, staged.address + map_at)
    staged.free()


def _launch_batch(parts: Sequence[Part], item_bytes: int, like: GpuArray, fill: bytes) -> None:
    """Of | table | fill | map |."""
    blocks = [len(part.dst) * part.row.tiles for part in parts]
    total = sum(blocks)
    fill_at = len(parts) * ROW_BYTES
    map_at = fill_at + 16
    staged = current().stage(map_at + total * MAP_BYTES, like.device, like.stream)
    longs = np.empty((total, MAP_BYTES // 8), np.uint64)
    shorts = longs.view(np.uint32)
    begin = 0
    for k, (part, count) in enumerate(zip(parts, blocks, strict=True)):
        end, tiles = begin + count, part.row.tiles
        src = part.src
        if src is None:
            src = np.full(len(part.dst), staged.address + fill_at, np.uint64)
        longs[begin:end, 0] = np.repeat(_plus(src, part.row.src_offset), tiles)
        longs[begin:end, 1] = np.repeat(_plus(part.dst, part.row.dst_offset), tiles)
        shorts[begin:end, 4] = k
        shorts[begin:end, 5] = np.tile(np.arange(tiles, dtype=np.uint32), len(part.dst))
        begin = end
    table = b"".join(part.row.data for part in parts)
    data = table + fill.ljust(16, b"\0") + longs.tobytes()
    _launch_staged(staged, data, item_bytes, total, map_at, like)


def _plus(addresses: Numbers, offset: int) -> Numbers:
    return addresses + np.uint64(offset % (1 << 64))
