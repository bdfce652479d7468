"""Perceptrons, recurrent and one-dimensional networks, and transformers written in plain torch."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .row import TorchModel, batches

TOKENS = {"ids": "i64[B, S]"}
TEXT = ({"B": 2, "S": 16}, {"B": 4, "S": 32}, {"B": 3, "S": 25})


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )


def mlp_norms() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 96, bias=False),
        nn.BatchNorm1d(96),
        nn.LeakyReLU(),
        nn.Dropout(0.3),
        nn.Linear(96, 96),
        nn.LayerNorm(96),
        nn.SiLU(),
        nn.Linear(96, 96),
        nn.RMSNorm(96),
        nn.Mish(),
        nn.Linear(96, 1),
    )


class Recommender(nn.Module):
    """Embeddings of categories, a product of two towers, and its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.users = nn.Embedding(200, 32)
        self.items = nn.Embedding(300, 32)
        self.bag = nn.EmbeddingBag(100, 32, mode="mean")
        self.tower = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32))

    def forward(
        self, user: torch.Tensor, item: torch.Tensor, tags: torch.Tensor, rating: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        left = F.normalize(self.tower(torch.cat([self.users(user), self.bag(tags)], dim=1)), dim=1)
        right = F.normalize(self.items(item), dim=1)
        score = (left * right).sum(1)
        return {"score": score, "loss": F.mse_loss(score, rating)}


class Recurrent(nn.Module):
    def __init__(self, cell: type[nn.LSTM | nn.GRU | nn.RNN], layers: int, both: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 24)
        self.cell = cell(24, 32, layers, batch_first=True, bidirectional=both)
        self.fc = nn.Linear(64 if both else 32, 100)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        output, _ = self.cell(self.embedding(ids))
        return self.fc(output)


class TextCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 24, padding_idx=0)
        self.convs = nn.ModuleList(nn.Conv1d(24, 16, k) for k in (3, 4, 5))
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(48, 4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids).transpose(1, 2)
        pooled = [torch.relu(conv(x)).max(dim=2).values for conv in self.convs]
        return self.fc(self.dropout(torch.cat(pooled, dim=1)))


class CausalConv(nn.Module):
    """A gated block of WaveNet: padding on the left, tanh times sigmoid."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.pad = dilation
        self.conv = nn.utils.parametrizations.weight_norm(
            nn.Conv1d(width, 2 * width, 2, dilation=dilation)
        )
        self.out = nn.Conv1d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, value = self.conv(F.pad(x, (self.pad, 0))).chunk(2, dim=1)
        return x + self.out(torch.tanh(value) * torch.sigmoid(gate))


class MixerBlock(nn.Module):
    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(tokens, 32), nn.GELU(), nn.Linear(32, tokens))
        self.norm2 = nn.LayerNorm(width)
        self.channels = nn.Sequential(nn.Linear(width, 96), nn.GELU(), nn.Linear(96, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 48, 8, stride=8)
        self.blocks = nn.Sequential(*(MixerBlock(16, 48) for _ in range(3)))
        self.fc = nn.Linear(48, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(self.patches(x).flatten(2).transpose(1, 2))
        return self.fc(x.mean(dim=1))


class Encoder(nn.Module):
    """torch's own layers, without the fast path that evaluation takes."""

    def __init__(self, norm_first: bool, activation: str, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 48)
        layer = nn.TransformerEncoderLayer(
            48, 4, 96, dropout, activation, batch_first=True, norm_first=norm_first
        )
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.fc = nn.Linear(48, 100)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.fc(self.encoder(self.embedding(ids)))


class Seq2Seq(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 32)
        self.transformer = nn.Transformer(32, 4, 2, 2, 64, 0.1, batch_first=True)
        self.fc = nn.Linear(32, 100)

    def forward(self, src: torch.Tensor, tgt: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(tgt.shape[1])
        h = self.transformer(self.embedding(src), self.embedding(tgt), tgt_mask=mask)
        return self.fc(h)


class Attention(nn.Module):
    """nanoGPT's attention; `flash=False` writes the weights out."""

    def __init__(self, width: int, heads: int, flash: bool, dropout: float) -> None:
        super().__init__()
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.heads, self.width, self.flash, self.dropout = heads, width, flash, dropout
        self.drop = nn.Dropout(dropout)
        self.bias: torch.Tensor
        self.register_buffer("bias", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, t, c = x.size()
        q, k, v = self.c_attn(x).split(self.width, dim=2)
        k = k.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        q = q.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        v = v.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        if self.flash:
            y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout, is_causal=True)
        else:
            att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            att = att.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf"))
            y = self.drop(F.softmax(att, dim=-1)) @ v
        y = y.transpose(1, 2).contiguous().view(b, t, c)
        return self.drop(self.c_proj(y))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, flash: bool, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, flash, dropout)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        return x  # noqa: RET504


