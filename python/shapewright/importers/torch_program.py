"""`torch.export.ExportedProgram` as a graph: what was exported, as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapewright import _core
from shapewright.importers.torch_graph import StateRow, add_rows, torch_version
from shapewright.importers.torch_nodes import NodeReader
from shapewright.importers.torch_types import dtype_name
from shapewright.types import TensorType


def import_program(program: Any, inputs: Sequence[tuple[str, str]] = ()) -> _core.Graph:
    """The graph of a program; `inputs` gives its open sizes the caller's names."""
    builder = _core.GraphBuilder(0)
    builder.opset("aten", torch_version())
    builder.call_it("ExportedProgram", "pytorch")
    placeholders = {n.name: n for n in program.graph.nodes if n.op == "placeholder"}
    specs = program.graph_signature.input_specs
    kinds = {spec.arg.name: (spec.kind.name, spec.target) for spec in specs}
    names, fixed = _renamed(placeholders, kinds, inputs)
    ids: dict[Any, Any] = {}
    state: list[StateRow] = []
    for name, (kind, target) in kinds.items():
        if kind not in {"PARAMETER", "BUFFER", "CONSTANT_TENSOR"}:
            continue
        tensor = placeholders[name].meta["val"]
        ids[placeholders[name]] = len(state)
        sizes = [int(size) for size in tensor.shape]
        is_param = kind == "PARAMETER"
        grad = is_param and bool(tensor.requires_grad)
        state.append((target, dtype_name(tensor.dtype), sizes, grad, not is_param))
    builder.state(state)
    texts = NodeReader({}, 0, names, None)
    for name, (kind, _) in kinds.items():
        value = placeholders[name].meta.get("val")
        if kind == "USER_INPUT" and hasattr(value, "dtype") and hasattr(value, "shape"):
            ids[placeholders[name]] = builder.input(name, texts.type_text(value))
    reader = NodeReader(ids, builder.num_values, names, None)
    for node in program.graph.nodes:
        if node.op == "call_function":
            reader.read(node, 0)
    add_rows(builder, reader.rows)
    for node in program.graph.output_node().args[0]:
        if isinstance(ids.get(node), int):
            builder.output(ids[node])
    if reader.rows:
        for name, value in fixed.items():
            builder.demand("equal", name, str(value), 0)
        for symbol, bounds in program.range_constraints.items():
            _add_range(builder, names.get(symbol, str(symbol)), bounds)
    return builder.snapshot()


def _renamed(
    placeholders: Mapping[str, Any],
    kinds: Mapping[str, tuple[str, Any]],
    inputs: Sequence[tuple[str, str]],
) -> tuple[dict[Any, str], dict[str, int]]:
    """Symbols of the program as the caller's types name them, and those given a value."""
    names: dict[Any, str] = {}
    fixed: dict[str, int] = {}
    users = [name for name, (kind, _) in kinds.items() if kind == "USER_INPUT"]
    for name, text in inputs:
        node = placeholders.get(name or (users[0] if len(users) == 1 else ""))
        given = TensorType.parse(text).shape
        if node is None or given is None or len(given) != len(node.meta["val"].shape):
            continue
        for size, dim in zip(node.meta["val"].shape, given, strict=True):
            expr = None if isinstance(size, int) else size.node.expr
            if expr is None or not expr.is_Symbol:
                continue
            if isinstance(dim, int):
                fixed[str(expr)] = dim
            elif str(dim).isidentifier():
                names[expr] = str(dim)
    return names, fixed


def _add_range(builder: _core.GraphBuilder, name: str, bounds: Any) -> None:
    """Bounds that PyTorch's own treatment of the sizes 0 and 1 does not explain."""
    if bounds.lower.is_Integer and bounds.lower >= 4:
        builder.demand("at-most", str(int(bounds.lower)), name, 0)
    if bounds.upper.is_Integer and bounds.upper < 2**62:
        builder.demand("at-most", name, str(int(bounds.upper)), 0)
