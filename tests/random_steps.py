"""Steps of random models: each adds a node or a few that fit what is there already."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F32, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
SIZES = (1, 2, 3, 4, 5, 6, 7, 8)
MAX_ELEMENTS = 20_000


@dataclass(frozen=True)
class Tensor:
    name: str
    dtype: int
    shape: tuple[int, ...]


@dataclass
class Block:
    """Nodes being made, and the values that later ones may read."""

    make: Maker
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    def pick(self, fits: Callable[[Tensor], bool] = lambda t: True, dtype: int = F32) -> Tensor:
        """A value of the block, newer ones more often; raises IndexError if none fits."""
        found = [t for t in self.values if t.dtype == dtype and fits(t)]
        return found[max(self.make.below(len(found)), self.make.below(len(found)))]

    def constant(self, array: Any) -> str:
        name = self.make.name("k")
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, values: Iterable[int]) -> str:
        return self.constant(np.array(list(values), np.int64))

    def floats(self, shape: Sequence[int]) -> str:
        return self.constant(np.full(shape, 0.5, np.float32))

    def add(
        self, op: str, inputs: Sequence[str], shape: Sequence[int], dtype: int = F32, **attrs: Any
    ) -> Tensor:
        if int(np.prod(shape, dtype=np.int64)) > MAX_ELEMENTS:
            raise IndexError
        out = Tensor(self.make.name("v"), dtype, tuple(int(d) for d in shape))
        self.nodes.append(helper.make_node(op, list(inputs), [out.name], out.name, **attrs))
        self.values.append(out)
        return out


class Maker:
    """Random choices, and names that are used once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0
        self.functions: list[onnx.FunctionProto] = []

    def below(self, n: int) -> int:
        if n <= 0:
            raise IndexError
        return self.random.randrange(n)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def one_of(self, items: Sequence[Any]) -> Any:
        return items[self.below(len(items))]

    def name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"


Step = Callable[[Block, Maker], Any]
STEPS: list[Step] = []


def step(function: Step) -> Step:
    STEPS.append(function)
    return function


def has_rank(low: int, high: int = 99) -> Callable[[Tensor], bool]:
    return lambda t: low <= len(t.shape) <= high


@step
def unary(b: Block, m: Maker) -> None:
    x = b.pick()
    op = m.one_of(("Relu", "Neg", "Exp", "Abs", "Identity", "Sigmoid", "Erf", "Gelu", "Ceil"))
    b.add(op, [x.name], x.shape)


