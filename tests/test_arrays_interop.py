"""Arrays of PyTorch and JAX, bfloat16, and anything with a buffer."""

from __future__ import annotations

import array
import ctypes
from typing import Any

import numpy as np
import pytest

import shapewright as sw
from random_layouts import same_bits

BUFFERS = [
    (b"abcd", np.frombuffer(b"abcd", "u1")),
    (bytearray(b"abcd"), np.frombuffer(b"abcd", "u1")),
    (memoryview(b"abcdefgh").cast("H", (2, 2)), np.frombuffer(b"abcdefgh", "u2").reshape(2, 2)),
    (array.array("d", [1, 2, 3]), np.array([1.0, 2, 3])),
    ((ctypes.c_int * 3)(1, 2, 3), np.array([1, 2, 3], "i4")),
    (np.float32(3), np.array(3, "f4")),
]


@pytest.mark.parametrize(("x", "want"), BUFFERS, ids=lambda v: type(v).__name__)
def test_buffers_become_numpy_arrays(x: Any, want: Any) -> None:
    y = sw.permute(x, range(want.ndim))
    assert type(y) is np.ndarray
    assert same_bits(y, want)


def test_a_subclass_gives_a_plain_array() -> None:
    class Own(np.ndarray[Any, Any]):
        pass

    x = np.arange(6).reshape(2, 3).view(Own)
    y = sw.permute(x, (1, 0))
    assert type(y) is np.ndarray
    assert (y == np.arange(6).reshape(2, 3).T).all()


def test_a_buffer_can_be_written() -> None:
    out = bytearray(6)
    sw.copy(memoryview(b"abcdef").cast("B", (2, 3)), memoryview(out).cast("B", (2, 3)))
    assert out == b"abcdef"
    with pytest.raises(sw.LayoutError, match="read-only"):
        sw.copy(bytearray(4), b"abcd")


def test_any_exporter_of_dlpack_is_read() -> None:
    class Exporter:
        def __init__(self, x: Any, version: bool) -> None:
            self.x, self.version = x, version

        def __dlpack_device__(self) -> Any:
            return self.x.__dlpack_device__()

        def __dlpack__(self, **options: Any) -> Any:
            if not self.version and options:
                raise TypeError
            return self.x.__dlpack__(**options)

    x = np.arange(24.0).reshape(2, 3, 4)[:, ::2]
    for version in (False, True):
        y: Any = sw.permute(Exporter(x, version), (2, 0, 1))
        assert same_bits(y, x.transpose(2, 0, 1))
        out = np.zeros_like(x)
        sw.copy(x, Exporter(out, version))
        assert same_bits(out, np.ascontiguousarray(x))


def test_an_array_elsewhere_is_refused() -> None:
    class Gpu:
        def __dlpack_device__(self) -> tuple[int, int]:
            return 10, 1  # not CUDA, whose arrays are moved where they are

        def __dlpack__(self, **_: Any) -> Any:
            raise AssertionError

    with pytest.raises(sw.LayoutError, match="on rocm:1") as refusal:
        sw.permute(Gpu(), (0,))
    assert refusal.value.code == "array-device"
    assert refusal.value.hint == "GPU arrays come with the [cuda] extra"


def test_bfloat16_in_numpy() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.arange(12).reshape(3, 4).astype(ml_dtypes.bfloat16)
    assert x.itemsize == 2
    assert same_bits(sw.permute(x, (1, 0)), np.ascontiguousarray(x.T))
    wide = sw.rearrange(x, "a b -> b a", dtype="f32")
    assert same_bits(wide, np.ascontiguousarray(x.T.astype("f4")))
    numbers = np.linspace(-3, 3, 12, dtype="f4").reshape(3, 4)
    narrow = sw.rearrange(numbers, "a b -> b a", dtype="bf16")
    assert same_bits(narrow, np.ascontiguousarray(numbers.T.astype(ml_dtypes.bfloat16)))
    assert same_bits(
        sw.pad_stack([narrow[0], narrow[1, :2]], fill=1.5)[1],
        np.array([*narrow[1, :2], 1.5], ml_dtypes.bfloat16),
    )


# --- PyTorch


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


TORCH_DTYPES = [
    "bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "float8_e4m3fn",
]  # fmt: skip


@pytest.mark.parametrize("name", TORCH_DTYPES)
def test_torch_tensors_stay_torch_tensors(torch: Any, name: str) -> None:
    dtype = getattr(torch, name)
    x = (torch.arange(60) % 7).to(dtype).reshape(3, 4, 5)
    y = sw.permute(x, (2, 0, 1))
    want = x.permute(2, 0, 1).contiguous()
    assert type(y) is torch.Tensor
    assert y.dtype == dtype
    assert y.is_contiguous()
    assert torch.equal(y.view(torch.uint8), want.view(torch.uint8))
    out = torch.zeros(5, 3, 4, dtype=dtype)
    assert sw.permute(x, (2, 0, 1), out=out) is out
    assert torch.equal(out.view(torch.uint8), want.view(torch.uint8))
    strided = torch.zeros(4, 5, 3, dtype=dtype).permute(1, 2, 0)
    sw.permute(x, (2, 0, 1), out=strided)
    assert torch.equal(strided.contiguous().view(torch.uint8), want.view(torch.uint8))


