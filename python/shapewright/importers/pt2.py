"""`.pt2` files of torch.export as graphs: a zip with JSON, read without PyTorch."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO

from shapewright import _core
from shapewright.errors import FormatError
from shapewright.importers.pt2_sizes import size_text
from shapewright.types import TensorType

_MAX_JSON_BYTES = 1 << 30
_SCHEMA_MAJOR = 8
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in ')

# torch._export.serde.schema.ScalarType
_DTYPES = {
    1: "u8", 2: "i8", 3: "i16", 4: "i32", 5: "i64", 6: "f16", 7: "f32", 8: "f64", 10: "c64",
    11: "c128", 12: "bool", 13: "bf16", 28: "u16", 29: "f8e4m3", 30: "f8e5m2", 31: "f8e4m3fnuz",
    32: "f8e5m2fnuz", 33: "f8e8m0", 34: "u32", 35: "u64",
}  # fmt: skip
_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d",
                   4: "preserve_format"}  # fmt: skip
StateRow = tuple[str, str, list[int], bool, bool]
# Operands that may be None with another operand behind them; the file has no schema of operators.
_OPTIONAL_TENSORS = {
    "weight", "bias", "running_mean", "running_var", "attn_mask", "min", "max", "mask",
    "per_sample_weights", "pos_weight",
}  # fmt: skip


def read_pt2(source: str | BinaryIO, inputs: Sequence[tuple[str, str]] = ()) -> _core.Graph:
    """The graph of a file; `inputs` gives its open sizes the caller's names."""
    program = _program(source)
    try:
        return _Reader(program, inputs).graph(PurePath(str(source)).stem)
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        message = f"the .pt2 file lacks what its schema asks for: {error!r}"
        raise FormatError(message, code="pt2-malformed") from error


def _program(source: str | BinaryIO) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            entry = next((n for n in names if re.search(r"(^|/)models/[^/]+\.json$", n)), None)
            if entry is None:
                message = "the archive holds no models/*.json: torch.export.save writes one"
                raise FormatError(message, code="pt2-malformed")
            if archive.getinfo(entry).file_size > _MAX_JSON_BYTES:
                message = f"{entry} is larger than {_MAX_JSON_BYTES} bytes"
                raise FormatError(message, code="pt2-malformed")
            program: Any = json.loads(archive.read(entry))
    except (zipfile.BadZipFile, ValueError, RecursionError, EOFError) as error:
        name = f"'{source}'" if isinstance(source, str) else "the .pt2 file"
        message = f"{name} cannot be read as torch.export.save writes it: {error}"
        raise FormatError(message, code="pt2-malformed") from error
    version = program.get("schema_version") if isinstance(program, dict) else None
    if not isinstance(version, dict) or version.get("major") != _SCHEMA_MAJOR:
        message = f"the .pt2 file has the schema {version}, and {_SCHEMA_MAJOR}.x is read"
        hint = "save it again with PyTorch 2.6 or newer"
        raise FormatError(message, code="pt2-version", hint=hint)
    return dict(program)


