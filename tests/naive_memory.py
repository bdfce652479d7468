"""A second, slow and obvious account of memory, which the core must equal: no events, no search."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import shapewright as sw

# Operators whose first output is the storage of their first input.
VIEWS = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"}
BITS = {
    **dict.fromkeys(("f64", "i64", "u64", "c64", "string"), 64),
    **dict.fromkeys(("f32", "i32", "u32"), 32),
    **dict.fromkeys(("f16", "bf16", "i16", "u16"), 16),
    **dict.fromkeys(("f8e4m3", "f8e5m2", "i8", "u8", "bool"), 8),
    **dict.fromkeys(("i4", "u4"), 4),
    "c128": 128,
}


def size_in_bytes(report: sw.Report, bound: sw.BoundReport, value: str) -> int:
    """Bytes of one value; types narrower than a byte are packed."""
    dtype, shape = report.values[value].dtype, bound.shape(value)
    assert dtype is not None
    assert shape is not None
    elements = math.prod(size for size in shape if size is not None)
    return (elements * BITS[dtype] + 7) // 8


def alive_at_each_step(graph: sw.Graph) -> Iterator[set[str]]:
    """The values whose storage is alive while each node runs; for a graph without bodies."""
    nodes = graph.nodes
    storage = {value.name: value.name for value in graph.values}
    for node in nodes:
        if node.op in VIEWS and node.outputs[0] is not None and node.inputs[0] is not None:
            storage[node.outputs[0]] = storage[node.inputs[0]]
    made = {
        name: step
        for step, node in enumerate(nodes)
        for name in node.outputs
        if name and node.op != "Constant"
    }
    used = {storage[name]: step for step, node in enumerate(nodes) for name in node.inputs if name}
    kept = {storage[value.name] for value in graph.outputs}
    for step in range(len(nodes)):
        yield {
            buffer
            for buffer in storage.values()
            if buffer not in made  # a parameter or an input
            or (made[buffer] <= step and (buffer in kept or step <= used.get(buffer, -1)))
            or made[buffer] == step
        }


def naive_peak(report: sw.Report, bound: sw.BoundReport, steps: list[set[str]]) -> int:
    """The largest sum of bytes alive at a step."""
    names = set().union(*steps)
    sizes = {name: size_in_bytes(report, bound, name) for name in names}
    return max(sum(sizes[name] for name in alive) for alive in steps)


# Leading sizes that grow, shrink, saw and step with N; all at least 1 for N up to 96.
SIZES = (
    "N",
    "2*N + 1",
    "N//3 + 1",
    "max(N, 17)",
    "min(N, 23)",
    "max(100 - N, 1)",
    "N % 7 + 1",
    "max(N - 40, 3)*2",
    "N//8*8 + 1",
)


def random_graph(rng: random.Random, num_nodes: int, sizes: tuple[str, ...] = SIZES) -> sw.Graph:
    """Elementwise nodes, views, joins and parameters over tensors [size, width]."""
    graph = sw.Graph()
    values: list[tuple[sw.Value, str, int]] = []
    for i in range(rng.randint(1, 3)):
        size, width = rng.choice(sizes) if i else "N", rng.choice((1, 4, 7))
        values.append((graph.input(f"in{i}", f"f32[{size}, {width}]"), size, width))
    weights = {width: graph.param(f"w{width}", f"f32[{width}]") for width in (1, 4, 7)}
    graph.param("unread", "i4[3, 3]")
    for i in range(num_nodes):
        value, size, width = rng.choice(values)
        match rng.randrange(6):
            case 0:
                made = graph.add("Relu", value, name=f"n{i}")
            case 1:
                made = graph.add("Identity", value, name=f"n{i}")
            case 2 if width in weights:
                made = graph.add("Add", value, weights[width], name=f"n{i}")
            case 3:
                other = rng.choice([v for v, s, w in values if s == size])
                widths = {v.name: w for v, _, w in values}
                made = graph.add("Concat", value, other, axis=1, name=f"n{i}")
                width += widths[other.name]
            case 4:
                others = [(v, s) for v, s, w in values if w == width]
                other, other_size = rng.choice(others)
                made = graph.add("Concat", value, other, axis=0, name=f"n{i}")
                size = f"({size}) + ({other_size})"
            case _:
                made = graph.add("Transpose", graph.add("Transpose", value), name=f"n{i}")
        if width <= 64 and len(size) < 60:
            values.append((made, size, width))
    for value, _, _ in rng.sample(values, k=min(len(values), rng.randint(1, 2))):
        graph.output(value)
    return graph
