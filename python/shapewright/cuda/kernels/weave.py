"""Few streams taken apart, or woven together: channels to planes and back, pixel shuffles.

m streams, 16 bytes of each a thread; k = 16 / item bytes:

    split   src  a0 b0 c0 a1 b1 c1 ..   m vectors, dense     dst  a0 a1 ..  |  b0 b1 ..  |  c0 c1 ..
    join    src  a0 a1 ..  |  b0 b1 ..  |  c0 c1 ..          dst  a0 b0 c0 a1 b1 c1 ..

The dense side is read or written in the order of its vectors, 16 bytes a lane, through shared
memory; each stream by itself, 16 bytes a lane too. In between a thread permutes the bytes of its m
vectors in registers.

A unit is k items of each stream: a tile is 256 units of a few digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright.cuda.kernel import Kernel, Param, outer_params
from shapewright.cuda.kernels.inner import WEAVE_CODE, inner_offset, left_of_chunks, within_chunks
from shapewright.cuda.kernels.outer import outer_offsets
from shapewright.cuda.target import Function, Target, written_out

u32, u64, i32, i64 = np.uint32, np.uint64, np.int32, np.int64

THREADS = UNITS = 256
VECTOR, WORDS = 16, 4
STREAMS = (2, 3, 4)
ITEMS = (1, 2, 4, 8)
LOW_HALVES = 0x5410


def weave_params(tile_rank: int, outer_rank: int) -> tuple[Param, ...]:
    """What both kernels take after `src` and `dst`; `stream` is bytes from one to the next."""
    return (
        *outer_params(outer_rank),
        Param("units", "u32"),
        Param("chunks", "u32", 4),
        Param("stream", "u32"),
        Param("size", "u32", tile_rank),
        Param("magic", "u32", tile_rank),
        Param("src_stride", "u32", tile_rank),
        Param("dst_stride", "u32", tile_rank),
        Param("unit", "u32", tile_rank),
    )


def source_bytes(item_bytes: int, streams: int, joins: bool) -> list[int]:
    """For each byte of a thread's result, which byte of what it read it is."""
    found = []
    for at in range(VECTOR * streams):
        item, byte = divmod(at, item_bytes)
        if joins:
            n, stream = divmod(item, streams)
            found.append(stream * VECTOR + n * item_bytes + byte)
        else:
            stream, n = divmod(item, VECTOR // item_bytes)
            found.append((n * streams + stream) * item_bytes + byte)
    return found


def _word_text(sources: list[int]) -> str:
    """The expression for a word made of four bytes of `regs`."""
    words = [at // 4 for at in sources]
    if len(set(words)) == 1 and [at % 4 for at in sources] == [0, 1, 2, 3]:
        return f"regs[{words[0]}]"

    def pair(first: int, second: int) -> str:
        selector = first % 4 | (second % 4 + 4) << 4
        return f"permute(regs[{first // 4}], regs[{second // 4}], u32({selector}))"

    distinct = sorted(set(words))
    if len(distinct) <= 2:
        low, high = distinct[0], distinct[-1]
        places = (at % 4 + 4 * (at // 4 == high and high != low) for at in sources)
        selector = sum(place << 4 * k for k, place in enumerate(places))
        return f"permute(regs[{low}], regs[{high}], u32({selector}))"
    return f"permute({pair(*sources[:2])}, {pair(*sources[2:])}, u32({LOW_HALVES}))"


def permuted(target: Target, item_bytes: int, streams: int, joins: bool) -> Function:
    """(regs): from words 0 .. 4m of what was read to words 4m .. 8m of the result."""
    sources = source_bytes(item_bytes, streams, joins)
    half = WORDS * streams
    words = [_word_text(sources[4 * w : 4 * w + 4]) for w in range(half)]
    lines = [f"    regs[{half + w}] = {text}" for w, text in enumerate(words)]
    text = "def run(regs):\n" + "\n".join(lines)
    return target.jit(written_out(text, {"permute": target.byte_permute, "u32": u32}))


def weave_kernel(
    joins: bool, item_bytes: int, streams: int, tile_rank: int, outer_rank: int
) -> Kernel:
    """Items of 1 to 8 bytes, 2 to 4 streams."""
    half = WORDS * streams
    inverse = -(-(1 << 16) // streams)  # exact for units of a tile times streams

    def phases(target: Target) -> tuple[Function, ...]:
        load, store = target.load[VECTOR], target.store[VECTOR]
        shared_load, shared_store = target.shared_load[VECTOR], target.shared_store[VECTOR]
        advance = target.advance
        offsets = outer_offsets(target, outer_rank)
        offset_of = inner_offset(target, tile_rank)
        what_is_left = left_of_chunks(target)
        inside = within_chunks(target, WEAVE_CODE)
        permute = permuted(target, item_bytes, streams, joins)

        @target.jit
        def fetch(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            units: Any, chunks: Any, stream: Any,
            size: Any, magic: Any, src_stride: Any, dst_stride: Any, unit: Any,
        ) -> None:  # fmt: skip
            src_at, _, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            left_a, left_b = what_is_left(chunks, a, b)
            src_block = advance(src, src_at)
            if joins:
                apart = u64(i64(i32(stream)))
                offset, code = offset_of(thread, size, magic, src_stride, unit)
                if thread < units and inside(code, left_a, left_b):
                    for j in range(streams):
                        load(src_block, offset + u64(j) * apart, regs, u32(j * WORDS))
                    permute(regs)
                    for j in range(streams):
                        at = u32(u32(thread * u32(streams) + u32(j)) * u32(VECTOR))
                        shared_store(shared, at, regs, u32(half + j * WORDS))
            else:
                for j in range(streams):
                    vector = u32(thread + u32(j * THREADS))
                    of = u32(u32(vector * u32(inverse)) >> u32(16))
                    piece = u32(vector - u32(of * u32(streams)))
                    offset, code = offset_of(of, size, magic, src_stride, unit)
                    if of < units and inside(code, left_a, left_b):
                        load(
                            src_block, offset + u64(u32(piece * u32(VECTOR))), regs, u32(j * WORDS)
                        )
                for j in range(streams):
                    vector = u32(thread + u32(j * THREADS))
                    shared_store(shared, u32(vector * u32(VECTOR)), regs, u32(j * WORDS))

        @target.jit
        def flush(
            block: Any, thread: Any, shared: Any, regs: Any, src: Any, dst: Any,
            outer_size: Any, outer_magic: Any, outer_shift: Any, outer_src: Any, outer_dst: Any,
            units: Any, chunks: Any, stream: Any,
            size: Any, magic: Any, src_stride: Any, dst_stride: Any, unit: Any,
        ) -> None:  # fmt: skip
            _, dst_at, a, b = offsets(
                block, outer_size, outer_magic, outer_shift, outer_src, outer_dst
            )
            left_a, left_b = what_is_left(chunks, a, b)
            dst_block = advance(dst, dst_at)
            if joins:
                for j in range(streams):
                    vector = u32(thread + u32(j * THREADS))
                    shared_load(shared, u32(vector * u32(VECTOR)), regs, u32(j * WORDS))
                for j in range(streams):
                    vector = u32(thread + u32(j * THREADS))
                    of = u32(u32(vector * u32(inverse)) >> u32(16))
                    piece = u32(vector - u32(of * u32(streams)))
                    offset, code = offset_of(of, size, magic, dst_stride, unit)
                    if of < units and inside(code, left_a, left_b):
                        at = offset + u64(u32(piece * u32(VECTOR)))
                        store(dst_block, at, regs, u32(j * WORDS))
            else:
                apart = u64(i64(i32(stream)))
                offset, code = offset_of(thread, size, magic, dst_stride, unit)
                if thread < units and inside(code, left_a, left_b):
                    for j in range(streams):
                        at = u32(u32(thread * u32(streams) + u32(j)) * u32(VECTOR))
                        shared_load(shared, at, regs, u32(j * WORDS))
                    permute(regs)
                    for j in range(streams):
                        store(dst_block, offset + u64(j) * apart, regs, u32(half + j * WORDS))

        return fetch, flush

    return Kernel(
        name=f"{'join' if joins else 'split'}_{item_bytes}_{streams}_{tile_rank}_{outer_rank}",
        threads=THREADS,
        params=(
            Param("src", "memory"),
            Param("dst", "memory"),
            *weave_params(tile_rank, outer_rank),
        ),
        phases=phases,
        reg_words=2 * half,
        shared_words=THREADS * half,
        vector_bytes=VECTOR,
    )


def split_kernel(item_bytes: int, streams: int, tile_rank: int, outer_rank: int) -> Kernel:
    """One dense run of interleaved items into streams."""
    return weave_kernel(False, item_bytes, streams, tile_rank, outer_rank)


def join_kernel(item_bytes: int, streams: int, tile_rank: int, outer_rank: int) -> Kernel:
    """Streams into one dense run of interleaved items."""
    return weave_kernel(True, item_bytes, streams, tile_rank, outer_rank)
