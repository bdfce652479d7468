"""Networks whose output is an image, a mask or boxes: encoders with decoders, and generators."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .row import TorchModel, batches

IMAGE = {"x": "f32[N, 3, H, H]"}
SMALL = ({"N": 2, "H": 64}, {"N": 3, "H": 96}, {"N": 4, "H": 128})


def double_conv(c_in: int, c_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    def __init__(self, bilinear: bool, width: int = 8) -> None:
        super().__init__()
        self.inc = double_conv(3, width)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), double_conv(width, 2 * width))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), double_conv(2 * width, 4 * width))
        if bilinear:
            self.up1: nn.Module = nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                nn.Conv2d(4 * width, 2 * width, 1),
            )
            self.up2: nn.Module = nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                nn.Conv2d(2 * width, width, 1),
            )
        else:
            self.up1 = nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2)
            self.up2 = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.conv1 = double_conv(4 * width, 2 * width)
        self.conv2 = double_conv(2 * width, width)
        self.outc = nn.Conv2d(width, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x = self.conv1(torch.cat([x2, self.up1(x3)], dim=1))
        x = self.conv2(torch.cat([x1, self.up2(x)], dim=1))
        return self.outc(x)


class Pyramid(nn.Module):
    """A feature pyramid over three stages: nearest upsampling, sums, one head for all levels."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        sizes = (width, 2 * width, 4 * width)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o), nn.ReLU())
            for i, o in zip((3, *sizes), sizes, strict=False)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(c, width, 1) for c in sizes)
        self.head = nn.Conv2d(width, 6, 3, padding=1)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        merged = [lateral(level) for lateral, level in zip(self.laterals, levels, strict=True)]
        for i in (1, 0):
            size = merged[i].shape[-2:]
            merged[i] = merged[i] + F.interpolate(merged[i + 1], size=size, mode="nearest")
        return [self.head(level) for level in merged]


