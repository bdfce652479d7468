"""The kernel of scaled_dot_product_attention that PyTorch chooses."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

KERNELS = {0: "math", 1: "flash", 2: "efficient", 3: "cudnn"}  # torch.nn.attention.SDPBackend


class Attention(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def forward(self, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        attend = nn.functional.scaled_dot_product_attention
        return attend(q, k, v, attn_mask=mask, **self.options)


def chosen(inputs: dict[str, str], options: dict[str, Any], **asked: Any) -> str:
    report = sw.check(Attention(**options), inputs, mode="train", **asked)
    return next(layer.kernel for layer in report.at().layers if layer.kernel)


def qkv(dtype: str = "f32", heads: int = 4, q: int = 16, k: int = 16, dim: int = 8) -> Any:
    keys = f"{dtype}[2, {heads}, {k}, {dim}]"
    return {"q": f"{dtype}[2, 4, {q}, {dim}]", "k": keys, "v": keys}


SAME = qkv()
ON_CPU: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
    (SAME, {}),
    (SAME, {"dropout_p": 0.5}),
    (SAME, {"is_causal": True}),
    (qkv(k=24), {"is_causal": True}),
    (qkv("bf16"), {}),
    (qkv(heads=2), {"enable_gqa": True}),
    ({**SAME, "v": "f32[2, 4, 16, 12]"}, {}),
    ({name: text.replace("2, 4", "4") for name, text in SAME.items()}, {}),
    ({**SAME, "mask": "f32[16, 16]"}, {}),
    ({**SAME, "mask": "bool[2, 1, 16, 16]"}, {}),
    ({**SAME, "mask": "f32[1, 16, 16]"}, {}),
    ({**SAME, "mask": "f32[2, 4, 1, 16]"}, {}),
)


@pytest.mark.parametrize(("inputs", "options"), ON_CPU)
def test_on_a_cpu_as_pytorch_says(inputs: dict[str, str], options: dict[str, Any]) -> None:
    dtypes = {"f32": torch.float32, "bf16": torch.bfloat16, "bool": torch.bool}
    tensors = {}
    for name, text in inputs.items():
        dtype, _, dims = text.rstrip("]").partition("[")
        tensors[name] = torch.ones([int(dim) for dim in dims.split(",")], dtype=dtypes[dtype])
    mask = tensors.pop("mask", None)
    choice = torch._fused_sdp_choice(*tensors.values(), mask, **options)
    assert chosen(inputs, options, profile="torch-cpu") == KERNELS[choice]


HALF, WIDE = qkv("bf16", dim=64), qkv("bf16", dim=224)
MASK = {"mask": "bf16[16, 16]"}
# Read off the conditions in PyTorch's source; there is no GPU to ask.
ON_CUDA: tuple[tuple[str | None, dict[str, str], dict[str, Any], str], ...] = (
    (None, HALF, {}, "flash"),
    (None, qkv("f32", dim=64), {}, "efficient"),
    (None, {**HALF, **MASK}, {}, "efficient"),
    (None, qkv("bf16", dim=20), {}, "flash"),
    (None, {**qkv("bf16", dim=20), **MASK}, {}, "math"),
    (None, qkv("f32", dim=20), {}, "efficient"),
    (None, qkv("f32", dim=18), {}, "math"),
    (None, qkv("bf16", heads=2, dim=64), {"enable_gqa": True}, "flash"),
    (None, qkv("f32", heads=2, dim=64), {"enable_gqa": True}, "math"),
    (None, qkv("bf16", k=24, dim=64), {"is_causal": True}, "efficient"),
    (None, qkv("f64", dim=64), {}, "math"),
    (None, qkv("bf16", dim=264), {}, "efficient"),
    ("h100-80gb", HALF, {}, "cudnn"),
    ("h100-80gb", {**HALF, **MASK}, {}, "cudnn"),
    ("h100-80gb", HALF, {"dropout_p": 0.1}, "flash"),
    ("h100-80gb", qkv("f32", dim=64), {}, "efficient"),
    ("h100-80gb", WIDE, {}, "flash"),
    ("rtx-4090", HALF, {}, "flash"),
    ("v100-16gb", qkv("f16", dim=64), {}, "efficient"),
    ("v100-16gb", HALF, {}, "math"),
)


@pytest.mark.parametrize(("device", "inputs", "options", "kernel"), ON_CUDA)
def test_on_a_gpu(
    device: str | None, inputs: dict[str, str], options: dict[str, Any], kernel: str
) -> None:
    assert chosen(inputs, options, device=device) == kernel


def test_small_chips_do_not_train_wide_heads_with_flash() -> None:
    class Projected(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.to_q = nn.Linear(224, 224, bias=False).bfloat16()

        def forward(self, q: Any, k: Any, v: Any) -> Any:
            return nn.functional.scaled_dot_product_attention(self.to_q(q), k, v)

    for mode, kernel in (("train", "efficient"), ("infer", "flash")):
        report = sw.check(Projected(), WIDE, mode=mode, device="rtx-4090")
        assert [x.kernel for x in report.at().layers if x.kernel] == [kernel]


def test_a_mask_is_kept_in_rows_of_eight() -> None:
    """Rows of 20 are copied to rows of 24; rows of 16 stand as they are, if sizes are open too."""
    inputs = dict.fromkeys(("q", "k", "v"), "f32[2, 4, L, 64]")
    report = sw.check(Attention(), {**inputs, "mask": "f32[L, L]"}, mode="infer")
    at = {size: report.at(L=size) for size in (16, 20)}
    made = {
        size: [e.bytes for e in bound.timeline.events if e.action == "alloc" and e.step == 0]
        for size, bound in at.items()
    }
    assert made[20][-1] == 2048  # 4 * 20 * 24, in blocks of 512
    assert made[16][-1] == 0


def test_the_report_names_it() -> None:
    report = sw.check(Attention(), SAME, profile="torch-cpu")
    assert "attention  kernel flash in 1 calls" in str(report)
    assert report.to_dict()["memory"]["layers"][0]["kernel"] == "flash"


class TestAsked:
    """`attention` names the kernel that is to run; one that does not take the call is not run."""

    @pytest.mark.parametrize("kernel", ["flash", "efficient", "math"])
    def test_it_runs(self, kernel: str) -> None:
        assert chosen(qkv("f16"), {}, profile="torch-cuda", attention=kernel) == kernel

    def test_it_does_not_take_the_call(self) -> None:
        assert chosen(qkv("f32"), {}, profile="torch-cuda", attention="flash") == "efficient"

    def test_what_if_ranks_those_that_pytorch_would_not_choose(self) -> None:
        inputs = qkv("f16", q=512, k=512, dim=64)
        table = sw.check(Attention(), inputs, mode="train", device="a100-40gb").what_if()
        found = {c.name: c for c in table.changes if "attention" in c.name}
        assert set(found) == {"efficient attention", "math attention"}
        assert found["math attention"].saves < 0
        assert found["math attention"].how == "sdpa_kernel(SDPBackend.MATH)"

    def test_no_kernel_of_that_name(self) -> None:
        with pytest.raises(sw.ShapewrightError, match="attention 'flesh'"):
            chosen(qkv(), {}, attention="flesh")
