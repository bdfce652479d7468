"""What a step asks of memory, counted on the accesses that its body really makes.

python tests/cuda_counts.py        the table of benchmarks/README.md
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuda_moves import arguments
from cuda_trace import SECTOR, WARP, Trace, trace_block, wavefronts
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.step import Step

VECTOR = 16
SRC, DST = 1 << 32, 1 << 40


@dataclass(frozen=True)
class Counts:
    """Of block 0, for each 16 bytes moved."""

    sectors: float  # asked of global memory, those of each instruction by themselves; least: 1
    global_instructions: float  # of a lane, whether it takes part or not; least: 2
    shared_instructions: float
    wavefronts: float  # of shared memory; least: 0.25 where all goes through it

    @property
    def instructions(self) -> float:
        """Of memory, global and shared."""
        return self.global_instructions + self.shared_instructions


def traced(step: Step) -> Trace:
    """What the first block of a step accesses."""
    kernel = kernel_named(step.kernel)
    memories = {"src": np.uint64(SRC), "dst": np.uint64(DST)}
    return trace_block(kernel, arguments(kernel, step, memories))


def counts_of(step: Step) -> Counts:
    trace = traced(step)
    touching, shared = (trace.masked_instructions(space) for space in ("global", "shared"))
    sectors = sum(len({at // SECTOR for at, _ in one.lanes.values()}) for one in touching)
    moved = sum(width for one in touching if one.writes for _, width in one.lanes.values())
    vectors = moved / VECTOR
    return Counts(
        sectors / vectors,
        WARP * len(touching) / vectors,
        WARP * len(shared) / vectors,
        sum(sum(wavefronts(one.lanes)) for one in shared) / vectors,
    )
