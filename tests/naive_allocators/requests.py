"""Random requests: (kind, name, bytes, stream), as `_core.Requests` takes them."""

from __future__ import annotations

import random

from naive_allocators.blocks import MIB

Request = tuple[str, int, int, int]


def random_requests(rng: random.Random, length: int, *, streams: int = 1) -> list[Request]:
    """Sizes around every threshold, in waves that fill and empty."""
    around = [512, 4096, MIB, 2 * MIB, 10 * MIB, 20 * MIB, 49 * MIB, 100 * MIB, 300 * MIB]
    near = [-511, -1, 0, 1, 512, 513]
    sizes = [rng.choice(around) + rng.choice(near) for _ in range(6)]
    sizes += [int(2 ** rng.uniform(0, 28)) for _ in range(4)]
    alive: list[int] = []
    pending: list[int] = []
    out: list[Request] = []
    for name in range(length):
        wave = 0.5 + 0.35 * (1 if name // 12 % 2 == 0 else -1)
        if pending and rng.random() < 0.2:
            out.append(("free_completed", pending.pop(rng.randrange(len(pending))), 0, 0))
        elif alive and rng.random() > wave:
            gone = alive.pop(rng.randrange(len(alive)))
            kind = "free" if streams == 1 or rng.random() < 0.7 else "free_requested"
            out.append((kind, gone, 0, 0))
            if kind == "free_requested":
                pending.append(gone)
        elif rng.random() < 0.02:
            out.append(("empty_cache", 0, 0, 0))
        else:
            size = rng.choice(sizes) if rng.random() < 0.97 else 0
            out.append(("alloc", name, size, rng.randrange(streams)))
            alive.append(name)
    return out
