"""Export the example networks: ONNX graphs without weights, and the true shape of every value.

    pip install ".[examples]"
    python examples/export.py            # all of them
    python examples/export.py resnet18   # some

Writes `examples/NAME.onnx` and `tests/data/NAME.shapes.json`. The weights are random; they are
declared as external data of a `weights.bin` that is not kept, since a shape tool has no use for
them. The shapes are those ONNX Runtime produced, with no optimisation, at each binding.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch.export import Dim
from transformers import BertConfig, BertModel, ResNetConfig, ResNetForImageClassification

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Example:
    build: Callable[[], torch.nn.Module]
    inputs: Callable[..., dict[str, torch.Tensor]]  # a value for each symbol -> one batch
    dynamic: dict[str, dict[int, str]]  # input -> axis -> symbol
    bindings: tuple[dict[str, int], ...]


def tokens(batch: int, sequence: int) -> dict[str, torch.Tensor]:
    ids = torch.randint(0, 1000, (batch, sequence))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def images(batch: int, height: int, width: int) -> dict[str, torch.Tensor]:
    return {"pixel_values": torch.rand(batch, 3, height, width)}


EXAMPLES = {
    "bert_base": Example(
        build=lambda: BertModel(BertConfig(return_dict=False)),
        inputs=tokens,
        dynamic={
            "input_ids": {0: "batch", 1: "sequence"},
            "attention_mask": {0: "batch", 1: "sequence"},
        },
        bindings=({"batch": 1, "sequence": 64}, {"batch": 3, "sequence": 97}),
    ),
    "resnet18": Example(
        build=lambda: ResNetForImageClassification(
            ResNetConfig(
                depths=[2, 2, 2, 2],
                hidden_sizes=[64, 128, 256, 512],
                layer_type="basic",
                num_labels=1000,
                return_dict=False,
            )
        ),
        inputs=images,
        dynamic={"pixel_values": {0: "batch", 2: "height", 3: "width"}},
        bindings=(
            {"batch": 1, "height": 224, "width": 224},
            {"batch": 3, "height": 230, "width": 197},
        ),
    ),
}


def randomise(model: torch.nn.Module) -> None:
    """Make all weights differ, as training does: the exporter merges equal ones (zero biases)."""
    with torch.no_grad():
        for weight in (*model.parameters(), *model.buffers()):
            if weight.is_floating_point():
                weight.uniform_(0.01, 0.05)


def export(example: Example, path: Path) -> onnx.ModelProto:
    """Write the whole model to `path`, its weights to a file beside it; return it without them."""
    model = example.build().eval()
    randomise(model)
    batch = example.inputs(**example.bindings[1])
    symbols = {s: Dim(s, min=1) for axes in example.dynamic.values() for s in axes.values()}
    dynamic = {k: {a: symbols[s] for a, s in axes.items()} for k, axes in example.dynamic.items()}
    program = torch.onnx.export(
        model, (), kwargs=batch, dynamic_shapes=dynamic, dynamo=True, opset_version=20
    )
    assert program is not None
    program.save(str(path), external_data=True, keep_initializers_as_inputs=False)
    return onnx.load(str(path), load_external_data=False)


def strip(model: onnx.ModelProto) -> None:
    """Keep what a reader of the graph uses: of the metadata, the module path of each node."""
    for node in model.graph.node:
        kept = [p for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.ClearField("doc_string")
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "weights.bin"
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]  # shapes are for the reader to infer


def true_shapes(name: str, path: Path, example: Example) -> dict[str, Any]:
    """Run the model at `path` with every value as an output."""
    model = onnx.load(str(path), load_external_data=False)
    values = [v for node in model.graph.node for v in node.output if v]
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=v) for v in values)
    probe = path.with_name("probe.onnx")
    onnx.save(model, str(probe))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(probe), options, providers=["CPUExecutionProvider"])
    cases = []
    for binding in example.bindings:
        feed = {k: v.numpy() for k, v in example.inputs(**binding).items()}
        shapes = {v: list(a.shape) for v, a in zip(values, session.run(values, feed), strict=True)}
        cases.append({"bind": binding, "shapes": shapes})
    return {"model": name, "symbols": list(example.bindings[0]), "cases": cases}


def main(names: list[str]) -> None:
    torch.manual_seed(0)
    for name in names or EXAMPLES:
        example = EXAMPLES[name]
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, f"{name}.onnx")
            model = export(example, path)
            truth = true_shapes(name, path, example)
        strip(model)
        target = ROOT / "examples" / f"{name}.onnx"
        target.write_bytes(model.SerializeToString(deterministic=True))
        text = json.dumps(truth).replace('{"bind"', '\n{"bind"') + "\n"
        (ROOT / "tests" / "data" / f"{name}.shapes.json").write_text(text)
        print(f"{target.name}: {len(model.graph.node)} nodes, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
