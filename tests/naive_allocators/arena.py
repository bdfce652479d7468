"""BFC and ONNX Runtime's arena."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from naive_allocators.blocks import HUGE, MIB, Block, NaiveDevice, Outcome, Segment, up
from naive_allocators.requests import Request


class NaiveArena:
    """BFC and ONNX Runtime's arena, with bins as they have them."""

    def __init__(
        self,
        capacity: int | None = None,
        *,
        ort: bool = False,
        limit: int = HUGE,
        first: int,
        waste: int = 128 * MIB,
        exact_growth: bool = False,
        collects: bool = False,
    ) -> None:
        self.out = Outcome()
        self.device = NaiveDevice(capacity, self.out)
        self.ort, self.limit, self.waste = ort, limit, waste
        self.exact_growth, self.collects = exact_growth, collects
        self.next_region = up(min(first, limit), 256)
        self.segments: list[Segment] = []

    @staticmethod
    def bin_of(size: int) -> int:
        return min(20, (max(size, 256) // 256).bit_length() - 1)

    def find(self, size: int) -> tuple[Segment, Block] | None:
        free = [(s, b) for s in self.segments for b in s.blocks if b.use == "free"]
        free.sort(key=lambda pair: (self.bin_of(pair[1].size), pair[1].size, pair[1].address))
        for number, chunks in groupby(free, key=lambda pair: self.bin_of(pair[1].size)):
            if number >= self.bin_of(size):
                for pair in chunks:
                    if pair[1].size >= size:
                        return pair
        return None

    def extend(self, size: int) -> bool:
        available = (self.limit - self.out.reserved) // 256 * 256
        if size > available:
            return False
        grown, region = True, size
        if not self.exact_growth:
            grown = False
            while size > self.next_region:
                self.next_region *= 2
                grown = True
            region = min(self.next_region, available)
        while not self.device.take(region):
            less = up(int(np.float32(region) * np.float32(0.9)), 256)
            if not self.ort:
                less = min(less, region - 256)
            region = less
            if region < size or (self.ort and region < 8192):
                return False
        if not grown:
            self.next_region *= 2
        block = Block(self.device.place(region), region)
        self.segments.append(Segment(False, False, [block]))
        return True

    def drop_free_regions(self, size: int) -> bool:
        unused = [s for s in self.segments if all(b.use == "free" for b in s.blocks)]
        total = sum(b.size for s in unused for b in s.blocks)
        if not self.collects or not total or size > self.limit - self.out.reserved + total:
            return False
        for segment in unused:
            self.device.give_back(sum(b.size for b in segment.blocks))
            self.segments.remove(segment)
        return True

    def malloc(self, asked: int) -> Block | None:
        size = up(asked, 256)
        found = self.find(size)
        if found is None and self.extend(size):
            found = self.find(size)
        if found is None and self.drop_free_regions(size) and self.extend(size):
            found = self.find(size)
        if found is None:
            self.out.failed_bytes = size
            return None
        segment, block = found
        left = block.size - size
        if block.size >= 2 * size or left >= self.waste:
            block.size = size
            if left:
                rest = Block(block.address + size, left)
                segment.blocks.insert(segment.blocks.index(block) + 1, rest)
        block.use, block.requested = "used", asked
        self.out.add("allocated", block.size)
        self.out.add("requested", asked)
        return block

    def free(self, block: Block) -> None:
        self.out.add("allocated", -block.size)
        self.out.add("requested", -block.requested)
        block.use = "free"
        segment = next(s for s in self.segments if block in s.blocks)
        joined: list[Block] = []
        for b in segment.blocks:
            if joined and joined[-1].use == b.use == "free":
                joined[-1].size += b.size
            else:
                joined.append(b)
        segment.blocks = joined

    def run(self, requests: list[Request]) -> Outcome:
        held: dict[int, Block] = {}
        for i, (kind, name, size, _) in enumerate(requests):
            if kind == "alloc":
                if size == 0:
                    self.out.placements.append((-1, 0))
                    continue
                block = self.malloc(size)
                if block is None:
                    self.out.failed_request = i
                    break
                held[name] = block
                self.out.placements.append((block.address, block.size))
            elif kind in ("free", "free_completed") and name in held:
                self.free(held.pop(name))
        self.out.active, self.out.active_peak = self.out.allocated, self.out.allocated_peak
        blocks = [(b.address, b.size, b.use) for s in self.segments for b in s.blocks]
        self.out.blocks = sorted(blocks)
        return self.out
