"""What importing a PyTorch module costs beside `torch.export`, and what an answer costs after it.

    python benchmarks/bench_import.py [--rounds 3] [--json FILE]

Modules are on `meta`, in the order that `torch.export` and `sw.load` take turns; medians.
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


def measure(row: tuple[str, Callable[[], Any], str, str, str, dict[str, int]], rounds: int) -> Any:
    label, make, name, dtype, dims, sizes = row
    with torch.device("meta"):
        module = make().train()
    short = {"float32": "f32", "int64": "i64"}[dtype]
    inputs = {name: f"{short}[{dims}]"}
    times: dict[str, list[float]] = {"torch.export": [], "load": [], "check": [], "bind": []}
    nodes = 0
    for _ in range(rounds):
        took, _ = seconds(lambda: exported(module, name, dtype, dims, sizes))
        times["torch.export"].append(took)
        took, graph = seconds(lambda: sw.load(module, inputs))
        times["load"].append(took)
        nodes = len(graph.nodes)
        took, report = seconds(lambda graph=graph: sw.check(graph))
        times["check"].append(took)
        report.at(**sizes).peak  # noqa: B018
        more = {symbol: size + 2 for symbol, size in sizes.items()}
        took, _ = seconds(lambda report=report, more=more: report.at(**more).peak.live)
        times["bind"].append(took)
    found = {f"{key}_s": median(values) for key, values in times.items()}
    train, report = seconds(
        lambda: sw.check(module, inputs, mode="train", optimizer="adamw", profile="torch-cuda")
    )
    first, peak = seconds(lambda: report.at(**sizes).peak.live)
    more = {symbol: size + 2 for symbol, size in sizes.items()}
    again, _ = seconds(lambda: report.at(**more).peak.live)
    return {
        "model": label,
        "nodes": nodes,
        **found,
        "load_over_export": found["load_s"] / found["torch.export_s"],
        "train_check_s": train,
        "train_first_answer_s": first,
        "train_bind_s": again,
        "train_peak_bytes": peak,
    }


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
