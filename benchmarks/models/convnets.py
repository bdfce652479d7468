"""Convolutional classifiers as their papers give them: VGG, ResNet, DenseNet, MobileNetV2, MnasNet,
ConvNeXt."""

import itertools
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from torch_models.convnets import ConvNeXtBlock, conv_bn
from torch_models.resnets import Basic, Bottleneck, ResNet, conv

# Simonyan and Zisserman, arXiv 1409.1556, table 1: convolutions by stage of A, B, D, E.
VGG_STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    def __init__(self, depth, *, norm=False, classes=1000):
        super().__init__()
        layers, c_in = [], 3
        for repeats, c_out in zip(VGG_STAGES[depth], (64, 128, 256, 512, 512), strict=True):
            for _ in range(repeats):
                layers.append(nn.Conv2d(c_in, c_out, 3, padding=1))
                layers += [nn.BatchNorm2d(c_out)] if norm else []
                layers.append(nn.ReLU(inplace=True))
                c_in = c_out
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 49, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, classes),
        )

    def forward(self, x):
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


class Wide(Bottleneck):
    """A block with its middle wider (arXiv 1605.07146), or in groups (arXiv 1611.05431)."""

    factor = 2.0

    def __init__(self, c_in, width, stride, groups):
        super().__init__(c_in, width, stride, 1)
        middle = round(width * self.factor)
        self.conv1 = conv(c_in, middle, 1)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = conv(middle, middle, 3, stride, groups)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = conv(middle, width * self.expansion, 1)


class WideGrouped8(Wide):
    factor = 4.0  # 32 groups of 8 channels in the first stage


def resnet(depths, *, block=Bottleneck, groups=1, classes=1000):
    return partial(ResNet, block, depths, 64, groups, classes)


def group_norms(build, groups=32):
    """The same network with group norm (arXiv 1803.08494) where it has batch norm."""

    def made():
        model = build()
        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.BatchNorm2d):
                    setattr(module, name, nn.GroupNorm(groups, child.num_features))
        return model

    return made