class NanoGPT(nn.Module):
    """A decoder whose head is its embedding, with the loss inside as nanoGPT has it."""

    def __init__(self, flash: bool, dropout: float = 0.0, tied: bool = True) -> None:
        super().__init__()
        self.wte = nn.Embedding(200, 48)
        self.wpe = nn.Embedding(64, 48)
        self.h = nn.ModuleList(Block(48, 4, flash, dropout) for _ in range(3))
        self.ln_f = nn.LayerNorm(48)
        self.lm_head = nn.Linear(48, 200, bias=False)
        if tied:
            self.lm_head.weight = self.wte.weight

    def forward(self, ids: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return {"logits": logits, "loss": loss}


class LowRank(nn.Module):
    """A frozen linear layer with a trained product of two thin ones beside it."""

    def __init__(self, base: nn.Linear, rank: int, dropout: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.a = nn.Linear(base.in_features, rank, bias=False)
        self.b = nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + self.b(self.a(self.dropout(x))) * 2.0


def low_rank(dropout: float) -> nn.Module:
    model = NanoGPT(True, tied=False).requires_grad_(False)
    for block in model.h:
        assert isinstance(block, Block)
        block.attn.c_attn = LowRank(block.attn.c_attn, 4, dropout)
        block.attn.c_proj = LowRank(block.attn.c_proj, 4, dropout)
    return model


class MixtureBlock(nn.Module):
    """Every token through every expert, weighted: no size depends on data."""

    def __init__(self, width: int = 32, experts: int = 4) -> None:
        super().__init__()
        self.router = nn.Linear(width, experts)
        self.w1 = nn.Parameter(torch.randn(experts, width, 2 * width) * 0.1)
        self.w2 = nn.Parameter(torch.randn(experts, 2 * width, width) * 0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores, chosen = self.router(x).softmax(-1).topk(2, dim=-1)
        weights = torch.zeros_like(scores).new_zeros(*x.shape[:-1], len(self.w1))
        weights = weights.scatter(-1, chosen, scores)
        h = F.gelu(torch.einsum("bsd,edh->bseh", x, self.w1), approximate="tanh")
        y = torch.einsum("bseh,ehd->bsed", h, self.w2)
        return x + (y * weights.unsqueeze(-1)).sum(dim=2)


LM = {"ids": "i64[B, S]", "targets": "i64[B, S]"}
RATED = {"user": "i64[B]", "item": "i64[B]", "tags": "i64[B, 5]", "rating": "f32[B]"}
PAIR = ({"B": 2, "S": 16, "T": 12}, {"B": 4, "S": 32, "T": 20}, {"B": 3, "S": 25, "T": 9})
SIGNAL = {"input": "f32[B, 16, S]"}
WIDE = {"input": "f32[B, S, 32]"}

MODELS = [
    TorchModel("mlp", "mlp", mlp, {"input": "f32[N, 64]"}, batches(8, 64, 17)),
    TorchModel("mlp-norms", "mlp", mlp_norms, {"input": "f32[N, 64]"}, batches(8, 64, 17)),
    TorchModel("recommender", "mlp", Recommender, RATED, ({"B": 8}, {"B": 32}, {"B": 13}), 100),
    TorchModel("lstm", "recurrent", partial(Recurrent, nn.LSTM, 2, False), TOKENS, TEXT, 100),
    TorchModel("lstm-both", "recurrent", partial(Recurrent, nn.LSTM, 1, True), TOKENS, TEXT, 100),
    TorchModel("gru", "recurrent", partial(Recurrent, nn.GRU, 1, False), TOKENS, TEXT, 100),
    TorchModel("rnn", "recurrent", partial(Recurrent, nn.RNN, 1, False), TOKENS, TEXT, 100),
    TorchModel("text-cnn", "cnn", TextCNN, TOKENS, TEXT, 100),
    TorchModel(
        "wavenet",
        "audio",
        lambda: nn.Sequential(CausalConv(16, 1), CausalConv(16, 2), CausalConv(16, 4)),
        SIGNAL,
        TEXT,
    ),
    TorchModel("mixer", "vision", Mixer, {"x": "f32[N, 3, 32, 32]"}, batches(2, 8, 5)),
    TorchModel("encoder", "encoder", partial(Encoder, False, "relu", 0.1), TOKENS, TEXT, 100),
    TorchModel("prenorm", "encoder", partial(Encoder, True, "gelu", 0.0), TOKENS, TEXT, 100),
    TorchModel("seq2seq", "encoder-decoder", Seq2Seq, {"src": "i64[B, S]", "tgt": "i64[B, T]"},
               PAIR, 100),
    TorchModel("nanogpt", "decoder", partial(NanoGPT, True), LM, TEXT, 200),
    TorchModel("nanogpt-dropout", "decoder", partial(NanoGPT, True, 0.1), LM, TEXT, 200),
    TorchModel("nanogpt-eager", "decoder", partial(NanoGPT, False, 0.1), LM, TEXT, 200),
    TorchModel("lora", "frozen", partial(low_rank, 0.0), LM, TEXT, 200),
    TorchModel("lora-dropout", "frozen", partial(low_rank, 0.05), LM, TEXT, 200),
    TorchModel("mixture-dense", "moe", MixtureBlock, {"x": WIDE["input"]}, TEXT),
]  # fmt: skip
