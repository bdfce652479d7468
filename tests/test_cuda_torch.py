"""PyTorch: operators for compile and export, on real CPU tensors; tensors of a simulated GPU."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import shapewright as sw

pytest.importorskip("numba")

from cuda_simulated import Simulated, simulated_gpu
from shapewright.cuda import view
from shapewright.integrations import torch_ops

torch = pytest.importorskip("torch")

STREAM = 77
torch_ops.register()


def test_operators_are_what_torch_demands() -> None:
    x = torch.rand(2, 6, 5, requires_grad=True)
    torch.library.opcheck(torch.ops.shapewright.permute.default, (x, [2, 0, 1]))
    arguments = (x, "a (b c) d -> a d c b", ["b"], [2])
    torch.library.opcheck(torch.ops.shapewright.rearrange.default, arguments)


def test_operators_compile_and_export() -> None:
    class Model(torch.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: Any) -> Any:
            return torch_ops.rearrange(torch_ops.permute(x + 1, (0, -1, 1)), "a b c -> a (b c)")

    x = torch.rand(2, 3, 4)
    want = (x + 1).permute(0, 2, 1).reshape(2, 12)
    model = Model()
    assert torch.equal(model(x), want)
    assert torch.equal(torch.compile(model, backend="aot_eager", fullgraph=True)(x), want)
    assert torch.equal(torch.export.export(model, (x,)).module()(x), want)


def test_gradients() -> None:
    x = torch.rand(2, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: torch_ops.permute(x, (2, 0, 1)), (x,))
    pattern = "a (b c) d -> (d a) c b"
    assert torch.autograd.gradcheck(lambda x: torch_ops.rearrange(x, pattern, b=2), (x,))


class OnGpu(torch.Tensor):  # type: ignore[misc,name-defined]
    """A tensor in the machine's memory that says it is on a GPU."""

    is_cuda = True

    @property
    def device(self) -> Any:
        return SimpleNamespace(index=0)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulated]:
    monkeypatch.setattr(torch._C, "_cuda_getCurrentRawStream", lambda _: STREAM, raising=False)
    with simulated_gpu() as simulated:

        def make(like: Any, shape: tuple[int, ...], item: Any) -> Any:
            dtype = getattr(torch, view.TORCH_NAMES[item.name])
            return tensor(simulated, torch.zeros(shape, dtype=dtype))

        monkeypatch.setitem(view.MAKERS, "torch", make)
        yield simulated


def tensor(gpu: Simulated, values: Any) -> Any:
    memory = gpu.take(values.numel() * values.element_size())
    made = torch.from_numpy(memory).view(values.dtype).view(values.shape)
    made.copy_(values)
    return made.as_subclass(OnGpu)


def plain(x: Any) -> Any:
    return x.as_subclass(torch.Tensor)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.uint8, torch.complex64])
def test_tensors_of_a_gpu(gpu: Simulated, dtype: Any) -> None:
    values = torch.arange(40 * 24).reshape(40, 24).to(dtype)
    x = tensor(gpu, values)
    out = tensor(gpu, torch.zeros(24, 40, dtype=dtype))
    assert sw.permute(x, (1, 0), out=out) is out
    assert torch.equal(plain(out), values.t())
    assert view.read(x).stream == STREAM
    sliced = x[::2, 3:]
    result = tensor(gpu, torch.zeros(21, 20, dtype=dtype))
    sw.rearrange(sliced, "a b -> b a", out=result)
    assert torch.equal(plain(result), values[::2, 3:].t())


def test_images_to_bf16(gpu: Simulated) -> None:
    values = torch.randint(0, 256, (2, 32, 16, 3), dtype=torch.uint8)
    got = sw.normalize_images(tensor(gpu, values), 0.5, 0.25, dtype="bf16")
    want = sw.normalize_images(values, 0.5, 0.25, dtype="bf16")
    assert torch.equal(plain(got), want)
    assert gpu.launched == ["image_2_3"]


def test_what_is_refused(gpu: Simulated) -> None:
    x = tensor(gpu, torch.zeros(4, 4))
    rows: tuple[tuple[str, Any], ...] = (
        ("array-grad", lambda: sw.permute(x.requires_grad_(), (1, 0))),
        ("array-device", lambda: sw.copy(tensor(gpu, torch.zeros(3)), torch.zeros(3))),
        ("array-device", lambda: sw.copy(tensor(gpu, torch.zeros(3)), np.zeros(3, "f4"))),
    )
    for code, call in rows:
        with pytest.raises(sw.LayoutError) as refusal:
            call()
        assert refusal.value.code == code
    assert not gpu.launched
