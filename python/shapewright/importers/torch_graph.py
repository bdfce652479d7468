"""A traced run as a graph of the core: state, inputs, operations, lifetimes, demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.importers.torch_guards import Demanded, demands, specialised, symbol_names
from shapewright.importers.torch_inputs import Call
from shapewright.importers.torch_nodes import NodeReader
from shapewright.importers.torch_trace import Traced
from shapewright.importers.torch_types import dtype_name

StateRow = tuple[str, str, list[int], bool, bool]


@dataclass(frozen=True)
class Notice:
    """A finding of the importer."""

    code: str
    severity: str
    message: str
    facts: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    module: str | None = None  # the finding stands at the last operation of this module


def built_graph(
    traced: Traced,
    call: Call,
    *,
    name: str,
    requires_grad: Mapping[str, bool],
    grad_enabled: bool,
    notices: list[Notice],
) -> _core.Graph:
    """The graph of a run; of one that broke off, what there is of it."""
    builder = _core.GraphBuilder(0)
    builder.opset("aten", torch_version())
    builder.call_it(name, "pytorch")
    names = symbol_names(traced, call)
    ids: dict[Any, Any] = {}
    _add_state(builder, traced, ids, requires_grad)
    reader = NodeReader(ids, 0, names, traced.env)
    for (input_name, node, tensor), grad in zip(traced.inputs, call.grads, strict=True):
        id = builder.input(_free(builder, input_name), reader.type_text(tensor))
        ids[node] = id
        if grad:
            builder.require_grad(id)
    _add_constants(builder, traced, ids)
    reader = NodeReader(ids, builder.num_values, names, traced.env)
    reader.start_grad(grad_enabled)
    for position, node in enumerate(traced.graph.nodes if traced.graph else ()):
        if node.op == "call_function":
            reader.read(node, position)
    add_rows(builder, reader.rows)
    for node in traced.outputs:
        if isinstance(ids.get(node), int):
            builder.output(ids[node])
    if isinstance(ids.get(traced.loss), int):
        builder.loss(ids[traced.loss])
    if traced.lifetimes is not None and traced.is_complete:
        builder.released_after(_released(traced, reader, builder.num_values))
    _add_demands(builder, reader, demands(traced, names))
    fixed = [_fixed(*item) for item in specialised(traced, names).items()]
    for notice in [*notices, *fixed, *_autocast(reader)]:
        _add_notice(builder, reader, notice)
    return builder.snapshot()


def torch_version() -> int:
    """Version of the domain `aten`: 213 for PyTorch 2.13."""
    import torch

    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    return 100 * major + minor


def _add_state(
    builder: _core.GraphBuilder,
    traced: Traced,
    ids: dict[Any, Any],
    requires_grad: Mapping[str, bool],
) -> None:
    rows: list[StateRow] = []
    first = builder.num_values
    for is_buffer, state in ((False, traced.params), (True, traced.buffers)):
        for name, tensor, nodes in state:
            for node in nodes:
                ids[node] = first + len(rows)
            grad = requires_grad.get(name, False)
            sizes = [int(size) for size in tensor.shape]
            rows.append((name, dtype_name(tensor.dtype), sizes, grad, is_buffer))
    builder.state(rows)


def _add_constants(builder: _core.GraphBuilder, traced: Traced, ids: dict[Any, Any]) -> None:
    """Tensors that the model holds without having registered them, or makes of Python numbers."""
    first, rows = builder.num_values, list[StateRow]()
    for node in traced.graph.nodes if traced.graph else ():
        if node.op != "get_attr":
            continue
        tensor: Any = getattr(traced.root, str(node.target), None)
        if not hasattr(tensor, "dtype") or not hasattr(tensor, "shape"):
            continue
        ids[node] = first + len(rows)
        sizes = [int(size) for size in tensor.shape]
        rows.append((str(node.name), dtype_name(tensor.dtype), sizes, False, True))
    builder.state(rows)


def add_rows(builder: _core.GraphBuilder, rows: list[tuple[str, Any]]) -> None:
    """Nodes in order; those of one domain that follow each other go in one call."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][0] != rows[start][0]:
            builder.add_many(rows[start][0], [row for _, row in rows[start:end]])
            start = end


def _free(builder: _core.GraphBuilder, name: str) -> str:
    """An input keeps its name; only a parameter can have taken it."""
    taken = {builder.name_of(id) for id in range(builder.num_values)}
    while name in taken:
        name += "_"
    return name


def _released(traced: Traced, reader: NodeReader, num_values: int) -> list[int]:
    """By value: the last node that had begun as its name went; -1 for those that keep theirs."""
    released = [-1] * num_values
    assert traced.lifetimes is not None
    ends, last = reader.ends, 0
    nodes_at = []  # of each position in the trace: how many rows stand before it
    for position in range(len(traced.graph.nodes) + 1):
        while last < len(ends) and ends[last] < position:
            last += 1
        nodes_at.append(last)
    by_name = {node.name: id for node, id in reader.ids.items() if isinstance(id, int)}
    for name, position in traced.lifetimes.of.items():
        id = by_name.get(name)
        if id is not None:
            released[id] = max(nodes_at[min(position, len(nodes_at) - 1)] - 1, 0)
    return released


def _add_demands(builder: _core.GraphBuilder, reader: NodeReader, found: list[Demanded]) -> None:
    if not reader.rows:
        return
    for demand in found:
        at = next((i for i, (_, row) in enumerate(reader.rows) if row[5] == demand.line), 0)
        builder.demand(demand.relation, demand.left, demand.right, at)


def _fixed(name: str, found: tuple[int, str]) -> Notice:
    value, line = found
    where = f" at {line}" if line else ""
    return Notice(
        code="symbol-specialised",
        severity="warning",
        message=f"the model makes {name} the constant {value}{where}: what follows holds there",
        facts=(("symbol", name), ("value", str(value)), *((("line", line),) if line else ())),
        hint=f"dims={{'{name}': {value}}} says so, or remove what reads {name} as a number",
    )


def _autocast(reader: NodeReader) -> list[Notice]:
    if not reader.autocast:
        return []
    message = f"the model turns autocast on itself ({reader.autocast}): its casts are not counted"
    return [Notice(code="autocast-inside", severity="warning", message=message)]


def _add_notice(builder: _core.GraphBuilder, reader: NodeReader, notice: Notice) -> None:
    node = None
    if notice.module is not None:
        inside = [i for i, (_, row) in enumerate(reader.rows) if row[4] == notice.module]
        node = inside[-1] if inside else None
    builder.fault(
        notice.code, notice.severity, notice.message, list(notice.facts), notice.hint, node
    )
