"""A traced run as a graph of the core: state, inputs, operations, lifetimes, demands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapewright import _core
from shapewright.importers.torch_guards import Demanded, specialised, symbol_names
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


@dataclass
class Run:
    """A trace as rows of a builder; values are numbered state, inputs, constants, results."""

    traced: Traced
    names: dict[Any, str]  # the caller's spelling of the symbols
    reader: NodeReader
    state: list[StateRow]
    constants: list[StateRow]


def read_run(
    traced: Traced, call: Call, requires_grad: Mapping[str, bool], grad_enabled: bool
) -> Run:
    """The rows of a trace; of one that broke off, what there is of it."""
    names = symbol_names(traced, call)
    ids: dict[Any, Any] = {}
    state = _state_rows(traced, ids, requires_grad)
    for i, (_, node, _) in enumerate(traced.inputs):
        ids[node] = len(state) + i
    constants = _constant_rows(traced, ids, len(state) + len(traced.inputs))
    first = len(state) + len(traced.inputs) + len(constants)
    reader = NodeReader(ids, first, names, traced.env, traced.functions, traced.nested.symbols)
    reader.start_grad(grad_enabled)
    for position, node in enumerate(traced.graph.nodes if traced.graph else ()):
        if node.op == "call_function":
            reader.read(node, position)
    return Run(traced, names, reader, state, constants)


def built_graph(
    run: Run,
    call: Call,
    *,
    name: str,
    notices: Sequence[Notice],
    demanded: Sequence[Demanded],
    fitted: str = "",
) -> _core.Graph:
    """The graph of a run; the symbol `fitted` is one that other runs have freed."""
    builder = _core.GraphBuilder(0)
    builder.opset("aten", torch_version())
    builder.call_it(name, "pytorch")
    builder.state(run.state)
    taken = {row[0] for row in run.state}
    for input_name, type, grad in zip(call.names, call.types, call.grads, strict=True):
        own = input_name if input_name not in taken else f"{input_name}_"
        id = builder.input(own, str(type))
        if grad:
            builder.require_grad(id)
    builder.state(run.constants)
    traced, reader = run.traced, run.reader
    add_rows(builder, reader.rows)
    for node in traced.outputs:
        if isinstance(reader.ids.get(node), int):
            builder.output(reader.ids[node])
    if isinstance(reader.ids.get(traced.loss), int):
        builder.loss(reader.ids[traced.loss])
    if traced.lifetimes is not None and traced.is_complete:
        builder.released_after(_released(traced, reader, builder.num_values))
        ids = {node.name: id for node, id in reader.ids.items() if isinstance(id, int)}
        builder.held([ids[name] for name in traced.held if name in ids])
    for symbol, low, high in _data_dependent(reader, traced.env):
        builder.symbol_range(symbol, low, high)
    for symbol in traced.nested.lines:
        builder.symbol_range(symbol, 0, None)
    _add_demands(builder, reader, demanded)
    fixed = specialised(traced, run.names)
    fixed.pop(fitted, None)
    told = [*notices, *(_fixed(*item) for item in fixed.items()), *_autocast(reader)]
    for notice in told:
        _add_notice(builder, reader, notice)
    return builder.snapshot()


def torch_version() -> int:
    """Version of the domain `aten`: 213 for PyTorch 2.13."""
    import torch

    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    return 100 * major + minor


def _state_rows(
    traced: Traced, ids: dict[Any, Any], requires_grad: Mapping[str, bool]
) -> list[StateRow]:
    rows: list[StateRow] = []
    for is_buffer, state in ((False, traced.params), (True, traced.buffers)):
        for name, tensor, nodes in state:
            for node in nodes:
                ids[node] = len(rows)
            grad = requires_grad.get(name, False)
            sizes = [int(size) for size in tensor.shape]
            rows.append((name, dtype_name(tensor.dtype), sizes, grad, is_buffer))
    return rows


def _constant_rows(traced: Traced, ids: dict[Any, Any], first: int) -> list[StateRow]:
    """Tensors that the model holds without having registered them, or makes of Python numbers."""
    rows: list[StateRow] = []
    for node in traced.graph.nodes if traced.graph else ():
        if node.op != "get_attr":
            continue
        tensor: Any = getattr(traced.root, str(node.target), None)
        if not hasattr(tensor, "dtype") or not hasattr(tensor, "shape"):
            continue
        ids[node] = first + len(rows)
        sizes = [int(size) for size in tensor.shape]
        rows.append((str(node.name), dtype_name(tensor.dtype), sizes, False, True))
    return rows


def add_rows(builder: _core.GraphBuilder, rows: list[tuple[str, Any]]) -> None:
    """Nodes in order; those of one domain that follow each other go in one call."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][0] != rows[start][0]:
            builder.add_many(rows[start][0], [row for _, row in rows[start:end]])
            start = end


def _released(traced: Traced, reader: NodeReader, num_values: int) -> list[int]:
    """By value: the last node that had begun as its name went; -1 for those that keep theirs."""
    released = [-1] * num_values
    assert traced.lifetimes is not None
    for node, id in reader.ids.items():
        position = traced.lifetimes.of.get(node.name)
        if position is not None and isinstance(id, int):
            released[id] = max(bisect_left(reader.ends, position) - 1, 0)
    return released


def _data_dependent(reader: NodeReader, env: Any) -> Iterator[tuple[str, int, int | None]]:
    """Sizes that only a run can tell, with their bounds."""
    for symbol in sorted(reader.unbacked, key=str):
        bounds = None if env is None else env.var_to_range.get(symbol)
        low, high = 0, None
        if bounds is not None:
            low = int(bounds.lower) if bounds.lower.is_Integer and bounds.lower > 0 else 0
            high = int(bounds.upper) if bounds.upper.is_Integer and bounds.upper < 2**62 else None
        yield str(symbol), low, high


def _add_demands(
    builder: _core.GraphBuilder, reader: NodeReader, found: Sequence[Demanded]
) -> None:
    if not reader.rows:
        return
    for demand in found:
        field, wanted = (3, demand.node) if demand.node else (5, demand.line)
        at = next((i for i, (_, row) in enumerate(reader.rows) if row[field] == wanted), 0)
        builder.demand(demand.relation, demand.left, demand.right, at, demand.is_branch)


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
