"""Reads what a compiled kernel does out of its PTX."""

from __future__ import annotations

import re
from dataclasses import dataclass

BITS = {"memory": 64, "u32": 32, "u64": 64}
ACCESS = re.compile(r"\b(ld|st)\.(global|shared)(?:\.v(\d))?\.[a-z](\d+)\b")


@dataclass(frozen=True)
class Access:
    space: str
    width: int  # bytes a thread


def accesses(lines: list[str]) -> list[Access]:
    found = []
    for line in lines:
        match = ACCESS.search(line)
        if match:
            _, space, count, bits = match.groups()
            found.append(Access(space, int(count or 1) * int(bits) // 8))
    return found


def parameter_bits(ptx: str) -> list[int]:
    """Of each parameter of the entry, in order."""
    head = ptx[ptx.index(".entry") : ptx.index(")", ptx.index(".entry"))]
    return [int(bits) for bits in re.findall(r"\.param \.[a-z](\d+)", head)]


def basic_blocks(ptx: str) -> list[list[str]]:
    """Instructions between labels, branches and barriers."""
    blocks: list[list[str]] = [[]]
    for raw in ptx[ptx.index("\n{") :].splitlines():
        line = raw.strip()
        if not line or line in "{}" or line.startswith(("//", ".")):
            continue
        if line.startswith("$L"):
            blocks.append([])
            continue
        blocks[-1].append(line)
        if line.startswith(("@", "bra", "ret", "bar.")):
            blocks.append([])
    return [block for block in blocks if block]


def per_vector(ptx: str, vectors: int) -> float:
    """Instructions of a full block of work for each 16 bytes a thread moves: those before the
    first branch, and those of blocks in which all `vectors` are accessed at once."""
    first, *others = basic_blocks(ptx)
    count = len(first)
    for block in others:
        wide = [access for access in accesses(block) if access.width == 16]
        if len(wide) >= vectors:
            count += len(block)
    return count / vectors


def per_word_vector(ptx: str, vectors: int) -> float:
    """Instructions for each 16 bytes where whole words of lines move: of the block that accesses
    most bytes of shared memory by words and less, and of the shortest in which all `vectors` of
    global memory are accessed at once."""
    blocks = basic_blocks(ptx)

    def narrow(block: list[str]) -> int:
        return sum(a.width for a in accesses(block) if a.space == "shared" and a.width < 16)

    def wide(block: list[str]) -> int:
        return sum(a.space == "global" and a.width == 16 for a in accesses(block))

    of_words = max(blocks, key=narrow)
    of_vectors = min((block for block in blocks if wide(block) >= vectors), key=len)
    count = len(of_words) + (0 if of_vectors is of_words else len(of_vectors))
    return count / vectors
