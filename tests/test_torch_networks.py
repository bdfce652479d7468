"""Ten networks of transformers, from their configurations, in training and in inference.

They stand on `meta` at the size their papers give them with SHAPEWRIGHT_FULL_NETWORKS=1, and with
two layers without it: every kind of operation is there in either.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

IS_FULL = os.environ.get("SHAPEWRIGHT_FULL_NETWORKS") == "1"
TOKENS = {"input_ids": "i64[B, S]"}
MASKED = {**TOKENS, "attention_mask": "i64[B, S]"}
PIXELS = {"pixel_values": "f32[B, 3, H, H]"}
SQUARES = {"pixel_values": "f32[B, 3, 224, 224]"}  # of models whose Python compares the size


@dataclass(frozen=True)
class Network:
    model: str
    config: str
    inputs: dict[str, str]
    parameters: int  # at full size
    small: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)

    def build(self) -> Any:
        library = import_module("transformers")
        settings = {**self.settings, **({} if IS_FULL else self.small)}
        with torch.device("meta"):
            return getattr(library, self.model)(getattr(library, self.config)(**settings))


LAYERS = {"num_hidden_layers": 2}
QWEN = {"vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
        "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
        "tie_word_embeddings": True, "use_cache": False}  # fmt: skip
LLAMA = {"vocab_size": 32000, "hidden_size": 768, "intermediate_size": 3072,
         "num_hidden_layers": 12, "num_attention_heads": 12, "use_cache": False}  # fmt: skip
NETWORKS = {
    "bert_base": Network("BertModel", "BertConfig", MASKED, 109_482_240, LAYERS),
    "distilbert": Network("DistilBertModel", "DistilBertConfig", MASKED, 66_362_880,
                          {"n_layers": 2}),
    "gpt2": Network("GPT2LMHeadModel", "GPT2Config", TOKENS, 124_439_808, {"n_layer": 2},
                    {"use_cache": False}),
    "llama_160m": Network("LlamaForCausalLM", "LlamaConfig", TOKENS, 162_417_408,
                          LAYERS, LLAMA),
    "qwen2_05b": Network("Qwen2ForCausalLM", "Qwen2Config", TOKENS, 494_032_768,
                         LAYERS, QWEN),
    "vit_b16": Network("ViTModel", "ViTConfig", SQUARES,
                       86_389_248, LAYERS),
    "resnet50": Network("ResNetForImageClassification", "ResNetConfig", PIXELS, 23_512_130,
                        {"depths": [1, 1, 1, 1]}),
    "convnext_tiny": Network("ConvNextForImageClassification", "ConvNextConfig", PIXELS,
                             27_821_666, {"depths": [1, 1, 1, 1]}),
    "mobilenet_v2": Network("MobileNetV2ForImageClassification", "MobileNetV2Config", SQUARES,
                            2_226_434, {}),
    "efficientnet_b0": Network("EfficientNetForImageClassification", "EfficientNetConfig", PIXELS,
                               4_010_110, {"num_block_repeats": [1] * 7},
                               {"width_coefficient": 1.0, "depth_coefficient": 1.0,
                                "hidden_dim": 1280}),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["train", "infer"])
@pytest.mark.parametrize("name", NETWORKS)
def test_imports_without_an_error(name: str, mode: str) -> None:
    network, model = NETWORKS[name], NETWORKS[name].build()
    count = sum(parameter.numel() for parameter in model.parameters())
    if IS_FULL:
        assert count == network.parameters
    optimizer = "adamw" if mode == "train" else None
    report = sw.check(model.train(mode == "train"), network.inputs, mode=mode, optimizer=optimizer)
    assert report.ok, report.findings
    assert not [f for f in report.findings if f.code == "op-unmodelled"]
    sizes = {"B": 3, "S": 40, "H": 224}
    asked = {symbol.name: sizes[symbol.name] for symbol in report.symbols}
    assert asked
    assert report.at(**asked).peak.live > 4 * count
