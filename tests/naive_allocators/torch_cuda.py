"""PyTorch's CUDA caching allocator."""

from __future__ import annotations

from naive_allocators.blocks import HUGE, MIB, Block, NaiveDevice, Outcome, Segment, up
from naive_allocators.requests import Request


class NaiveTorch:
    """PyTorch's CUDA caching allocator."""

    def __init__(
        self,
        capacity: int | None = None,
        *,
        total: int = 0,
        expandable: bool = False,
        max_split: int = HUGE,
        divisions: dict[int, int] | int = 0,
        gc_threshold: float = 0.0,
        fraction: float = 1.0,
        by_address: bool = False,
    ) -> None:
        self.out = Outcome()
        self.device = NaiveDevice(capacity, self.out)
        self.expandable, self.max_split, self.divisions = expandable, max_split, divisions
        self.gc_threshold, self.by_address = gc_threshold, by_address
        self.total = total or 1 << 40
        self.allowed = int(fraction * total) if fraction < 1 else HUGE
        self.segments: list[Segment] = []
        self.pending: list[tuple[Segment, Block]] = []
        self.ages = 0
        self.searches = {True: 0, False: 0}

    def round(self, size: int) -> int:
        if size < 512:
            return 512
        power = size.bit_length() - 1
        table = self.divisions
        parts = table if isinstance(table, int) else table.get(min(max(power - 20, 0), 15), 0)
        if parts > 1 and size > 512 * parts:
            return up(size, (1 << power) // parts)
        return up(size, 512)

    def new_block(self, address: int, size: int, stream: int, use: str) -> Block:
        block = Block(address, size, stream, self.ages, use)
        self.ages += 1
        return block

    def put_free(self, segment: Segment, block: Block) -> None:
        block.use = "free"
        block.searches = self.searches[segment.small]

    def order(self, block: Block) -> tuple[int, int, int]:
        return block.stream, block.size, block.address if self.by_address else block.age

    def free_blocks(self, small: bool) -> list[tuple[Segment, Block]]:
        found = [
            (s, b) for s in self.segments if s.small == small for b in s.blocks if b.use == "free"
        ]
        return sorted(found, key=lambda pair: self.order(pair[1]))

    def find(self, size: int, stream: int, small: bool) -> tuple[Segment, Block] | None:
        if self.allowed < HUGE and self.gc_threshold > 0:
            self.searches[small] += 1
        fits = [(s, b) for s, b in self.free_blocks(small) if b.stream == stream and b.size >= size]
        if not fits:
            return None

        def reach(pair: tuple[Segment, Block]) -> int:
            segment, block = pair
            after = segment.blocks[segment.blocks.index(block) + 1 :][:1]
            return block.size + sum(b.size for b in after if b.use == "unmapped")

        at = 0
        while (
            fits[at][0].expandable and at + 1 < len(fits) and reach(fits[at + 1]) < reach(fits[at])
        ):
            at += 1
        block = fits[at][1]
        if size < self.max_split <= block.size:
            return None
        if size >= self.max_split and block.size >= size + 20 * MIB:
            return None
        return fits[at]

    def segment_size(self, size: int) -> int:
        if size <= MIB:
            return 2 * MIB
        return 20 * MIB if size < 10 * MIB else up(size, 2 * MIB)

    def grow(self, size: int, stream: int, small: bool) -> tuple[Segment, Block] | None:
        want = self.segment_size(size)
        if self.out.reserved + want > self.allowed:
            return None
        if self.expandable:
            return self.expand(size, stream, small)
        if not self.device.take(want):
            return None
        block = self.new_block(self.device.place(want), want, stream, "free")
        segment = Segment(small, False, [block])
        self.segments.append(segment)
        return segment, block

    def expand(self, size: int, stream: int, small: bool) -> tuple[Segment, Block] | None:
        page = 2 * MIB if small else 20 * MIB
        segment = first = None
        places = [
            (s, b)
            for s in self.segments
            if s.expandable and s.small == small
            for b in s.blocks
            if b.use == "unmapped" and b.stream == stream
        ]
        for s, b in sorted(places, key=lambda pair: pair[1].address):
            at = s.blocks.index(b)
            if at > 0 and s.blocks[at - 1].use == "free":
                at -= 1
            room = 0
            for other in s.blocks[at:]:
                if other.use not in ("free", "unmapped"):
                    break
                room += other.size
            if room >= size:
                segment, first = s, s.blocks[at]
                break
        if segment is None or first is None:
            space = up(self.total + self.total // 8, page)
            first = self.new_block(self.device.place(space), space, stream, "unmapped")
            segment = Segment(small, True, [first])
            self.segments.append(segment)
        have = first.size if first.use == "free" else 0
        while have < size:
            at = segment.blocks.index(first)
            block = first if first.use == "unmapped" else segment.blocks[at + 1]
            mapped = up(min(size - have, block.size), page)
            if not self.device.take(mapped):
                return None
            if mapped < block.size:
                rest = self.new_block(
                    block.address + mapped, block.size - mapped, stream, "unmapped"
                )
                segment.blocks.insert(segment.blocks.index(block) + 1, rest)
                block.size = mapped
            self.put_free(segment, block)
            self.merge(segment, block)
            first, have = block, block.size
        return segment, first

    def merge(self, segment: Segment, block: Block) -> None:
        """With neighbours of the same use; `block` is what stays."""
        for step in (-1, 1):
            at = segment.blocks.index(block) + step
            if 0 <= at < len(segment.blocks) and segment.blocks[at].use == block.use:
                other = segment.blocks.pop(at)
                block.size += other.size
                block.address = min(block.address, other.address)

    def malloc(self, asked: int, stream: int) -> Block | None:
        size = self.round(asked)
        small = size <= MIB
        found = self.find(size, stream, small)
        if found is None:
            if self.allowed < HUGE and self.gc_threshold > 0:
                self.collect()
            found = self.grow(size, stream, small)
            if found is None and self.release_oversize(size, stream, small):
                found = self.grow(size, stream, small)
            if found is None:
                self.empty_cache()
                self.out.num_retries += 1
                found = self.grow(size, stream, small)
            if found is None:
                self.out.failed_bytes = self.segment_size(size)
                return None
        segment, block = found
        left = block.size - size
        if left >= 512 if small or self.expandable else size < self.max_split and left > MIB:
            front = self.new_block(block.address, size, stream, "free")
            segment.blocks.insert(segment.blocks.index(block), front)
            block.address += size
            block.size = left
            self.put_free(segment, block)
            block = front
        block.use, block.requested = "used", asked
        for name, amount in (
            ("allocated", block.size),
            ("active", block.size),
            ("requested", asked),
        ):
            self.out.add(name, amount)
        return block

    def segment_of(self, block: Block) -> Segment:
        return next(s for s in self.segments if block in s.blocks)

    def make_free(self, segment: Segment, block: Block) -> None:
        self.out.add("active", -block.size)
        self.out.add("requested", -block.requested)
        self.put_free(segment, block)
        self.merge(segment, block)

    def free(self, block: Block) -> None:
        self.out.add("allocated", -block.size)
        self.make_free(self.segment_of(block), block)

    def request_free(self, block: Block, ticket: int) -> None:
        self.out.add("allocated", -block.size)
        block.use, block.ticket = "pending", ticket
        self.pending.append((self.segment_of(block), block))

    def complete_free(self, block: Block, ticket: int) -> None:
        for entry in self.pending:
            if entry[1] is block and block.ticket == ticket:
                self.pending.remove(entry)
                self.make_free(*entry)
                return

    def release(self, segment: Segment) -> None:
        self.device.give_back(segment.blocks[0].size)
        self.segments.remove(segment)

    def release_oversize(self, size: int, stream: int, small: bool) -> bool:
        if self.max_split == HUGE:
            return False
        target = max(size, self.max_split)
        mine = [(s, b) for s, b in self.free_blocks(small) if b.stream == stream]
        enough = [s for s, b in mine if b.size >= target]
        if enough and not enough[0].expandable:
            self.release(enough[0])
            return True
        # From the largest on; where one that is large enough is expandable, from below it.
        released = 0
        for segment, block in reversed([(s, b) for s, b in mine if b.size < target]):
            if released >= target or block.size < self.max_split:
                break
            if not segment.expandable:
                released += block.size
                self.release(segment)
        return released >= target

    def empty_cache(self) -> None:
        waiting, self.pending = self.pending, []
        for segment, block in waiting:
            self.make_free(segment, block)
        for small in (False, True):
            free = self.free_blocks(small)
            for segment, _ in free:
                if not segment.expandable and len(segment.blocks) == 1:
                    self.release(segment)
            for segment, block in free:
                if segment.expandable:
                    self.unmap(segment, block)

    def unmap(self, segment: Segment, block: Block) -> None:
        page = 2 * MIB if segment.small else 20 * MIB
        base = segment.blocks[0].address
        begin = base + up(block.address - base, page)
        end = base + (block.address + block.size - base) // page * page
        if begin >= end:
            return
        at = segment.blocks.index(block)
        before, after = begin - block.address, block.address + block.size - end
        if before:
            left = self.new_block(block.address, before, block.stream, "free")
            self.put_free(segment, left)
            segment.blocks.insert(at, left)
        if after:
            right = self.new_block(end, after, block.stream, "free")
            self.put_free(segment, right)
            segment.blocks.insert(segment.blocks.index(block) + 1, right)
        block.address, block.size, block.use = begin, end - begin, "unmapped"
        self.merge(segment, block)
        self.device.give_back(end - begin)
        if len(segment.blocks) == 1:
            self.segments.remove(segment)

    def collect(self) -> None:
        target = self.out.reserved - int(self.gc_threshold * self.allowed)
        if target <= 0:
            return

        def whole() -> list[tuple[Segment, Block]]:
            return [(s, b) for s, b in self.free_blocks(False) if len(s.blocks) == 1]

        def age(block: Block) -> int:
            return self.searches[False] - block.searches

        reclaimed = 0
        while reclaimed < target and whole():
            mean = sum(age(b) for _, b in whole()) / len(whole())
            old = [(s, b) for s, b in whole() if not s.expandable and age(b) >= mean]
            if not old:
                break
            for segment, block in old:
                reclaimed += block.size
                self.release(segment)

    def run(self, requests: list[Request]) -> Outcome:
        held: dict[int, Block] = {}
        waiting: dict[int, tuple[Block, int]] = {}
        for i, (kind, name, size, stream) in enumerate(requests):
            if kind == "alloc":
                if size == 0:
                    self.out.placements.append((-1, 0))
                    continue
                block = self.malloc(size, stream)
                if block is None:
                    self.out.failed_request = i
                    break
                held[name] = block
                self.out.placements.append((block.address, block.size))
            elif kind == "empty_cache":
                self.empty_cache()
            elif kind == "free_completed":
                if name in waiting:
                    self.complete_free(*waiting.pop(name))
            elif name in held:
                block = held.pop(name)
                if kind == "free":
                    self.free(block)
                else:
                    self.request_free(block, i)
                    waiting[name] = block, i
        blocks = [(b.address, b.size, b.use) for s in self.segments for b in s.blocks]
        self.out.blocks = sorted(blocks)
        return self.out
