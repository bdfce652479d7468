"""Moves of many arrays as few launches: the table of kernels/batched.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shapewright.cuda.backend import current
from shapewright.cuda.choose import plan_move
from shapewright.cuda.choose_packed import batched_values
from shapewright.cuda.kernels.batched import MAP_BYTES, ROW_BYTES, table_row
from shapewright.cuda.layout import MOST_SIZE, Layout, with_items_of
from shapewright.cuda.step import Step
from shapewright.cuda.view import GpuArray

MOST_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Move:
    """One layout between two addresses; without `src`, the fill."""

    layout: Layout
    src: int | None
    dst: int


@lru_cache(MOST_ROWS)
def _row(layout: Layout, src_phase: int, dst_phase: int) -> tuple[int, int, bytes] | None:
    """(item bytes, tiles, row of the table with offsets for addresses); None: not for a batch."""
    wide = with_items_of(layout, src_phase, dst_phase)
    if any(digit.size >= MOST_SIZE for digit in wide.digits):
        return None
    found = batched_values(wide)
    if found is None:
        return None
    tiles, values = found
    return wide.item_bytes, tiles, table_row(wide.src_offset, wide.dst_offset, values)


def run_moves(moves: Sequence[Move], like: GpuArray, fill: bytes) -> None:
    """Launches moves of one item size together, and by themselves those of too many digits."""
    backend = current()
    groups: dict[int, list[tuple[Move, int, bytes]]] = {}
    alone = []
    for move in moves:
        src = 0 if move.src is None else move.src
        row = _row(move.layout, src % 16, move.dst % 16)
        if row is None:
            alone.append(move)
        else:
            groups.setdefault(row[0], []).append((move, row[1], row[2]))
    for item_bytes, rows in groups.items():
        _launch_batch(rows, item_bytes, like, fill)
    if alone:
        _launch_alone(alone, like, fill)
    if like.is_lent:
        backend.wait(like.device, like.stream)


def _launch_alone(alone: Sequence[Move], like: GpuArray, fill: bytes) -> None:
    backend = current()
    staged = backend.stage(16, like.device, like.stream)
    staged.write(fill.ljust(16, b"\0"))
    for move in alone:
        src = staged.address if move.src is None else move.src
        for step in plan_move(move.layout, src, move.dst):
            launch = backend.prepare(step, like.device)
            launch(like.stream, src + step.src_offset, move.dst + step.dst_offset)
    staged.free()


def _launch_batch(
    rows: Sequence[tuple[Move, int, bytes]], item_bytes: int, like: GpuArray, fill: bytes
) -> None:
    """One upload and one launch: | table | fill | map |."""
    backend = current()
    tiles = np.array([count for _, count, _ in rows], np.int64)
    total = int(tiles.sum())
    fill_at = len(rows) * ROW_BYTES
    map_at = fill_at + 16
    staged = backend.stage(map_at + total * MAP_BYTES, like.device, like.stream)
    table = np.frombuffer(b"".join(row for _, _, row in rows), np.uint64).copy()
    table = table.reshape(len(rows), ROW_BYTES // 8)
    fill_address = staged.address + fill_at
    sources = [fill_address if move.src is None else move.src for move, _, _ in rows]
    table[:, 0] += np.array(sources, np.uint64)
    table[:, 1] += np.array([move.dst for move, _, _ in rows], np.uint64)
    numbers = np.empty((total, 2), np.uint32)
    numbers[:, 0] = np.repeat(np.arange(len(rows)), tiles)
    numbers[:, 1] = np.arange(total) - np.repeat(np.cumsum(tiles) - tiles, tiles)
    staged.write(table.tobytes() + fill.ljust(16, b"\0") + numbers.tobytes())
    step = Step(f"batched_{item_bytes}", total, 0, 0, ())
    launch = backend.prepare(step, like.device)
    launch(like.stream, 0, 0, staged.address, staged.address + map_at)
    staged.free()
