"""Attention and encoder layers in evaluation: what their native kernels take, held to real runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import shapewright as sw
from torch_oracles.live import live_truth
from torch_oracles.processor import has_modelled_kernels

WIDTH, HEADS = 16, 4
NATIVE = ("_transformer_encoder_layer_fwd", "_native_multi_head_attention")
SIZES = ((2, 12), (4, 40))


class Attention(nn.Module):  # type: ignore[misc]
    def __init__(self, heads: int = HEADS, weights: bool = False, average: bool = True) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, heads, batch_first=True)
        self.asked = {"need_weights": weights, "average_attn_weights": average}

    def forward(
        self,
        x: torch.Tensor,
        padding: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        out = self.attention(x, x, x, key_padding_mask=padding, attn_mask=mask, **self.asked)
        return out[0]


class Encoder(nn.Module):  # type: ignore[misc]
    def __init__(self, nested: bool = False, hidden: int = 32, heads: int = HEADS, **how: object):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, heads, hidden, batch_first=True, **how)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=nested)

    def forward(
        self,
        x: torch.Tensor,
        padding: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return self.encoder(x, mask=mask, src_key_padding_mask=padding)


@dataclass(frozen=True)
class Row:
    name: str
    build: Callable[[], nn.Module]
    masks: dict[str, str] = field(default_factory=dict)
    is_native: bool = True


PADDING, MASK, FLOATS = {"padding": "bool[B, S]"}, {"mask": "bool[S, S]"}, {"mask": "f32[S, S]"}
ROWS = [
    Row("attention", Attention),
    Row("attention, mean weights", lambda: Attention(weights=True)),
    Row("attention, all weights", lambda: Attention(weights=True, average=False)),
    Row("attention, mask", Attention, MASK),
    Row("attention, padding", Attention, PADDING),
    Row("attention, both", Attention, PADDING | MASK),
    Row("attention, floating mask", Attention, FLOATS, is_native=False),
    Row("attention, odd heads", lambda: Attention(heads=1), is_native=False),
    Row("encoder", Encoder),
    Row("encoder, wide", lambda: Encoder(hidden=256)),
    Row("encoder, norm first", lambda: Encoder(norm_first=True, activation="gelu")),
    Row("encoder, mask", Encoder, MASK),
    Row("encoder, floating mask", Encoder, FLOATS),
    Row("encoder, padding", Encoder, PADDING),
    Row("encoder, both", Encoder, PADDING | MASK),
    Row("encoder, both, nested", lambda: Encoder(nested=True), PADDING | MASK),
    Row("encoder, another activation", lambda: Encoder(activation=torch.tanh)),
    Row("encoder, without bias", lambda: Encoder(bias=False), is_native=False),
    Row("encoder, odd heads", lambda: Encoder(heads=1), is_native=False),
]


def texts_of(row: Row, dtype: str) -> dict[str, str]:
    masks = {name: text.replace("f32", dtype) for name, text in row.masks.items()}
    return {"x": f"{dtype}[B, S, {WIDTH}]", **masks}


def tensors_of(row: Row, batch: int, length: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """A batch that its masks hide nothing of."""
    made = {"x": torch.ones(batch, length, WIDTH, dtype=dtype)}
    for name, text in row.masks.items():
        shape = (batch if name == "padding" else length, length)
        made[name] = torch.zeros(shape, dtype=torch.bool if text.startswith("bool") else dtype)
    return made


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_peak_is_that_of_a_run(row: Row, dtype: str) -> None:
    if dtype == "bf16" and not has_modelled_kernels():
        pytest.skip("other kernels")
    kind = torch.float32 if dtype == "f32" else torch.bfloat16
    model = row.build().eval().to(kind)
    report = sw.check(model, texts_of(row, dtype), profile="torch-cpu")
    assert any(node.op.startswith(NATIVE) for node in report.graph.nodes) == row.is_native
    for batch, length in SIZES:
        truth = live_truth(model, tensors_of(row, batch, length, kind))
        assert report.at(B=batch, S=length).peak.live == truth.peak
        assert truth.attributed


def test_training_and_autocast_take_the_ordinary_path() -> None:
    inputs = {"x": f"f32[B, S, {WIDTH}]"}
    asked = [
        sw.check(Encoder(), inputs, mode="train", optimizer="sgd"),
        sw.check(Encoder().eval(), inputs, mode="train", optimizer="sgd"),
        sw.check(Encoder(), inputs),
        sw.check(Encoder().eval(), inputs, precision="bf16-amp"),
    ]
    for report in asked:
        assert not any(node.op.startswith(NATIVE) for node in report.graph.nodes)


def test_a_frozen_encoder_in_evaluation_is_native_in_training() -> None:
    model = nn.Sequential(Encoder().eval().requires_grad_(False), nn.Linear(WIDTH, 2))
    report = sw.check(model, f"f32[B, S, {WIDTH}]", mode="train", optimizer="sgd")
    assert sum(node.op.startswith(NATIVE) for node in report.graph.nodes) == 2


def test_what_pytorch_looks_at_is_looked_at() -> None:
    inputs = f"f32[B, S, {WIDTH}]"

    def is_native(model: nn.Module) -> bool:
        report = sw.check(model.eval(), inputs)
        return any(node.op.startswith(NATIVE) for node in report.graph.nodes)

    hooked = Encoder()
    for layer in hooked.encoder.layers:
        layer.linear1.register_forward_hook(lambda *_: None)
    report = sw.check(hooked.eval(), inputs)
    found = {node.op for node in report.graph.nodes if node.op.startswith(NATIVE)}
    assert found == {"_native_multi_head_attention.default"}
    with torch.device("meta"):
        on_meta = Encoder()
    assert is_native(on_meta)
    assert {p.device.type for p in on_meta.parameters()} == {"meta"}
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        assert not is_native(Encoder())
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    assert is_native(Encoder())


def test_nothing_is_left_changed() -> None:
    from torch.nn.modules import activation

    before = torch.overrides.has_torch_function, activation._is_make_fx_tracing
    sw.check(Encoder().eval(), f"f32[B, S, {WIDTH}]")
    assert (torch.overrides.has_torch_function, activation._is_make_fx_tracing) == before


def paddings(batch: int, length: int) -> Iterator[torch.Tensor]:
    """Of nothing, of one place, of rows of all lengths, of a place within."""
    kept = torch.zeros(batch, length, dtype=torch.bool)
    yield kept
    yield kept | (torch.arange(length) >= length - torch.arange(batch)[:, None].clamp(max=1))
    yield kept | (torch.arange(length) >= length - 5 * torch.arange(batch)[:, None])
    yield kept | (torch.arange(length) == 3)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:.*nested tensors:UserWarning")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("hidden", [16, 256])
def test_what_padding_leaves_has_bounds(hidden: int, dtype: torch.dtype) -> None:
    if dtype == torch.bfloat16 and not has_modelled_kernels():
        pytest.skip("other kernels")
    model = Encoder(nested=True, hidden=hidden).eval().to(dtype)
    text = "f32" if dtype == torch.float32 else "bf16"
    inputs = {"x": f"{text}[B, S, {WIDTH}]", **PADDING}
    report = sw.check(model, inputs, profile="torch-cpu")
    (note,) = (f for f in report.findings if f.code == "rows-unpadded")
    assert note.facts["symbol"] == "longest"
    for batch, length in SIZES:
        peak = report.at(B=batch, S=length).peak
        for padding in paddings(batch, length):
            x = torch.ones(batch, length, WIDTH, dtype=dtype)
            truth = live_truth(model, {"x": x, "padding": padding})
            assert peak.upper is not None
            assert peak.lower <= truth.peak <= peak.upper


def test_nested_rows_on_a_gpu_have_no_upper_bound() -> None:
    model = Encoder(nested=True).eval()
    report = sw.check(model, {"x": f"f32[B, S, {WIDTH}]", **PADDING})
    peak = report.at(B=2, S=8).peak
    assert peak.upper is None
    assert "_transformer_encoder_layer_fwd" in peak.why_bounds


def test_symbols_of_the_caller_keep_their_names() -> None:
    inputs = {"x": f"f32[longest, S, {WIDTH}]", "padding": "bool[longest, S]"}
    report = sw.check(Encoder(nested=True).eval(), inputs, profile="torch-cpu")
    (note,) = (f for f in report.findings if f.code == "rows-unpadded")
    assert note.facts["symbol"] == "longest2"
