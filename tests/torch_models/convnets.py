"""Image classifiers of other kinds: plain stacks, depthwise, dense, gated, multi-branch."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .row import TorchModel, batches

IMAGE = {"x": "f32[N, 3, H, H]"}
SMALL = ({"N": 2, "H": 64}, {"N": 5, "H": 96}, {"N": 3, "H": 80})


def conv_bn(
    c_in: int,
    c_out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    act: nn.Module | None = None,
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True) if act is None else act,
    )


class VGG(nn.Module):
    def __init__(self, norm: bool, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        c_in = 3
        for depth, c_out in ((1, width), (1, 2 * width), (2, 4 * width), (2, 8 * width)):
            for _ in range(depth):
                layers.append(nn.Conv2d(c_in, c_out, 3, padding=1))
                if norm:
                    layers.append(nn.BatchNorm2d(c_out))
                layers.append(nn.ReLU(inplace=True))
                c_in = c_out
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(
            nn.Linear(c_in * 9, 256),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(256, 256),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(256, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.classifier(x)
        return x  # noqa: RET504


class InvertedResidual(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = c_in * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers.append(conv_bn(c_in, hidden, 1, act=nn.ReLU6(inplace=True)))
        layers += [
            conv_bn(hidden, hidden, 3, stride, groups=hidden, act=nn.ReLU6(inplace=True)),
            nn.Conv2d(hidden, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.residual:
            return x + self.conv(x)
        return self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_bn(3, 16, 3, 2, act=nn.ReLU6(inplace=True))]
        c_in = 16
        for expand, c_out, depth, stride in (
            (1, 8, 1, 1),
            (6, 12, 2, 2),
            (6, 16, 2, 2),
            (6, 32, 2, 2),
        ):
            for i in range(depth):
                layers.append(InvertedResidual(c_in, c_out, stride if i == 0 else 1, expand))
                c_in = c_out
        layers.append(conv_bn(c_in, 128, 1, act=nn.ReLU6(inplace=True)))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(128, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        x = torch.flatten(x, 1)
        return self.classifier(x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = self.avgpool(x)
        scale = F.silu(self.fc1(scale))
        scale = torch.sigmoid(self.fc2(scale))
        return scale * x


class StochasticDepth(nn.Module):
    """Whole rows of the batch dropped, as torchvision and timm have it."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.keep = 1 - p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        noise = torch.empty([x.shape[0], 1, 1, 1], dtype=x.dtype, device=x.device)
        return x * noise.bernoulli_(self.keep).div_(self.keep)


class MBConv(nn.Module):
    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = c_in * expand
        self.expand = conv_bn(c_in, hidden, 1, act=nn.SiLU(inplace=True))
        self.depthwise = conv_bn(hidden, hidden, kernel, stride, hidden, nn.SiLU(inplace=True))
        self.excite = SqueezeExcite(hidden, max(1, c_in // 4))
        self.project = nn.Sequential(nn.Conv2d(hidden, c_out, 1, bias=False), nn.BatchNorm2d(c_out))
        self.drop = StochasticDepth(0.1) if stride == 1 and c_in == c_out else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.project(self.excite(self.depthwise(self.expand(x))))
        if self.drop is not None:
            h = self.drop(h)
            h += x
        return h


class EfficientNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_bn(3, 16, 3, 2, act=nn.SiLU(inplace=True))]
        c_in = 16
        for c_out, kernel, depth, stride in ((12, 3, 2, 1), (20, 5, 2, 2), (32, 3, 2, 2)):
            for i in range(depth):
                layers.append(MBConv(c_in, c_out, kernel, stride if i == 0 else 1, 4))
                c_in = c_out
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(1),
            nn.Dropout(0.2, inplace=True),
            nn.Linear(c_in, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x))


