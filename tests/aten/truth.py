"""What PyTorch does to memory in one call: bytes it allocates and frees, and what it keeps."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from torch.profiler import record_function

from torch_oracles.iteration import default_loss
from torch_oracles.live import PHASE, Attribution, allocator_events
from torch_oracles.saved import SavedTruth, saved_truth

from .one_call import Call, OneCall


@dataclass(frozen=True)
class CallTruth:
    """Signed bytes of each phase, in order; the sum over both is what the gradients hold."""

    saved: SavedTruth
    forward: tuple[int, ...]
    backward: tuple[int, ...]


def call_truth(row: Call) -> CallTruth:
    model = OneCall(row)
    inputs = model.inputs()
    saved = saved_truth(model, inputs)

    def run() -> None:
        with record_function(PHASE + "forward"):
            loss = default_loss(model(**inputs))
        with record_function(PHASE + "backward"):
            if loss.requires_grad:
                loss.backward()
            del loss

    run()  # what PyTorch makes once
    model.zero_grad(set_to_none=True)
    gc.collect()  # so that nothing of another call is freed meanwhile
    memory, others = allocator_events(run)
    attribution = Attribution(others)
    phases: dict[str, list[int]] = {"forward": [], "backward": [], "": []}
    for time, nbytes in memory:
        phases[attribution.at(time).phase].append(nbytes)
    return CallTruth(saved, tuple(phases["forward"]), tuple(phases["backward"]))
