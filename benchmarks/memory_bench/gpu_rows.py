"""Models, batches, dtypes and optimizers that are run on a GPU."""

from dataclasses import dataclass

from torch_models.from_config import from_config
from torch_models.row import TorchModel, batches
from torch_models.sequence_nets import NanoGPT

IMAGE = {"x": "f32[N, 3, 224, 224]"}
IDS = {"input_ids": "i64[N, 512]", "labels": "i64[N, 512]"}
CLASSES = {"input_ids": "i64[N, 512]", "labels": "i64[N]"}
SMALL_LLAMA = {
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
    "use_cache": False,
}


@dataclass(frozen=True)
class GpuRow:
    """`precision` as `sw.check` has it; a half type casts the module."""

    model: str
    batch: int
    precision: str
    optimizer: str
    has_convolutions: bool


def hugging_face():
    return {
        "bert-base": TorchModel(
            "bert-base",
            "encoder",
            from_config("BertForSequenceClassification"),
            CLASSES,
            batches(8),
        ),
        "gpt2": TorchModel(
            "gpt2", "decoder", from_config("GPT2LMHeadModel", use_cache=False), IDS, batches(8)
        ),
        "llama-200m": TorchModel(
            "llama-200m", "decoder", from_config("LlamaForCausalLM", **SMALL_LLAMA), IDS, batches(8)
        ),
        "nanogpt": TorchModel(
            "nanogpt",
            "decoder",
            lambda: NanoGPT(True),
            {"ids": "i64[N, 64]", "targets": "i64[N, 64]"},
            batches(64),
        ),
    }


# (model, batches), each with every pair of precision and optimizer that follows.
CONVNETS = (
    ("resnet50", (32, 96)),
    ("vgg16_bn", (32,)),
    ("densenet121", (32,)),
    ("mobilenet_v2", (64,)),
    ("convnext_tiny", (32,)),
)
OTHERS = (
    ("vit_base_patch16_224", (32,)),
    ("mixer_b16_224", (32,)),
    ("bert-base", (8, 16)),
    ("gpt2", (8,)),
    ("llama-200m", (4, 8)),
    ("nanogpt", (64,)),
)
OF_CONVNETS = (("fp32", "sgd-momentum"), ("bf16-amp", "sgd-momentum"), ("fp32", "adamw"))
OF_OTHERS = (("fp32", "adamw"), ("bf16-amp", "adamw"), ("bf16", "sgd"))

# The first precision of every model first, so that what the time leaves out is a part of each.
GPU_ROWS = tuple(
    GpuRow(model, batch, *kinds[k], kinds is OF_CONVNETS)
    for k in range(3)
    for models, kinds in ((CONVNETS, OF_CONVNETS), (OTHERS, OF_OTHERS))
    for model, sizes in models
    for batch in sizes
)
