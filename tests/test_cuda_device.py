"""The public calls on arrays of a real GPU, against NumPy; skipped where there is none.

The other tests of `shapewright.cuda` run its kernels on the CPU. These meet the driver, the
frameworks' own arrays, streams and CUDA graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)
pytest.importorskip("cuda.core")

# The compilers and frameworks of a machine with a GPU warn of each other's age.
pytestmark = pytest.mark.filterwarnings("default")

DTYPES = ("uint8", "int16", "float16", "float32", "float64", "complex128")
SHAPE = (4, 33, 64, 3)
AXES = ((0, 3, 1, 2), (3, 2, 1, 0), (1, 0, 3, 2), (2, 0, 1, 3))


def random_tensor(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    size = np.dtype(dtype).itemsize * int(np.prod(shape))
    raw = torch.from_numpy(rng.integers(0, 256, size, dtype=np.uint8)).cuda()
    return raw.view(getattr(torch, dtype)).view(shape)


def same_bits(got: Any, want: Any) -> bool:
    got, want = got.cpu().contiguous(), want.cpu().contiguous()
    return bool(got.shape == want.shape and got.numpy().tobytes() == want.numpy().tobytes())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axes", AXES)
def test_permute(axes: tuple[int, ...], dtype: str) -> None:
    x = random_tensor(SHAPE, dtype)
    assert same_bits(sw.permute(x, axes), x.permute(axes))


def test_random_layouts() -> None:
    """Views with steps, offsets, flips of axes by permuting, broadcasts: the bits of PyTorch."""
    rng = np.random.default_rng(5)
    for case in range(300):
        rank = int(rng.integers(1, 7))
        shape = tuple(int(n) for n in rng.integers(1, 14, rank))
        x = random_tensor(shape, DTYPES[case % len(DTYPES)], case)
        for axis in range(rank):
            step = int(rng.integers(1, 4))
            x = x.narrow(axis, 0, x.shape[axis])[(slice(None),) * axis + (slice(None, None, step),)]
        if rng.random() < 0.3:
            x = x.unsqueeze(0).expand(3, *x.shape)
        axes = tuple(int(a) for a in rng.permutation(x.dim()))
        assert same_bits(sw.permute(x, axes), x.permute(axes)), (case, shape, axes)


def test_what_lies_around_a_result_stays() -> None:
    base = torch.full((40, 50), 7.0, device="cuda")
    x = torch.arange(20 * 30, device="cuda", dtype=torch.float32).view(30, 20)
    out = base[10:30, 5:35]
    assert sw.permute(x, (1, 0), out=out) is out
    want = torch.full((40, 50), 7.0)
    want[10:30, 5:35] = x.t().cpu()
    assert torch.equal(base.cpu(), want)


@pytest.mark.parametrize("dst", ["f16", "bf16", "f64", "u8", "i32"])
def test_casts_and_scales(dst: str) -> None:
    x = torch.rand(3, 50, 41, 4, device="cuda") * 100
    name = {"f16": "float16", "bf16": "bfloat16", "f64": "float64", "u8": "uint8", "i32": "int32"}
    got = sw.rearrange(x, "n h w c -> n c h w", dtype=dst)
    want = x.permute(0, 3, 1, 2).to(getattr(torch, name[dst]))
    assert torch.equal(got, want)
    if dst != "bf16":
        scaled = sw.rearrange(x, "n h w c -> n c h w", dtype=dst, scale=0.5, bias=1.0)
        on_cpu = sw.rearrange(x.cpu(), "n h w c -> n c h w", dtype=dst, scale=0.5, bias=1.0)
        assert same_bits(scaled, on_cpu)


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32"])
@pytest.mark.parametrize("shape", [(4, 64, 96, 3), (3, 31, 17, 3), (2, 80, 80, 4)])
def test_images(shape: tuple[int, ...], dtype: str) -> None:
    x = random_tensor(shape, "uint8")
    mean, std = [0.4, 0.5, 0.6, 0.7][: shape[-1]], [0.2, 0.25, 0.3, 0.35][: shape[-1]]
    got = sw.normalize_images(x, mean, std, dtype=dtype)
    want = sw.normalize_images(x.cpu(), mean, std, dtype=dtype)
    assert torch.equal(got.cpu().view(torch.uint8), want.view(torch.uint8))


def test_many() -> None:
    xs = [random_tensor((n, 70 - n), "float32", n) for n in range(1, 70)]
    for got, x in zip(sw.rearrange_many(xs, "a b -> b a"), xs, strict=True):
        assert same_bits(got, x.t())
    halves = sw.rearrange_many([x.half() for x in xs], "a b -> b a", dtype="f32")
    for got, x in zip(halves, xs, strict=True):
        assert torch.equal(got.nan_to_num(), x.half().float().t().nan_to_num())


def test_ragged_batches() -> None:
    xs = [random_tensor((n, 24, 3), "uint8", n) for n in (5, 40, 1, 17)]
    batch = sw.pad_stack(xs, fill=9)
    want = torch.nn.utils.rnn.pad_sequence(xs, batch_first=True, padding_value=9)
    assert torch.equal(batch, want)
    for got, x in zip(sw.unpad_stack(batch, [5, 40, 1, 17]), xs, strict=True):
        assert torch.equal(got, x)


def test_more_items_than_31_bits_count() -> None:
    if torch.cuda.mem_get_info()[0] < 24 << 30:
        pytest.skip("too little memory")
    x = torch.randint(0, 256, (3, 1 << 30), dtype=torch.uint8, device="cuda")
    assert torch.equal(sw.permute(x, (1, 0)), x.t().contiguous())
    wide = x.view(3, 1 << 15, 1 << 15)
    assert torch.equal(sw.permute(wide, (0, 2, 1)), wide.permute(0, 2, 1).contiguous())


def test_side_streams_are_followed() -> None:
    x = torch.rand(2000, 3000, device="cuda")
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        torch.cuda._sleep(20_000_000)
        x.mul_(2)
        y = sw.permute(x, (1, 0))
    stream.synchronize()
    assert torch.equal(y, x.t())


@pytest.mark.parametrize("kind", ["permute", "cast", "images"])
def test_calls_are_captured_in_a_graph(kind: str) -> None:
    x = torch.randint(0, 256, (4, 64, 96, 3), dtype=torch.uint8, device="cuda")
    out = torch.empty(4, 3, 64, 96, device="cuda", dtype=torch.float32)
    same = torch.empty(4, 3, 64, 96, device="cuda", dtype=torch.uint8)

    def call() -> Any:
        if kind == "permute":
            return sw.permute(x, (0, 3, 1, 2), out=same)
        if kind == "cast":
            return sw.rearrange(x, "n h w c -> n c h w", dtype="f32", out=out)
        return sw.normalize_images(x, [0.5] * 3, [0.25] * 3, out=out)

    call()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()
    x.copy_(torch.randint(0, 256, x.shape, dtype=torch.uint8, device="cuda"))
    result.zero_()
    graph.replay()
    torch.cuda.synchronize()
    replayed = result.clone()
    call()
    torch.cuda.synchronize()
    assert torch.equal(replayed, result)
    assert replayed.count_nonzero() > 0


def test_graphs_and_batches_refuse_each_other() -> None:
    xs = [torch.rand(8, 8, device="cuda") for _ in range(3)]
    sw.rearrange_many(xs, "a b -> b a")
    graph = torch.cuda.CUDAGraph()
    with pytest.raises(sw.LayoutError), torch.cuda.graph(graph):
        sw.rearrange_many(xs, "a b -> b a")


def test_operators_compile() -> None:
    from shapewright.integrations import torch_ops

    torch_ops.register()
    x = torch.rand(8, 30, 40, device="cuda", requires_grad=True)
    run = torch.compile(lambda t: torch_ops.permute(t, (2, 0, 1)) * 2, fullgraph=True)
    y = run(x)
    assert torch.equal(y, x.detach().permute(2, 0, 1) * 2)
    y.sum().backward()
    assert torch.equal(x.grad, torch.full_like(x, 2))


def test_arrays_of_cupy() -> None:
    cupy = pytest.importorskip("cupy")
    x = cupy.arange(24 * 50, dtype=cupy.float32).reshape(24, 50)
    y = sw.permute(x, (1, 0))
    assert isinstance(y, cupy.ndarray)
    assert bool((y == x.T).all())
    flipped = sw.permute(x[::-1], (1, 0))
    assert bool((flipped == x[::-1].T).all())


def test_arrays_of_jax() -> None:
    jax = pytest.importorskip("jax")
    if jax.default_backend() != "gpu":
        pytest.skip("JAX has no GPU here")
    x = jax.numpy.arange(24 * 50, dtype=jax.numpy.float32).reshape(24, 50)
    out = torch.empty(50, 24, device="cuda")
    sw.permute(x, (1, 0), out=out)
    assert np.array_equal(out.cpu().numpy(), np.asarray(x).T)


def test_arrays_of_numba() -> None:
    cuda = pytest.importorskip("numba.cuda")
    x = np.arange(24 * 50, dtype=np.float32).reshape(24, 50)
    y = sw.permute(cuda.to_device(x), (1, 0))
    assert np.array_equal(y.copy_to_host(), x.T)


def test_an_array_of_the_machine_is_refused_beside_one_of_the_gpu() -> None:
    with pytest.raises(sw.LayoutError, match="not on a GPU"):
        sw.permute(torch.rand(3, 4, device="cuda"), (1, 0), out=torch.empty(4, 3))
