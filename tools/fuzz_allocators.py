"""Replay random requests in every allocator and in the plain lists of tests/naive_allocators.

python tools/fuzz_allocators.py 100000 [FIRST_SEED]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from allocator_fuzz import difference, draw_case


def main(count: int, first: int = 0) -> int:
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        case = draw_case(seed)
        wrong = difference(case)
        if wrong:
            print(f"seed {seed}, {case.allocator} {case.settings}: {wrong}")
            return 1
        out = case.naive.out
        seen[case.allocator] += 1
        seen["  of them out of memory"] += out.failed_request is not None
        seen["  of them with a retry that helped"] += (
            out.num_retries > 0 and out.failed_request is None
        )
        seen["  of them that gave segments back"] += out.num_device_frees > 0
    print(f"{count} lists of requests: the same blocks, addresses and counters")
    for name, number in seen.items():
        print(f"{number:8} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
