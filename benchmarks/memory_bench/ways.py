"""Ways of training beside the plain one, and the models that each is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from torch_models import MODELS
from torch_oracles.iteration import Way, checkpoint_modules
from torch_oracles.live import live_truth

from .answered import live_of, options_of, report_of
from .compared import live_row
from .measured import built, fed

OPTIMIZERS = ("sgd-momentum", "adamw")
BINDINGS = 2
MODEL = {row.name: row for row in MODELS}


@dataclass(frozen=True)
class TrainedWay:
    """One model trained one way: `options` are what `sw.check` is told of it."""

    way: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)


def _rows() -> list[TrainedWay]:
    blocks = {
        "bert": "encoder.layer.*",
        "gpt2": "transformer.h.*",
        "llama": "model.layers.*",
        "vit": "vit.layers.*",
        "resnet18": "layer*.*",
        "mixer": "blocks.*",
        "t5": "*.block.*",
    }
    rows = [TrainedWay("checkpoint", m, {"checkpoint": p}) for m, p in blocks.items()]
    passes = {"mlp-norms": 2, "resnet18": 3, "bert-mlm": 2, "gpt2": 4, "t5": 2, "vit": 2}
    rows += [TrainedWay("accumulate", m, {"accumulate": k}) for m, k in passes.items()]
    halved = ("mlp-norms", "resnet18", "mixer", "bert-mlm", "gpt2", "llama-labels", "t5", "vit")
    rows += [TrainedWay("bf16-amp", m, {"precision": "bf16-amp"}) for m in halved]
    rows += [TrainedWay("bf16", m, {"precision": "bf16"}) for m in halved]
    return rows


ROWS = tuple(_rows())


def measured(row: TrainedWay, binding: int, optimizer: str) -> dict[str, Any]:
    """The peak of a steady iteration of a real run, and where it lies."""
    case = MODEL[row.model]
    precision = row.options.get("precision", "fp32")
    halves = "bf16" if precision == "bf16" else "fp32"
    model = built(case, halves)
    if "checkpoint" in row.options:
        checkpoint_modules(model, row.options["checkpoint"])
    way = Way(torch.bfloat16 if precision == "bf16-amp" else None, row.options.get("accumulate", 1))
    torch.manual_seed(0)
    truth = live_truth(model, fed(case, binding, halves), case.loss, optimizer, way)
    at = truth.at
    return {"peak": truth.peak, "phase": at.phase, "module": at.module, "op": at.op}


def compared(row: TrainedWay, facts: Any) -> dict[str, Any]:
    """The peaks of both optimizers at two bindings beside what was measured."""
    case = MODEL[row.model]
    live = {}
    for optimizer in OPTIMIZERS:
        options = {**options_of(case, optimizer), **row.options}
        report, _ = report_of(built(case), case.inputs, options)
        for binding in range(BINDINGS):
            key = f"{row.way} {row.model} | {binding} | {optimizer} {dict(row.options)}"
            fact = facts.get(key, lambda b=binding, o=optimizer: measured(row, b, o))
            if "failed" in fact:
                live[f"{optimizer} {binding}"] = fact
            else:
                answered = live_of(report, case.bindings[binding])
                live[f"{optimizer} {binding}"] = live_row(fact, answered)
    return {"way": row.way, "model": row.model, "options": dict(row.options), "live": live}
