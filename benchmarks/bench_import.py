"""What importing a PyTorch module costs beside `torch.export`, and what an answer costs after it.

    python benchmarks/bench_import.py [--rounds 3] [--json FILE]

Modules are on `meta`; `torch.export` and `sw.load` take turns; medians. A binding is `report.at` at
new sizes with the peak: of tensors alone for a CPU, by a replay in PyTorch's allocator for a GPU.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

import shapewright as sw


def resnet50() -> Any:
    from transformers import ResNetConfig, ResNetForImageClassification

    return ResNetForImageClassification(ResNetConfig())


def llama_8b() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=4096,
            intermediate_size=14336,
            num_hidden_layers=32,
            num_attention_heads=32,
            num_key_value_heads=8,
            vocab_size=128256,
            use_cache=False,
        )
    )


# (name, maker, input, its type, shape with symbols, sizes)
MODELS: tuple[tuple[str, Callable[[], Any], str, str, str, dict[str, int]], ...] = (
    ("resnet50", resnet50, "pixel_values", "float32", "N,3,H,W", {"N": 8, "H": 224, "W": 224}),
    ("llama_8b", llama_8b, "input_ids", "int64", "B,S", {"B": 2, "S": 512}),
)


PROFILES = ("torch-cpu", "torch-cuda")


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def exported(module: Any, name: str, dtype: str, dims: str, sizes: dict[str, int]) -> Any:
    """With every named size dynamic."""
    shape = [sizes.get(dim) or int(dim) for dim in dims.split(",")]
    tensor = torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
    axes = {k: torch.export.Dim.AUTO for k, dim in enumerate(dims.split(",")) if dim in sizes}
    return torch.export.export(
        module, (), {name: tensor}, dynamic_shapes={name: axes}, strict=False
    )


def bound(report: Any, sizes: dict[str, int]) -> dict[str, float]:
    """The peak at a first binding, and at each of nine new ones."""
    first, peak = seconds(lambda: report.at(**sizes).peak.live)
    times = []
    for step in range(2, 20, 2):
        more = {symbol: size + step for symbol, size in sizes.items()}
        took, _ = seconds(lambda more=more: report.at(**more).peak.live)
        times.append(took)
    return {"first_answer_s": first, "bind_s": median(times), "peak_bytes": peak}


def measure(row: tuple[str, Callable[[], Any], str, str, str, dict[str, int]], rounds: int) -> Any:
    label, make, name, dtype, dims, sizes = row
    with torch.device("meta"):
        module = make().train()
    short = {"float32": "f32", "int64": "i64"}[dtype]
    inputs = {name: f"{short}[{dims}]"}
    times: dict[str, list[float]] = {"torch.export": [], "load": [], "check": []}
    for _ in range(rounds):
        took, _ = seconds(lambda: exported(module, name, dtype, dims, sizes))
        times["torch.export"].append(took)
        took, graph = seconds(lambda: sw.load(module, inputs))
        times["load"].append(took)
        took, _ = seconds(lambda graph=graph: sw.check(graph))
        times["check"].append(took)
    found = {f"{key}_s": median(values) for key, values in times.items()}
    found["load_over_export"] = found["load_s"] / found["torch.export_s"]
    answers = {}
    for profile in PROFILES:
        answers[f"infer {profile}"] = bound(sw.check(graph, profile=profile), sizes)
        train = {"mode": "train", "optimizer": "adamw", "profile": profile}
        took, report = seconds(lambda train=train: sw.check(module, inputs, **train))
        answers[f"train {profile}"] = {"check_s": took, **bound(report, sizes)}
    return {"model": label, "nodes": len(graph.nodes), **found, "answers": answers}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for row in MODELS:
        rows.append(measure(row, options.rounds))
        print(json.dumps(rows[-1], indent=1), flush=True)
    if options.json:
        versions = {"torch": torch.__version__}
        options.json.write_text(json.dumps({"versions": versions, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