class _Reader:
    def __init__(self, program: dict[str, Any], inputs: Sequence[tuple[str, str]]) -> None:
        self._program = program
        self._graph = program["graph_module"]["graph"]
        self._specs = program["graph_module"]["signature"]["input_specs"]
        self._builder = _core.GraphBuilder(0)
        self._ids: dict[str, int] = {}
        self._rows: list[tuple[str, tuple[Any, ...]]] = []
        self._fixed: dict[str, int] = {}  # sizes that the caller gives a value
        self._names = self._renamed(inputs)
        self._next = 0

    def graph(self, name: str) -> _core.Graph:
        builder = self._builder
        version = str(self._program.get("torch_version", "2.0")).split(".")
        builder.opset("aten", 100 * int(version[0]) + int(version[1]))
        builder.call_it(name, "pytorch")
        self._add_state()
        self._next = builder.num_values
        self._read_nodes(self._graph, self._ids, True)
        start, rows = 0, self._rows
        for end in range(1, len(rows) + 1):
            if end == len(rows) or rows[end][0] != rows[start][0]:
                builder.add_many(rows[start][0], [row for _, row in rows[start:end]])
                start = end
        for argument in self._graph["outputs"]:
            name = (argument.get("as_tensor") or {}).get("name", "")
            if name in self._ids:
                builder.output(self._ids[name])
        self._add_ranges()
        return builder.snapshot()

    def _renamed(self, inputs: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Symbols of the file as the caller's types name them."""
        names: dict[str, str] = {}
        users = self._user_inputs()
        for name, text in inputs:
            meta = self._graph["tensor_values"].get(name or (users[0] if len(users) == 1 else ""))
            given = TensorType.parse(text).shape
            if meta is None or given is None or len(given) != len(meta["sizes"]):
                continue
            for size, dim in zip(meta["sizes"], given, strict=True):
                own = self._size(size, {})
                if own.isidentifier() and isinstance(dim, int):
                    self._fixed[own] = dim
                elif own.isidentifier() and str(dim).isidentifier():
                    names[own] = str(dim)
        return names

    def _user_inputs(self) -> list[str]:
        names = []
        for spec in self._specs:
            argument = spec.get("user_input", {}).get("arg", {})
            if "as_tensor" in argument:
                names.append(argument["as_tensor"]["name"])
        return names

    def _add_state(self) -> None:
        values, builder = self._graph["tensor_values"], self._builder
        state: list[StateRow] = []
        for spec in self._specs:
            for kind, key in (
                ("parameter", "parameter_name"),
                ("buffer", "buffer_name"),
                ("tensor_constant", "tensor_constant_name"),
            ):
                if kind not in spec:
                    continue
                own = spec[kind]["arg"]["name"]
                meta = values[own]
                self._ids[own] = builder.num_values + len(state)
                sizes = [int(size["as_int"]) for size in meta["sizes"]]
                grad = bool(meta.get("requires_grad")) and kind == "parameter"
                dtype = _DTYPES.get(meta["dtype"], "?")
                state.append((spec[kind][key], dtype, sizes, grad, kind != "parameter"))
        builder.state(state)
        for name in self._user_inputs():
            self._ids[name] = builder.input(name, self._type(values[name]))

    def _read_nodes(self, graph: Mapping[str, Any], ids: dict[str, int], grad: bool) -> None:
        for node in graph["nodes"]:
            self._read_node(node, graph, ids, grad)

    def _read_node(
        self, node: Mapping[str, Any], graph: Mapping[str, Any], ids: dict[str, int], grad: bool
    ) -> None:
        target = node["target"].removeprefix("torch.ops.")
        domain, _, op = target.partition(".")
        arguments = node["inputs"]
        if op == "wrap_with_set_grad_enabled":
            self._inline(node, arguments, ids)
            return
        made = _results(node)
        types = [self._type(graph["tensor_values"][name]) for name in made]
        if not types:
            return
        inputs: list[int] = []
        attrs: dict[str, Any] = {}
        for argument in arguments:
            self._argument(argument["name"], argument["arg"], graph, ids, inputs, attrs)
        for name in made:
            ids[name] = self._next
            self._next += 1
        meta, name = node.get("metadata", {}), node.get("name") or made[0]
        row = (op, inputs, attrs, name, _scope(meta), _line(meta), grad, types)
        self._rows.append((domain, row))

    def _inline(
        self, node: Mapping[str, Any], arguments: Sequence[Any], ids: dict[str, int]
    ) -> None:
        """A body that runs with gradients on or off is part of the graph."""
        enabled = bool(arguments[0]["arg"]["as_bool"])
        body = arguments[1]["arg"]["as_graph"]["graph"]
        inner: dict[str, int] = {}
        for own, given in zip(body["inputs"], arguments[2:], strict=False):
            if "as_tensor" in own and "as_tensor" in given["arg"]:
                inner[own["as_tensor"]["name"]] = ids[given["arg"]["as_tensor"]["name"]]
        self._read_nodes(body, inner, enabled)
        results = [o["as_tensor"]["name"] for o in body["outputs"] if "as_tensor" in o]
        for name, result in zip(_results(node), results, strict=False):
            ids[name] = inner[result]

    def _argument(
        self,
        name: str,
        value: Mapping[str, Any],
        graph: Mapping[str, Any],
        ids: dict[str, int],
        inputs: list[int],
        attrs: dict[str, Any],
    ) -> None:
        kind, content = next(iter(value.items()))
        if kind == "as_tensor":
            inputs.append(ids.get(content["name"], -1))
        elif kind == "as_tensors":
            inputs.extend(ids.get(tensor["name"], -1) for tensor in content)
        elif kind == "as_optional_tensors":
            for tensor in content:
                own = tensor.get("as_tensor")
                inputs.append(-1 if own is None else ids.get(own["name"], -1))
        elif kind == "as_none":
            if name in _OPTIONAL_TENSORS:
                inputs.append(-1)
        elif kind in {"as_int", "as_bool", "as_ints", "as_bools"}:
            attrs[name] = [int(i) for i in content] if kind.endswith("s") else int(content)
        elif kind in {"as_float", "as_floats", "as_string", "as_strings"}:
            attrs[name] = content
        elif kind == "as_scalar_type":
            attrs[name] = _DTYPES.get(content, "?")
        elif kind == "as_memory_format":
            attrs[name] = _MEMORY_FORMATS.get(content, str(content))
        elif kind == "as_device":
            attrs[name] = content["type"]
        elif kind in {"as_sym_int", "as_sym_bool", "as_sym_float"}:
            attrs[name] = self._symbolic(content, graph)
        elif kind == "as_sym_ints":
            sizes = [self._symbolic(item, graph) for item in content]
            is_text = any(isinstance(size, str) for size in sizes)
            attrs[name] = [str(size) for size in sizes] if is_text else sizes

    def _symbolic(self, value: Mapping[str, Any], graph: Mapping[str, Any]) -> Any:
        for key in ("as_int", "as_bool", "as_float"):
            if key in value:
                return value[key]
        for table in (graph, self._graph):
            meta = table.get("sym_int_values", {}).get(value["as_name"])
            if meta is not None:
                text = self._size(meta, self._names)
                return int(text) if text.isdigit() else text
        return value["as_name"]

    def _type(self, meta: Mapping[str, Any]) -> str:
        dims = ", ".join(self._size(size, self._names) for size in meta["sizes"])
        return f"{_DTYPES[meta['dtype']]}[{dims}]"

    def _size(self, size: Mapping[str, Any], names: Mapping[str, str]) -> str:
        if "as_int" in size:
            return str(int(size["as_int"]))
        text = size_text(size["as_expr"]["expr_str"])
        if text is None:
            return "?"
        return re.sub(r"[A-Za-z_]\w*", lambda m: names.get(m[0], m[0]), text)

    def _add_ranges(self) -> None:
        """Bounds that PyTorch's own treatment of the sizes 0 and 1 does not explain."""
        if not self._rows:
            return
        for symbol, value in self._fixed.items():
            self._builder.demand("equal", symbol, str(value), 0)
        for symbol, bounds in self._program.get("range_constraints", {}).items():
            name = self._names.get(symbol, symbol)
            low, high = bounds.get("min_val"), bounds.get("max_val")
            if isinstance(low, int) and low >= 4:
                self._builder.demand("at-most", str(low), name, 0)
            if isinstance(high, int) and high < 1 << 62:
                self._builder.demand("at-most", name, str(high), 0)


def _results(node: Mapping[str, Any]) -> list[str]:
    """Names of the tensors that a node gives."""
    tensors = []
    for output in node["outputs"]:
        tensors += [output.get("as_tensor"), *(output.get("as_tensors") or ())]
    return [tensor["name"] for tensor in tensors if tensor is not None]


def _scope(meta: Mapping[str, Any]) -> str:
    last = str(meta.get("nn_module_stack") or "").rpartition(";")[2]
    path = last.split(",")[1] if last.count(",") >= 2 else ""
    if path.startswith("_empty_nn_module_stack"):
        return ""
    return ".".join(part.partition("@")[0] for part in path.split("."))


def _line(meta: Mapping[str, Any]) -> str:
    """The innermost frame outside of PyTorch, as far as paths tell."""
    for path, line in reversed(_FRAME.findall(str(meta.get("stack_trace") or ""))):
        if "/site-packages/torch/" not in path and not path.startswith("torch/"):
            return f"{PurePath(path).name}:{line}"
    return ""
