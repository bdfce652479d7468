"""What PyTorch does with each model: measured once, and kept in a file if one is named."""

import hashlib
import json
import warnings
from pathlib import Path

import torch

from torch_oracles.live import live_truth
from torch_oracles.saved import saved_truth

CONFIGURATIONS = (None, "adamw", "sgd-momentum")  # None: inference
LIVE_BINDINGS = 2
# Precision, and whether the module is in training mode; gradients are made in each.
SAVED_VARIANTS = (("fp32", True), ("fp32", False), ("bf16", True), ("bf16", False))


def digest_of(row, binding):
    """Of the shapes of the module and the elements it is fed: a fact holds for these alone."""
    model = built(row)
    tensors = [*model.named_parameters(), *model.named_buffers()]
    said = [f"{name} {tensor.dtype} {list(tensor.shape)}" for name, tensor in tensors]
    said += [f"{name} {tensor.tolist()}" for name, tensor in fed(row, binding).items()]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def built(row, precision="fp32"):
    """The module as a user has it, seeded so that what depends on data is the same each time."""
    torch.manual_seed(0)
    model = row.build().train()
    return model.to(torch.bfloat16) if precision == "bf16" else model


def fed(row, binding, precision="fp32"):
    tensors = row.tensors(row.bindings[binding])
    if precision == "bf16":
        tensors = {k: t.bfloat16() if t.is_floating_point() else t for k, t in tensors.items()}
    return tensors


class Measured:
    """Facts by model, binding and configuration; `path` None keeps them in this process alone."""

    def __init__(self, path=None):
        self.path = Path(path) if path else None
        self.facts = {}
        self.digests = {}
        if self.path and self.path.exists():
            self.facts = json.loads(self.path.read_text())

    def key_of(self, row, binding, what):
        at = row.name, binding
        if at not in self.digests:
            self.digests[at] = digest_of(row, binding)
        return f"{row.name} {self.digests[at]} | {binding} | {what}"

    def get(self, key, measure):
        if key not in self.facts:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self.facts[key] = measure()
            except Exception as error:
                self.facts[key] = {"failed": f"{type(error).__name__}: {error}"[:200]}
            if self.path:
                self.path.write_text(json.dumps(self.facts))
        return self.facts[key]

    def saved(self, row, binding, precision="fp32", train=True):
        """Bytes kept for backward."""
        what = f"saved {precision} {'train' if train else 'eval'}"

        def measure():
            model = built(row, precision).train(train)
            torch.manual_seed(0)
            return {"bytes": saved_truth(model, fed(row, binding, precision), row.loss).bytes}

        return self.get(self.key_of(row, binding, what), measure)

    def live(self, row, binding, optimizer):
        """Peak of a steady iteration, and where it lies."""

        def measure():
            model = built(row)
            torch.manual_seed(0)
            truth = live_truth(model, fed(row, binding), row.loss, optimizer)
            return {
                "peak": truth.peak,
                "before": truth.before,
                "phase": truth.at.phase,
                "module": truth.at.module,
                "op": truth.at.op,
                "attributed": truth.attributed,
            }

        return self.get(self.key_of(row, binding, f"live {optimizer}"), measure)