class DenseLayer(nn.Module):
    def __init__(self, c_in, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(c_in)
        self.conv1 = nn.Conv2d(c_in, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, features):
        x = torch.cat(features, 1)
        x = self.conv1(F.relu(self.norm1(x), inplace=True))
        return self.conv2(F.relu(self.norm2(x), inplace=True))


class DenseBlock(nn.Module):
    def __init__(self, c_in, growth, depth):
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(c_in + k * growth, growth) for k in range(depth))

    def forward(self, x):
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    """Huang and others, arXiv 1608.06993, table 1."""

    def __init__(self, depths, *, growth=32, stem=64, classes=1000):
        super().__init__()
        layers = [
            nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        width = stem
        for k, depth in enumerate(depths):
            layers.append(DenseBlock(width, growth, depth))
            width += depth * growth
            layers.append(nn.BatchNorm2d(width))
            if k + 1 < len(depths):
                layers += [
                    nn.ReLU(inplace=True),
                    nn.Conv2d(width, width // 2, 1, bias=False),
                    nn.AvgPool2d(2, 2),
                ]
                width //= 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x):
        x = F.relu(self.features(x), inplace=True)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(torch.flatten(x, 1))


def in_eights(channels):
    """To a multiple of 8, and not below nine tenths."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


class Inverted(nn.Module):
    def __init__(self, c_in, c_out, kernel, stride, expand, act):
        super().__init__()
        hidden = c_in * expand
        layers = [conv_bn(c_in, hidden, 1, act=act(inplace=True))] if expand != 1 else []
        layers += [
            conv_bn(hidden, hidden, kernel, stride, hidden, act(inplace=True)),
            nn.Conv2d(hidden, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


# expansion, channels, repeats, stride, kernel.
# Sandler and others, arXiv 1801.04381, table 2; Tan and others, arXiv 1807.11626, B1 of the code.
MOBILE_V2 = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 32, 3, 2, 3),
    (6, 64, 4, 2, 3),
    (6, 96, 3, 1, 3),
    (6, 160, 3, 2, 3),
    (6, 320, 1, 1, 3),
)
MNASNET = (
    (1, 16, 1, 1, 3),
    (3, 24, 3, 2, 3),
    (3, 40, 3, 2, 5),
    (6, 80, 3, 2, 5),
    (6, 96, 2, 1, 3),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class Mobile(nn.Module):
    def __init__(self, rows, *, act=nn.ReLU6, scale=1.0, last=1280, dropout=0.2, classes=1000):
        super().__init__()
        width = in_eights(32 * scale)
        layers = [conv_bn(3, width, 3, 2, act=act(inplace=True))]
        for expand, channels, repeats, stride, kernel in rows:
            c_out = in_eights(channels * scale)
            for k in range(repeats):
                layers.append(Inverted(width, c_out, kernel, stride if k == 0 else 1, expand, act))
                width = c_out
        layers.append(conv_bn(width, last, 1, act=act(inplace=True)))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))

    def forward(self, x):
        x = self.features(x)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(torch.flatten(x, 1))


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of images."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class DroppingBlock(nn.Module):
    """A block that is left out of some rows of a batch (arXiv 1603.09382), added in place."""

    def __init__(self, width, dropped):
        super().__init__()
        self.dropped = dropped
        self.gamma = nn.Parameter(torch.full((width, 1, 1), 1e-6))
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.wide = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.narrow = nn.Linear(4 * width, width)

    def branch(self, x):
        x = self.depthwise(x).permute(0, 2, 3, 1)
        return self.narrow(self.act(self.wide(self.norm(x)))).permute(0, 3, 1, 2)

    def forward(self, x):
        out = self.gamma * self.branch(x)
        if self.dropped > 0:
            kept = torch.empty((x.shape[0], 1, 1, 1), device=x.device).bernoulli_(1 - self.dropped)
            out = out * kept.div_(1 - self.dropped)
        out += x
        return out


class ConvNeXt(nn.Module):
    """Liu and others, arXiv 2201.03545; `dropped`: of the rows, in the last block; rising to it."""

    def __init__(self, depths, widths, *, dropped=None, classes=1000):
        super().__init__()
        layers = [nn.Conv2d(3, widths[0], 4, stride=4), ChannelNorm(widths[0], eps=1e-6)]
        shares = iter(torch.linspace(0, dropped or 0, sum(depths), device="cpu").tolist())
        for k, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            for share in itertools.islice(shares, depth):
                block = ConvNeXtBlock(width) if dropped is None else DroppingBlock(width, share)
                layers.append(block)
            if k + 1 < len(depths):
                layers.append(ChannelNorm(width, eps=1e-6))
                layers.append(nn.Conv2d(width, widths[k + 1], 2, stride=2))
        self.features = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.head(self.norm(self.features(x).mean((2, 3))))


CONVNEXT = {
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
}

NETWORKS = {
    **{f"vgg{d}": partial(VGG, d) for d in VGG_STAGES},
    **{f"vgg{d}_bn": partial(VGG, d, norm=True) for d in VGG_STAGES},
    "resnet18": resnet((2, 2, 2, 2), block=Basic),
    "resnet34": resnet((3, 4, 6, 3), block=Basic),
    "resnet50": resnet((3, 4, 6, 3)),
    "resnet101": resnet((3, 4, 23, 3)),
    "resnet152": resnet((3, 8, 36, 3)),
    "resnet200": resnet((3, 24, 36, 3)),
    "resnet50_gn": group_norms(resnet((3, 4, 6, 3))),
    "resnext50_32x4d": resnet((3, 4, 6, 3), block=Wide, groups=32),
    "resnext101_32x4d": resnet((3, 4, 23, 3), block=Wide, groups=32),
    "resnext101_32x8d": resnet((3, 4, 23, 3), block=WideGrouped8, groups=32),
    "wide_resnet50_2": resnet((3, 4, 6, 3), block=Wide),
    "wide_resnet101_2": resnet((3, 4, 23, 3), block=Wide),
    "densenet121": partial(DenseNet, (6, 12, 24, 16)),
    "densenet169": partial(DenseNet, (6, 12, 32, 32)),
    "densenet201": partial(DenseNet, (6, 12, 48, 32)),
    "densenet161": partial(DenseNet, (6, 12, 36, 24), growth=48, stem=96),
    "mobilenet_v2": partial(Mobile, MOBILE_V2),
    "mobilenet_v2_140": partial(Mobile, MOBILE_V2, scale=1.4, last=1792),
    "mnasnet": partial(Mobile, MNASNET, act=nn.ReLU),
    **{f"convnext_{size}": partial(ConvNeXt, *rows) for size, rows in CONVNEXT.items()},
    # As torchvision has them.
    "convnext_tiny_dropping": partial(ConvNeXt, *CONVNEXT["tiny"], dropped=0.1),
    "convnext_base_dropping": partial(ConvNeXt, *CONVNEXT["base"], dropped=0.5),
}
