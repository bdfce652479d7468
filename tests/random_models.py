"""Random models with symbolic inputs: typed, mostly valid, with bodies and functions in them.

`random_model(seed)` makes the model and two sets of sizes for its symbols. What a node gives is
followed at the first set, so that the next one fits; whether the model runs at all is for a runtime
to say. Every value of the main graph is an output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from random_steps import BOOL, F32, I64, SIZES, STEPS, Block, Maker, Tensor, has_rank


def inner_block(b: Block, m: Maker, inputs: Sequence[Tensor], depth: int) -> Block:
    """Nodes over `inputs` and what the outer block has made."""
    inner = Block(m, values=[*b.values, *inputs])
    grow(inner, m, m.below(3) + 1, depth + 1)
    return inner


def graph_of(
    b: Block, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[str]
) -> onnx.GraphProto:
    ends = [onnx.ValueInfoProto(name=name) for name in outputs]
    made = helper.make_graph(b.nodes, "body", list(inputs), ends)
    made.initializer.extend(b.constants)
    return made


def entry(name: str, dtype: int, shape: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def result_of(inner: Block, outer: Block, m: Maker) -> Tensor:
    """A value that the block itself made."""
    own = [t for t in inner.values if t not in outer.values and t.dtype == F32]
    made = {name for node in inner.nodes for name in node.output}
    among: list[Tensor] = [t for t in own if t.name in made]
    return among[m.below(len(among))]


def branch(b: Block, m: Maker, depth: int) -> None:
    flag = b.pick(dtype=BOOL, fits=has_rank(0, 0))
    kinds = []
    for _ in range(2):
        inner = inner_block(b, m, [], depth)
        out = result_of(inner, b, m)
        kinds.append((graph_of(inner, [], [out.name]), out))
    shape = kinds[0][1].shape  # that of the branch which the first run takes
    b.add("If", [flag.name], shape, then_branch=kinds[0][0], else_branch=kinds[1][0])


def loop(b: Block, m: Maker, depth: int) -> None:
    x = b.pick(has_rank(1, 3))
    trips = m.one_of((0, 1, 2, 3))
    state, i, flag = (Tensor(m.name("s"), F32, x.shape), m.name("i"), m.name("c"))
    inner = inner_block(b, m, [state], depth)
    out = result_of(inner, b, m)
    if out.shape != x.shape and m.chance(80):
        axis = m.below(len(x.shape))
        shape = list(x.shape)
        shape[axis] += 1
        ones = inner.floats([1 if k == axis else d for k, d in enumerate(x.shape)])
        del shape[axis:]
        out = state if m.chance(30) else inner.add("Relu", [state.name], x.shape)
        if m.chance(40) and all(d == s for d, s in zip(x.shape, state.shape, strict=True)):
            out = inner.add("Concat", [state.name, ones], x.shape, axis=axis)
    inner.nodes.append(helper.make_node("Identity", [flag], [flag + "o"]))
    inner.nodes.append(helper.make_node("Identity", [out.name], [out.name + "o"]))
    inner.nodes.append(helper.make_node("Identity", [out.name], [out.name + "p"]))
    ends = [entry(i, I64, []), entry(flag, BOOL, []), entry(state.name, F32, None)]
    results = [flag + "o", out.name + "o", out.name + "p"]
    body = graph_of(inner, ends, results[: 2 + m.chance(50)])
    final = b.add("Loop", [b.constant(np.int64(trips)), "", x.name], out.shape, body=body)
    if len(body.output) == 3:
        b.nodes[-1].output.append(m.name("u"))
    b.values.remove(final)  # its size is not followed


def scan(b: Block, m: Maker, depth: int) -> None:
    x = b.pick(has_rank(2, 4))
    if 0 in x.shape:
        raise IndexError
    slice_, state = (Tensor(m.name("s"), F32, x.shape[1:]) for _ in range(2))
    inner = inner_block(b, m, [slice_], depth)
    out = result_of(inner, b, m)
    total = inner.add("Add", [state.name, slice_.name], x.shape[1:])
    ends = [entry(t.name, F32, None) for t in (state, slice_)]
    body = graph_of(inner, ends, [total.name, out.name])
    start = b.add("ReduceMax", [x.name, b.ints([0])], x.shape[1:], keepdims=0)
    b.add("Scan", [start.name, x.name], x.shape[1:], body=body, num_scan_inputs=1)
    stacked = Tensor(m.name("u"), F32, (x.shape[0], *out.shape))
    b.nodes[-1].output.append(stacked.name)
    b.values.append(stacked)


def function(b: Block, m: Maker, depth: int) -> None:
    """Some steps behind a name, called at once, and perhaps again."""
    x = b.pick()
    inner = Block(m, values=[Tensor(m.name("a"), F32, x.shape)])
    parameter = inner.values[0]
    grow(inner, m, m.below(4) + 1, 99)
    out = result_of(inner, Block(m), m)
    name = m.name("F")
    for constant in inner.constants:
        node = helper.make_node("Constant", [], [constant.name], value=constant)
        inner.nodes.insert(0, node)
    opsets = [helper.make_opsetid("", 20)]
    made = helper.make_function(
        "f", name, [parameter.name], [out.name], inner.nodes, opset_imports=opsets
    )
    m.functions.append(made)
    first = b.add(name, [x.name], out.shape, domain="f")
    if out.shape == x.shape and m.chance(50):
        b.add(name, [first.name], out.shape, domain="f")


NESTING: list[Callable[[Block, Maker, int], None]] = [branch, loop, scan, function]
MAX_DEPTH = 3


def grow(b: Block, m: Maker, steps: int, depth: int) -> None:
    """Adds steps; one that finds nothing it fits is left out."""
    for _ in range(steps):
        before = len(b.nodes), len(b.constants), len(b.values)
        try:
            if depth < MAX_DEPTH and m.chance(12):
                m.one_of(NESTING)(b, m, depth)
            else:
                m.one_of(STEPS)(b, m)
        except IndexError:
            del b.nodes[before[0] :], b.constants[before[1] :], b.values[before[2] :]
    if not b.nodes:
        b.add("Identity", [b.pick().name], b.values[0].shape)


@dataclass(frozen=True)
class RandomModel:
    proto: onnx.ModelProto
    sizes: tuple[dict[str, int], dict[str, int]]  # of its symbols
    inputs: tuple[tuple[str, int, tuple[int | str, ...]], ...]


def random_model(seed: int) -> RandomModel:
    m = Maker(seed)
    symbols = {name: m.one_of(SIZES) for name in ("N", "L", "H", "W")}
    other = {name: m.one_of(SIZES) for name in symbols}
    block = Block(m)
    layouts: list[tuple[int | str, ...]] = [
        ("N", m.one_of((1, 3, 4)), "H", "W"), ("N", "L", m.one_of((4, 8))), ("N", "L"),
        ("L", 4), (m.one_of((1, 2)), "L"),
    ]  # fmt: skip
    drawn = m.random.sample(layouts, m.below(3) + 1)
    inputs: list[tuple[str, int, tuple[int | str, ...]]] = [
        *((m.name("x"), F32, layout) for layout in drawn),
        (m.name("flag"), BOOL, ()),
    ]
    for name, dtype, dims in inputs:
        shape = tuple(symbols[d] if isinstance(d, str) else d for d in dims)
        block.values.append(Tensor(name, dtype, shape))
    grow(block, m, m.below(12) + 2, 0)
    ends = [onnx.ValueInfoProto(name=name) for node in block.nodes for name in node.output if name]
    graph = helper.make_graph(
        block.nodes, "g", [entry(*row) for row in inputs], ends, block.constants
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=m.functions)
    used = {d for _, _, dims in inputs for d in dims if isinstance(d, str)}
    kept = tuple({n: s for n, s in among.items() if n in used} for among in (symbols, other))
    return RandomModel(proto, (kept[0], kept[1]), tuple(inputs))