def test_torch_results_of_any_size(torch: Any) -> None:
    for shape in [(0, 3), (1, 1), (700, 1000), (3, 400_000)]:
        x = torch.rand(shape)
        y = sw.permute(x, (1, 0))
        assert torch.equal(y, x.T)
        y.add_(1)  # it is ours to write
        assert torch.equal(y, x.T + 1)


@pytest.mark.parametrize("to", ["uint8", "int32", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("source", ["uint8", "int64", "float16", "bfloat16", "float32"])
def test_torch_casts(torch: Any, source: str, to: str) -> None:
    x = (torch.arange(60).reshape(4, 15) / 7).to(getattr(torch, source))
    dtype = getattr(torch, to)
    for given in (dtype, to):
        y = sw.rearrange(x, "a (b c) -> c b a", b=3, dtype=given)
        assert torch.equal(y, x.reshape(4, 3, 5).permute(2, 1, 0).to(dtype))


def test_torch_scale_and_many(torch: Any) -> None:
    x = torch.arange(24, dtype=torch.uint8).reshape(2, 3, 4)
    scale = torch.tensor([1.0, 2, 3]).bfloat16()
    y = sw.rearrange(x, "a c b -> a b c", dtype="f32", scale=scale, bias=torch.tensor(0.5))
    assert torch.equal(y, x.permute(0, 2, 1) * scale.float() + 0.5)
    z = sw.normalize_images(x[None, :, :, :3].contiguous(), 0.5, 0.25, dtype=torch.bfloat16)
    assert z.dtype == torch.bfloat16
    assert z.shape == (1, 3, 2, 3)
    batch = sw.pad_stack([x[0], x[1, :2]], fill=9)
    assert type(batch) is torch.Tensor
    assert batch[1, 2].tolist() == [9] * 4
    half = sw.pad_stack([torch.ones(2).bfloat16(), torch.ones(1).bfloat16()], fill=-1.5)
    assert half[1].tolist() == [1, -1.5]
    assert [t.tolist() for t in sw.unpad_stack(half, [2, 1])] == [[1, 1], [1]]
    assert torch.equal(sw.lazy(x).flip(0).run(), x.flip(0))


def test_torch_and_numpy_mix(torch: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    out = np.zeros((3, 2), "f4")
    assert sw.permute(x, (1, 0), out=out) is out
    assert (out == x.T.numpy()).all()
    with pytest.raises(sw.OverlapError):
        sw.copy(x, x.numpy()[::-1])


def test_torch_gradients_are_not_lost_silently(torch: Any) -> None:
    x = torch.ones(2, 3, requires_grad=True)
    for call in (lambda: sw.permute(x, (1, 0)), lambda: sw.copy(torch.zeros(2, 3), x)):
        with pytest.raises(sw.LayoutError) as refusal:
            call()
        assert refusal.value.code == "array-grad"
    with torch.no_grad():
        y = sw.permute(x, (1, 0))
        sw.copy(torch.zeros(2, 3), x)
    assert not y.requires_grad
    assert not x.any()
    assert torch.equal(sw.permute(torch.nn.Parameter(x).detach(), (1, 0)), x.T)


def test_autograd_notices_that_an_out_was_written(torch: Any) -> None:
    w = torch.ones(3)
    x = torch.ones(3, requires_grad=True)
    y = (x * w).sum()
    sw.copy(torch.zeros(3), w)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_torch_tensors_without_plain_numbers_are_refused(torch: Any) -> None:
    z = torch.ones(2, 3, dtype=torch.complex64).conj()
    for x in (z, z.imag, torch.ones(2, 3, device="meta"), torch.ones(2, 3).to_sparse()):
        with pytest.raises(sw.LayoutError) as refusal:
            sw.permute(x, (1, 0))
        assert refusal.value.code in {"array-kind", "array-device"}


# --- JAX


@pytest.fixture(scope="module")
def jax() -> Any:
    return pytest.importorskip("jax")


@pytest.mark.parametrize(
    "name", ["bool", "uint8", "int32", "float16", "bfloat16", "float32", "complex64"]
)
def test_jax_arrays_stay_jax_arrays(jax: Any, name: str) -> None:
    x = (jax.numpy.arange(60) % 7).astype(name).reshape(3, 4, 5)
    y = sw.permute(x, (2, 0, 1))
    assert isinstance(y, jax.Array)
    assert y.dtype == x.dtype
    assert (y == x.transpose(2, 0, 1)).all()


def test_jax_results(jax: Any) -> None:
    x = jax.jit(lambda a: a @ a)(jax.numpy.ones((900, 900)))  # may still be running
    assert (sw.permute(x, (1, 0)) == 900).all()
    y = sw.rearrange(x[:6, :4], "a b -> (b a)", dtype=jax.numpy.bfloat16, scale=0.5)
    assert y.dtype == jax.numpy.bfloat16
    assert (y == 450).all()


def test_jax_arrays_are_read_only(jax: Any) -> None:
    x = np.zeros((2, 3), "f4")
    y = jax.numpy.ones((2, 3))
    with pytest.raises(sw.LayoutError) as refusal:
        sw.copy(x, y)
    assert refusal.value.code == "out-read-only"
    assert (y == 1).all()
    sw.copy(y, x)
    assert (x == 1).all()


def test_jax_tracers_are_refused(jax: Any) -> None:
    with pytest.raises(sw.LayoutError) as refusal:
        jax.jit(lambda x: sw.permute(x, (1, 0)))(jax.numpy.ones((2, 3)))
    assert refusal.value.code == "array-kind"