@step
def over_an_axis(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    op = m.one_of(("Softmax", "LogSoftmax", "LpNormalization", "Hardmax"))
    b.add(op, [x.name], x.shape, axis=m.below(2 * len(x.shape)) - len(x.shape))


@step
def binary(b: Block, m: Maker) -> None:
    x = b.pick()

    def fits(t: Tensor) -> bool:
        return all(
            p == q or 1 in (p, q) for p, q in zip(t.shape[::-1], x.shape[::-1], strict=False)
        )

    y = b.pick(fits)
    op = m.one_of(("Add", "Mul", "Sub", "Max", "Min", "Mean", "Sum", "PRelu"))
    shape = np.broadcast_shapes(x.shape, y.shape)
    if op == "PRelu" and shape != x.shape:
        op = "Add"
    b.add(op, [x.name, y.name], shape)


@step
def binary_with_constant(b: Block, m: Maker) -> None:
    x = b.pick()
    kept = [d if m.chance(50) else 1 for d in x.shape][m.below(len(x.shape) + 1) :]
    b.add("Add", [x.name, b.floats(kept)], x.shape)


@step
def matmul(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    columns = m.one_of(SIZES)
    weight = b.floats((x.shape[-1], columns))
    b.add("MatMul", [x.name, weight], (*x.shape[:-1], columns))


@step
def matmul_with_itself(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(2))
    perm = [*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2]
    t = b.add("Transpose", [x.name], [x.shape[p] for p in perm], perm=perm)
    b.add("MatMul", [x.name, t.name], (*x.shape[:-1], x.shape[-2]))


@step
def gemm(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(2, 2))
    flip, columns = m.chance(40), m.one_of(SIZES)
    rows, inner = x.shape[::-1] if flip else x.shape
    bias = b.floats(m.one_of(((columns,), (1, columns), (1,), ())))
    b.add("Gemm", [x.name, b.floats((inner, columns)), bias], (rows, columns), transA=int(flip))


@step
def einsum(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(3, 3))
    text, shape = m.one_of(
        (("bij->bji", (0, 2, 1)), ("bij->b", (0,)), ("bij->ij", (1, 2)), ("...ij->...j", (0, 2)))
    )
    b.add("Einsum", [x.name], [x.shape[i] for i in shape], equation=text)


@step
def transpose(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    perm = list(range(len(x.shape)))
    m.random.shuffle(perm)
    b.add("Transpose", [x.name], [x.shape[p] for p in perm], perm=perm)


@step
def concat(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    axis = m.below(len(x.shape))

    def fits(t: Tensor) -> bool:
        rest = [d for i, d in enumerate(t.shape) if i != axis]
        return len(t.shape) == len(x.shape) and rest == [
            d for i, d in enumerate(x.shape) if i != axis
        ]

    y = b.pick(fits)
    shape = list(x.shape)
    shape[axis] += y.shape[axis]
    b.add("Concat", [x.name, y.name], shape, axis=axis - len(shape) * m.chance(30))


@step
def flatten(b: Block, m: Maker) -> None:
    x = b.pick()
    axis = m.below(len(x.shape) + 1)
    shape = (np.prod(x.shape[:axis], dtype=int), np.prod(x.shape[axis:], dtype=int))
    b.add("Flatten", [x.name], shape, axis=axis)


@step
def slices(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    axis = m.below(len(x.shape))
    far = (0, 1, 2, 3, 5, -1, -2, -3, -9, 2**31 - 1, 2**63 - 1, -(2**63))
    start, end, by = m.one_of(far), m.one_of(far), m.one_of((1, 1, 1, 2, 3, -1, -2))
    shape = list(x.shape)
    shape[axis] = len(range(shape[axis])[slice_of(start, end, by, shape[axis])])
    lists = [b.ints([v]) for v in (start, end, axis - len(shape) * m.chance(30), by)]
    b.add("Slice", [x.name, *lists], shape)


def slice_of(start: int, end: int, by: int, size: int) -> slice:
    """What ONNX means by bounds that Python would read otherwise."""
    if by < 0 and end < -size:
        return slice(start, None, by)
    return slice(start, end, by)


@step
def gather(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    axis = m.below(len(x.shape))
    size = x.shape[axis]
    where: Any = m.one_of((0, -1, [0], [-1, 0], [[0], [0]]))
    if size == 0:
        raise IndexError
    indices = np.array(where, np.int64)
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    b.add("Gather", [x.name, b.constant(indices)], shape, axis=axis)


@step
def unsqueeze(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(0, 4))
    axis = m.below(len(x.shape) + 1)
    b.add("Unsqueeze", [x.name, b.ints([axis])], (*x.shape[:axis], 1, *x.shape[axis:]))


@step
def squeeze(b: Block, m: Maker) -> None:
    x = b.pick(lambda t: 1 in t.shape)
    axis = m.one_of([i for i, d in enumerate(x.shape) if d == 1])
    b.add("Squeeze", [x.name, b.ints([axis])], x.shape[:axis] + x.shape[axis + 1 :])


@step
def tile(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    times = [m.one_of((1, 1, 2, 3)) for _ in x.shape]
    b.add("Tile", [x.name, b.ints(times)], [d * t for d, t in zip(x.shape, times, strict=True)])


@step
def pad(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    pads = [m.one_of((0, 0, 1, 2, -1)) for _ in range(2 * len(x.shape))]
    rank = len(x.shape)
    shape = [d + pads[i] + pads[i + rank] for i, d in enumerate(x.shape)]
    if min(shape) < 0:
        raise IndexError
    b.add("Pad", [x.name, b.ints(pads)], shape)


@step
def reduce(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    axes = sorted(m.random.sample(range(len(x.shape)), m.below(len(x.shape)) + 1))
    keep = m.chance(50)
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    op = m.one_of(("ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp"))
    signed = [a - len(x.shape) * m.chance(30) for a in axes]
    b.add(op, [x.name, b.ints(signed)], shape, keepdims=int(keep))


@step
def arg_max(b: Block, m: Maker) -> None:
    x = b.pick(lambda t: len(t.shape) >= 1 and 0 not in t.shape)
    axis, keep = m.below(len(x.shape)), m.chance(50)
    shape = [1 if i == axis else d for i, d in enumerate(x.shape) if keep or i != axis]
    b.add("ArgMax", [x.name], shape, I64, axis=axis, keepdims=int(keep))


@step
def image(b: Block, m: Maker) -> None:
    """Conv and pools; on sizes that the window may not fit."""
    x = b.pick(has_rank(4, 4))
    k, s = m.one_of((1, 2, 3)), m.one_of((1, 2, 3))
    p, d = m.one_of((0, 1)), m.one_of((1, 1, 2))
    attrs: dict[str, Any] = {"strides": [s, s], "dilations": [d, d]}
    same = m.chance(25)
    up = m.chance(30)
    op = m.one_of(("Conv", "MaxPool", "AveragePool"))
    if p >= k:
        p = 0
    if same:
        attrs["auto_pad"] = m.one_of(("SAME_UPPER", "SAME_LOWER"))
    else:
        attrs["pads"] = [p] * 4
    if op != "Conv":
        attrs["kernel_shape"] = [k, k]
        attrs["ceil_mode"] = int(up and not same)
    sizes = []
    for size in x.shape[2:]:
        span = (k - 1) * d + 1
        room = size + 2 * p - span
        if size == 0 or (room < 0 and not same):
            raise IndexError
        if same:
            sizes.append(-(-size // s))
        elif op != "Conv" and up:
            count = -(-room // s) + 1
            sizes.append(count - ((count - 1) * s >= size + p))
        else:
            sizes.append(room // s + 1)
    channels = x.shape[1]
    inputs = [x.name]
    if op == "Conv":
        channels = m.one_of((1, 2, 4))
        inputs.append(b.floats((channels, x.shape[1], k, k)))
    b.add(op, inputs, (x.shape[0], channels, *sizes), **attrs)


@step
def blocks_of_depth(b: Block, m: Maker) -> None:
    x = b.pick(lambda t: len(t.shape) == 4 and t.shape[1] % 4 == 0)
    n, c, h, w = x.shape
    b.add("DepthToSpace", [x.name], (n, c // 4, h * 2, w * 2), blocksize=2)


@step
def resize(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1, 4))
    scales = [m.one_of((1.0, 2.0, 0.5, 1.5)) for _ in x.shape]
    shape = [int(np.floor(d * s)) for d, s in zip(x.shape, scales, strict=True)]
    if 0 in shape:
        raise IndexError
    b.add("Resize", [x.name, "", b.constant(np.array(scales, np.float32))], shape, mode="nearest")


@step
def normalise(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(2))
    b.add("LayerNormalization", [x.name, b.floats((x.shape[-1],))], x.shape, axis=-1)


@step
def size_of(b: Block, m: Maker) -> None:
    """A shape as a tensor, whole or in part."""
    x = b.pick()
    rank = len(x.shape)
    start, end = sorted((m.below(rank + 1), m.below(rank + 1)))
    b.add("Shape", [x.name], (end - start,), I64, start=start, end=end)


@step
def arithmetic_of_sizes(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1, 1), I64)
    op = m.one_of(("Add", "Mul", "Sub", "Div", "Max", "Mod"))
    b.add(op, [x.name, b.ints([m.one_of((1, 2, 3))])], x.shape, I64)


@step
def filled(b: Block, m: Maker) -> None:
    """A tensor of a computed size: the shape of another one, perhaps changed."""
    x = b.pick(has_rank(1, 4))
    shape = b.add("Shape", [x.name], (len(x.shape),), I64)
    extra = [m.one_of((0, 1, 2)) for _ in x.shape]
    grown = b.add("Add", [shape.name, b.ints(extra)], shape.shape, I64)
    sizes = [d + e for d, e in zip(x.shape, extra, strict=True)]
    b.add("ConstantOfShape", [grown.name], sizes)


@step
def reshape_by_sizes(b: Block, m: Maker) -> None:
    """Two axes become one, its size computed or left open."""
    x = b.pick(has_rank(2))
    at = m.below(len(x.shape) - 1)
    shape = b.add("Shape", [x.name], (len(x.shape),), I64)
    parts = []
    if at > 0:
        lists = [b.ints([0]), b.ints([at])]
        parts.append(b.add("Slice", [shape.name, *lists], (at,), I64).name)
    parts.append(b.ints([-1]))
    rest = len(x.shape) - at - 2
    if rest > 0:
        lists = [b.ints([at + 2]), b.ints([2**31 - 1])]
        parts.append(b.add("Slice", [shape.name, *lists], (rest,), I64).name)
    target = b.add("Concat", parts, (at + 1 + rest,), I64, axis=0)
    merged = (*x.shape[:at], x.shape[at] * x.shape[at + 1], *x.shape[at + 2 :])
    if 0 in merged:
        raise IndexError
    b.add("Reshape", [x.name, target.name], merged)


@step
def reshape_by_constant(b: Block, m: Maker) -> None:
    """A shape that holds for some sizes: the rest of them break its demand."""
    x = b.pick(has_rank(1))
    if 0 in x.shape:
        raise IndexError
    target = list(x.shape)
    open_axis = m.below(len(target))
    wanted = [0 if m.chance(50) else d for d in target]
    wanted[open_axis] = -1
    split = m.one_of((1, 2, 3))
    if target[open_axis] % split == 0:
        shape = [*target[:open_axis], target[open_axis] // split, *target[open_axis + 1 :], split]
        b.add("Reshape", [x.name, b.ints([*wanted, split])], shape)


@step
def expand(b: Block, m: Maker) -> None:
    x = b.pick(lambda t: 1 in t.shape)
    y = b.pick(lambda t: len(t.shape) == len(x.shape))
    pairs = zip(x.shape, y.shape, strict=True)
    if not all(p == q or 1 in (p, q) for p, q in pairs):
        raise IndexError
    shape = b.add("Shape", [y.name], (len(y.shape),), I64)
    b.add("Expand", [x.name, shape.name], np.broadcast_shapes(x.shape, y.shape))


@step
def ranged(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(1))
    axis = m.below(len(x.shape))
    size = b.add("Shape", [x.name], (1,), I64, start=axis, end=axis + 1)
    scalar = b.add("Squeeze", [size.name, b.ints([0])], (), I64)
    by = m.one_of((1, 2, 3))
    ends = [b.constant(np.int64(0)), scalar.name, b.constant(np.int64(by))]
    b.add("Range", ends, (-(-x.shape[axis] // by),), I64)


@step
def one_hot(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(0, 3), I64)
    depth = m.one_of((2, 5))
    inputs = [x.name, b.constant(np.int64(depth)), b.floats((2,))]
    b.add("OneHot", inputs, (*x.shape, depth))


@step
def trilu(b: Block, m: Maker) -> None:
    x = b.pick(has_rank(2))
    b.add("Trilu", [x.name], x.shape, upper=int(m.chance(50)))


@step
def cast(b: Block, m: Maker) -> None:
    x = b.pick(dtype=I64)
    b.add("Cast", [x.name], x.shape, to=F32)


@step
def where(b: Block, m: Maker) -> None:
    x = b.pick()
    less = b.add("Less", [x.name, b.constant(np.float32(0.3))], x.shape, BOOL)
    b.add("Where", [less.name, x.name, b.constant(np.float32(0))], x.shape)
