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

NETWORKS = {
    **convnets.NETWORKS,
    **patches.NETWORKS,
    "tsn_r50": SegmentConsensus,
    "bert_large": bert_large,
}


def on_meta(name, **settings):
    """The network in training mode, with no memory behind its weights."""
    with torch.device("meta"):
        return partial(NETWORKS[name], **settings)().train()