class Atrous(nn.Module):
    """Dilated branches and image pooling, then bilinear back to the input's size."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 4, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 3, padding=d, dilation=d, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )
            for d in (1, 2, 4)
        )
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, width, 1), nn.ReLU())
        self.project = nn.Sequential(nn.Conv2d(4 * width, width, 1), nn.Dropout2d(0.1))
        self.classify = nn.Conv2d(width, 5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = x.shape[-2:]
        x = self.stem(x)
        branches = [branch(x) for branch in self.branches]
        pooled = F.interpolate(self.pool(x), size=x.shape[-2:], mode="bilinear")
        x = self.project(torch.cat([*branches, pooled], dim=1))
        return F.interpolate(self.classify(x), size=size, mode="bilinear", align_corners=False)


class SuperResolution(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1, padding_mode="reflect")
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.PReLU(), nn.Conv2d(width, width, 3, padding=1)
        )
        self.tail = nn.Sequential(nn.Conv2d(width, 4 * 3, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.head(x)
        h = h + self.body(h).mul(0.1)
        return self.tail(h)


class Denoiser(nn.Module):
    """A diffusion U-Net in small: sinusoidal times, group norms, attention at the bottom."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(width, 32), nn.SiLU(), nn.Linear(32, 2 * width))
        self.conv_in = nn.Conv2d(3, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(8, 2 * width)
        self.qkv = nn.Conv2d(2 * width, 6 * width, 1)
        self.proj = nn.Conv2d(2 * width, 2 * width, 1)
        self.up = nn.Conv2d(2 * width, width, 3, padding=1)
        self.conv_out = nn.Conv2d(2 * width, 3, 3, padding=1)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        half = self.conv_in.out_channels // 2
        freqs = torch.exp(-9.2 * torch.arange(half, dtype=torch.float32) / half)
        angles = t[:, None].float() * freqs[None]
        time = self.time(torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1))
        h0 = F.silu(self.conv_in(x))
        h = self.down(h0) + time[:, :, None, None]
        n, c, height, width = h.shape
        q, k, v = self.qkv(self.norm(h)).reshape(n, 3, c, height * width).unbind(1)
        weights = torch.softmax(torch.einsum("bct,bcs->bts", q, k) * c**-0.5, dim=-1)
        h = h + self.proj(torch.einsum("bts,bcs->bct", weights, v).reshape(n, c, height, width))
        h = self.up(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.conv_out(torch.cat([h, h0], dim=1))


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.mean = nn.Linear(32 * 49, 16)
        self.log_variance = nn.Linear(32 * 49, 16)
        self.decoder = nn.Sequential(
            nn.Linear(16, 32 * 49),
            nn.ReLU(),
            nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 16, 3, 2, 1, output_padding=1),
            nn.ELU(),
            nn.ConvTranspose2d(16, 1, 3, 2, 1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        y = self.decoder(z)
        divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return {
            "loss": F.binary_cross_entropy(y, x.sigmoid(), reduction="sum") + divergence,
            "y": y,
        }


def generator() -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(16, 64, 4, 1, 0, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(True),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(True),
        nn.ConvTranspose2d(32, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def discriminator() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False),
        nn.InstanceNorm2d(32, affine=True),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(32, 1, 4, 1, 0, bias=False),
        nn.Softplus(),
    )


def spectral_discriminator() -> nn.Module:
    normed = nn.utils.parametrizations.spectral_norm
    return nn.Sequential(
        normed(nn.Conv2d(3, 16, 4, 2, 1)),
        nn.LeakyReLU(0.1),
        normed(nn.Conv2d(16, 32, 4, 2, 1)),
        nn.LeakyReLU(0.1),
        nn.Flatten(),
        nn.utils.parametrizations.weight_norm(nn.Linear(512, 1)),
    )


class Straightened(nn.Module):
    """A spatial transformer: digits are turned upright before they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(1, 8, 7), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 10, 5), nn.MaxPool2d(2),
            nn.ReLU(), nn.Flatten(), nn.Linear(90, 32), nn.ReLU(), nn.Linear(32, 6),
        )  # fmt: skip
        self.read = nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(), nn.Flatten(), nn.Linear(9216, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        theta = self.look(x).view(-1, 2, 3)
        grid = F.affine_grid(theta, list(x.size()), align_corners=False)
        return self.read(F.grid_sample(x, grid, align_corners=False))


def volume() -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(1, 8, 3, padding=1),
        nn.BatchNorm3d(8),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Conv3d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


DENOISE = {"x": "f32[N, 3, H, H]", "t": "i64[N]"}
MODELS = [
    TorchModel("unet-transposed", "segmentation", partial(UNet, False), {"x": "f32[N,3,4*H,4*H]"},
               ({"N": 2, "H": 16}, {"N": 3, "H": 24}, {"N": 4, "H": 32})),
    TorchModel("unet-bilinear", "segmentation", partial(UNet, True), {"x": "f32[N,3,4*H,4*H]"},
               ({"N": 2, "H": 16}, {"N": 3, "H": 24}, {"N": 4, "H": 32})),
    TorchModel("pyramid", "detection", Pyramid, IMAGE, SMALL,
               loss=lambda out: torch.stack([level.square().mean() for level in out]).sum()),
    TorchModel("deeplab", "segmentation", Atrous, IMAGE, SMALL),
    TorchModel("super-resolution", "generator", SuperResolution, IMAGE, SMALL),
    TorchModel("denoiser", "generator", Denoiser, {**DENOISE, "x": "f32[N, 3, 2*H, 2*H]"},
               ({"N": 2, "H": 8}, {"N": 3, "H": 16}, {"N": 4, "H": 12}), 1000),
    TorchModel("vae", "generator", VAE, {"x": "f32[N, 1, 28, 28]"}, batches(4, 16, 9)),
    TorchModel("dcgan-generator", "generator", generator, {"input": "f32[N, 16, 1, 1]"},
               batches(4, 16, 9)),
    TorchModel("dcgan-discriminator", "generator", discriminator, {"input": "f32[N, 3, 16, 16]"},
               batches(4, 16, 9)),
    TorchModel("spectral-discriminator", "generator", spectral_discriminator,
               {"input": "f32[N, 3, 16, 16]"}, batches(4, 16, 9)),
    TorchModel("spatial-transformer", "cnn", Straightened, {"x": "f32[N, 1, 28, 28]"},
               batches(4, 16, 9)),
    TorchModel("volume", "cnn", volume, {"input": "f32[N, 1, D, 16, 16]"},
               ({"N": 2, "D": 8}, {"N": 3, "D": 16}, {"N": 4, "D": 12})),
]  # fmt: skip
