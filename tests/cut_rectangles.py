"""Instances of offset planning with a known height: a rectangle of time and memory, cut up."""

from __future__ import annotations

import random


def cut(rng: random.Random, count: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """At least `count` pieces: halves, and pinwheels of five, which no straight cut takes apart."""
    parts = [(0, width, 0, height)]
    tries = 0
    while len(parts) < count and tries < 100 * count:
        tries += 1
        drawn = rng.sample(range(len(parts)), min(len(parts), 3))
        i = max(drawn, key=lambda k: (parts[k][1] - parts[k][0]) * (parts[k][3] - parts[k][2]))
        x0, x1, y0, y1 = parts[i]
        w, h = x1 - x0, y1 - y0
        if rng.random() < 0.2 and w >= 3 and h >= 3:
            a, b = sorted(rng.sample(range(x0 + 1, x1), 2))
            c, d = sorted(rng.sample(range(y0 + 1, y1), 2))
            wheel = [(x0, b, y0, c), (b, x1, y0, d), (a, x1, d, y1), (x0, a, c, y1), (a, b, c, d)]
            parts[i : i + 1] = wheel
        elif w >= 2 and rng.random() < w / (w + h * width / height):
            x = rng.randint(x0 + 1, x1 - 1)
            parts[i : i + 1] = [(x0, x, y0, y1), (x, x1, y0, y1)]
        elif h >= 2:
            y = rng.randint(y0 + 1, y1 - 1)
            parts[i : i + 1] = [(x0, x1, y0, y), (x0, x1, y, y1)]
    return parts


def instance(seed: int, *, units: int, trimmed: float) -> list[tuple[int, int, int]]:
    """(begin, end, size) of 150 to 450 buffers of a rectangle `units` high.

    Of the share `trimmed` of them the lifetime is cut by up to a third.
    """
    rng = random.Random(seed)
    count, width = rng.randint(150, 450), rng.choice([100, 200, 400])
    out = []
    for x0, x1, y0, y1 in cut(rng, count, width, units):
        begin, end = x0, x1
        if rng.random() < trimmed and end - begin >= 2:
            less = rng.randint(1, max(1, (end - begin) // 3))
            if rng.random() < 0.5:
                begin += less
            else:
                end -= less
        out.append((begin, end, y1 - y0))
    rng.shuffle(out)
    return out
