"""Residual networks of the plain kind, some of them with a part frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import nn

from .row import TorchModel, batches

IMAGE = {"x": "f32[N, 3, H, H]"}


def conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)


class Basic(nn.Module):
    expansion = 1

    def __init__(self, c_in: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        self.conv1 = conv(c_in, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or c_in != width:
            self.downsample = nn.Sequential(conv(c_in, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        identity = x
        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu(out)
        out = self.conv2(out)
        out = self.bn2(out)
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        out = self.relu(out)
        return out  # noqa: RET504  as torchvision writes it, the name living on


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, c_in: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        c_out = width * self.expansion
        self.conv1 = conv(c_in, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3, stride, groups)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv(width, c_out, 1)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(conv(c_in, c_out, 1, stride), nn.BatchNorm2d(c_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class PreActivation(nn.Module):
    """Norm and activation before the convolution; nothing is in place."""

    expansion = 1

    def __init__(self, c_in: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(4, c_in)
        self.conv1 = conv(c_in, width, 3, stride)
        self.norm2 = nn.GroupNorm(4, width)
        self.conv2 = conv(width, width, 3)
        self.shortcut = conv(c_in, width, 1, stride) if stride != 1 or c_in != width else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.norm1(x))
        shortcut = x if self.shortcut is None else self.shortcut(h)
        h = self.conv1(h)
        h = self.conv2(torch.relu(self.norm2(h)))
        return h + shortcut


class ResNet(nn.Module):
    def __init__(
        self,
        block: type[Basic | Bottleneck | PreActivation],
        depths: Sequence[int],
        width: int = 16,
        groups: int = 1,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = width
        for stage, depth in enumerate(depths):
            blocks = []
            for i in range(depth):
                stride = 2 if stage and not i else 1
                blocks.append(block(channels, width << stage, stride, groups))
                channels = (width << stage) * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.relu(x)
        x = self.maxpool(x)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.fc(x)
        return x  # noqa: RET504  as torchvision writes it, the name living on


def head_only(build: Callable[[], nn.Module], trained: str) -> nn.Module:
    """Every parameter frozen whose name does not begin with `trained`."""
    model = build()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(trained))
    return model


def frozen_norms() -> nn.Module:
    """Affine parameters of every norm frozen, as detectors are fine-tuned."""
    model = ResNet(Bottleneck, (1, 1, 1, 1))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False)
    return model


resnet18 = partial(ResNet, Basic, (2, 2, 2, 2))
resnet50 = partial(ResNet, Bottleneck, (3, 4, 6, 3))
SMALL = ({"N": 2, "H": 64}, {"N": 5, "H": 96}, {"N": 3, "H": 80})

MODELS = [
    TorchModel("resnet18", "cnn", resnet18, IMAGE, SMALL),
    TorchModel("resnet50", "cnn", resnet50, IMAGE, SMALL),
    TorchModel("resnext", "cnn", partial(ResNet, Bottleneck, (1, 2, 2, 1), 32, 8), IMAGE, SMALL),
    TorchModel("resnet-groupnorm", "cnn", partial(ResNet, PreActivation, (2, 2, 2)), IMAGE, SMALL),
    TorchModel("resnet18-head", "frozen", partial(head_only, resnet18, "fc"), IMAGE, SMALL),
    TorchModel("resnet18-last", "frozen", partial(head_only, resnet18, "layer4"), IMAGE, SMALL),
    TorchModel("resnet-frozen-norms", "frozen", frozen_norms, IMAGE, SMALL),
    TorchModel(
        "resnet50-fixed-size",
        "cnn",
        resnet50,
        {"x": "f32[N, 3, 64, 64]"},
        batches(2, 4, 7),
        loss=lambda out: nn.functional.cross_entropy(
            out, torch.zeros(out.shape[0], dtype=torch.long)
        ),
    ),
]