class DenseLayer(nn.Module):
    def __init__(self, c_in: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(c_in)
        self.conv1 = nn.Conv2d(c_in, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        x = torch.cat(features, 1)
        x = self.conv1(F.relu(self.norm1(x), inplace=True))
        return self.conv2(F.relu(self.norm2(x), inplace=True))


class DenseBlock(nn.Module):
    def __init__(self, c_in: int, growth: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(c_in + i * growth, growth) for i in range(depth))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    def __init__(self, growth: int = 12) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 24, 7, 2), nn.MaxPool2d(3, 2, 1))
        channels = 24
        blocks: list[nn.Module] = []
        for depth in (3, 4):
            blocks.append(DenseBlock(channels, growth, depth))
            channels += depth * growth
            blocks.append(
                nn.Sequential(
                    nn.BatchNorm2d(channels),
                    nn.ReLU(inplace=True),
                    nn.Conv2d(channels, channels // 2, 1, bias=False),
                    nn.AvgPool2d(2, 2),
                )
            )
            channels //= 2
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.blocks(self.stem(x)))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Inception(nn.Module):
    def __init__(self, c_in: int, width: int) -> None:
        super().__init__()
        self.branch1 = conv_bn(c_in, width, 1)
        self.branch2 = nn.Sequential(conv_bn(c_in, width, 1), conv_bn(width, 2 * width, 3))
        self.branch3 = nn.Sequential(conv_bn(c_in, width, 1), conv_bn(width, width, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), conv_bn(c_in, width, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branches = [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]
        return torch.cat(branches, 1)


class GoogLeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 16, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.a = Inception(16, 8)
        self.b = Inception(40, 12)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.c = Inception(60, 16)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(80, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = self.a(x)
        x = self.b(x)
        x = self.pool(x)
        x = self.c(x)
        return self.head(x)


class ShuffleUnit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            conv_bn(half, half, 1),
            nn.Conv2d(half, half, 3, padding=1, groups=half, bias=False),
            nn.BatchNorm2d(half),
            conv_bn(half, half, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept, worked = x.chunk(2, dim=1)
        out = torch.cat((kept, self.branch(worked)), dim=1)
        n, c, h, w = out.shape
        return out.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


class ConvNeXtBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(1e-6 * torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x
        x = self.dwconv(x)
        x = x.permute(0, 2, 3, 1)
        x = self.norm(x)
        x = self.pwconv1(x)
        x = self.act(x)
        x = self.pwconv2(x)
        x = self.gamma * x
        x = x.permute(0, 3, 1, 2)
        return shortcut + x


def convnext() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 24, 4, stride=4)]
    width = 24
    for depth in (2, 2):
        layers += [ConvNeXtBlock(width) for _ in range(depth)]
        layers.append(nn.Conv2d(width, 2 * width, 2, stride=2))
        width *= 2
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(width), nn.Linear(width, 10)]
    return nn.Sequential(*layers)


def shufflenet() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 32, 3, 2),
        nn.MaxPool2d(3, 2, 1),
        *(ShuffleUnit(32) for _ in range(3)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Sigmoid(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 84),
        nn.Hardswish(),
        nn.Linear(84, 10),
        nn.LogSoftmax(dim=1),
    )


X = {"input": IMAGE["x"]}
MODELS = [
    TorchModel("vgg", "cnn", partial(VGG, False), IMAGE, SMALL),
    TorchModel("vgg-bn", "cnn", partial(VGG, True), IMAGE, SMALL),
    TorchModel("mobilenet-v2", "cnn", MobileNetV2, IMAGE, SMALL),
    TorchModel("efficientnet", "cnn", EfficientNet, IMAGE, SMALL),
    TorchModel("densenet", "cnn", DenseNet, IMAGE, SMALL),
    TorchModel("googlenet", "cnn", GoogLeNet, IMAGE, SMALL),
    TorchModel("shufflenet", "cnn", shufflenet, X, SMALL),
    TorchModel("convnext", "cnn", convnext, X, SMALL),
    TorchModel("lenet", "cnn", lenet, {"input": "f32[N, 1, 28, 28]"}, batches(4, 16, 7)),
]
