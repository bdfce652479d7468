"""Networks of the public measurements at their published sizes, by name; weights stay on `meta`."""

from functools import partial

import torch
from torch import nn

from torch_models.from_config import from_config
from torch_models.resnets import Bottleneck, ResNet

from . import convnets, patches


class SegmentConsensus(nn.Module):
    """TSN (arXiv 1608.00859): the mean of what a network says of `frames` frames of a video."""

    def __init__(self, frames=1, classes=400):
        super().__init__()
        self.backbone = ResNet(Bottleneck, (3, 4, 6, 3), 64, 1, classes)
        width = self.backbone.fc.in_features
        self.backbone.fc = nn.Sequential(nn.Dropout(0.4), nn.Linear(width, classes))
        self.frames = frames

    def forward(self, x):
        scores = self.backbone(x)
        return scores.reshape(-1, self.frames, scores.shape[-1]).mean(1)


# Devlin and others, arXiv 1810.04805; attention as it was written out in 2022.
bert_large = from_config(
    "BertForSequenceClassification",
    hidden_size=1024,
    num_hidden_layers=24,
    num_attention_heads=16,
    intermediate_size=4096,
    attn_implementation="eager",
)

# Radford and others, 2019, as EleutherAI, Cerebras (arXiv 2304.03208) and Hugging Face sized it.
_words = {"vocab_size": 50257}
_quiet = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
texts = {
    "gpt_neo_125m": from_config(
        "GPTNeoForCausalLM",
        "GPTNeoConfig",
        hidden_size=768,
        num_layers=12,
        num_heads=12,
        attention_types=[[["global", "local"], 6]],
        window_size=256,
        attention_dropout=0.0,
        embed_dropout=0.0,
        resid_dropout=0.0,
        **_words,
    ),
    "cerebras_gpt_111m": from_config(
        "GPT2LMHeadModel",
        "GPT2Config",
        n_embd=768,
        n_layer=10,
        n_head=12,
        n_positions=2048,
        n_inner=3072,
        activation_function="gelu",
        **_quiet,
        **_words,
    ),
    "distilgpt2": from_config(
        "GPT2LMHeadModel", "GPT2Config", n_embd=768, n_layer=6, n_head=12, **_words
    ),
    # Raffel and others, arXiv 1910.10683.
    "t5_small": from_config(
        "T5ForConditionalGeneration",
        "T5Config",
        vocab_size=32128,
        d_model=512,
        d_kv=64,
        d_ff=2048,
        num_layers=6,
        num_heads=8,
        decoder_start_token_id=0,
    ),
}

NETWORKS = {
    **convnets.NETWORKS,
    **patches.NETWORKS,
    "tsn_r50": SegmentConsensus,
    "bert_large": bert_large,
    **texts,
}


def on_meta(name, **settings):
    """The network in training mode, with no memory behind its weights."""
    with torch.device("meta"):
        return partial(NETWORKS[name], **settings)().train()
