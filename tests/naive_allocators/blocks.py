"""What an allocator holds, what it reports, and the device that it takes memory from."""

from __future__ import annotations

from dataclasses import dataclass, field

MIB = 1 << 20
PAGE = 2 * MIB
HUGE = 1 << 62


def up(size: int, step: int) -> int:
    return -(-size // step) * step


@dataclass(eq=False)
class Block:
    address: int
    size: int
    stream: int = 0
    age: int = 0
    use: str = "free"  # or used, pending, unmapped
    searches: int = 0
    requested: int = 0
    ticket: int = -1


@dataclass(eq=False)
class Segment:
    small: bool
    expandable: bool
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Outcome:
    placements: list[tuple[int, int]] = field(default_factory=list)
    blocks: list[tuple[int, int, str]] = field(default_factory=list)
    allocated: int = 0
    allocated_peak: int = 0
    active: int = 0
    active_peak: int = 0
    requested: int = 0
    requested_peak: int = 0
    reserved: int = 0
    reserved_peak: int = 0
    num_device_allocs: int = 0
    num_device_frees: int = 0
    num_retries: int = 0
    failed_request: int | None = None
    failed_bytes: int = 0

    def add(self, name: str, amount: int) -> None:
        now = getattr(self, name) + amount
        setattr(self, name, now)
        setattr(self, name + "_peak", max(getattr(self, name + "_peak"), now))


class NaiveDevice:
    def __init__(self, capacity: int | None, out: Outcome) -> None:
        self.capacity = HUGE if capacity is None else capacity
        self.out = out
        self.next_address = 0

    def take(self, size: int) -> bool:
        if self.out.reserved + size > self.capacity:
            return False
        self.out.add("reserved", size)
        self.out.num_device_allocs += 1
        return True

    def give_back(self, size: int) -> None:
        self.out.add("reserved", -size)
        self.out.num_device_frees += 1

    def place(self, size: int) -> int:
        address = self.next_address
        self.next_address += up(size, PAGE)
        return address
