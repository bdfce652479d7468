"""The operations of a traced graph as rows of a `GraphBuilder`, in PyTorch's own operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from shapewright.importers.torch_functions import FunctionCall
from shapewright.importers.torch_scope import module_path, source_line
from shapewright.importers.torch_types import dim_text, dtype_name

NodeRow = tuple[str, list[int], dict[str, Any], str, str, str, bool, list[str]]
_TENSOR, _TENSORS, _OTHER = range(3)
_CHOOSING = {"aten.nonzero.default", "aten.masked_select.default"}  # first axis: how many there are


class NodeReader:
    """Reads the calls of a graph in order; `rows` are for `GraphBuilder.add_many`, by domain."""

    def __init__(
        self,
        ids: dict[Any, Any],
        first_id: int,
        names: Mapping[Any, str],
        env: Any,
        calls: Sequence[FunctionCall] = (),
        nested: Mapping[Any, str] | None = None,
    ):
        import torch

        self._tensor = torch.Tensor
        self._node = torch.fx.Node
        self.ids = ids  # of each node's value; a nested list where it has several
        self.rows: list[tuple[str, NodeRow]] = []
        self.ends: list[int] = []  # position in the trace of each row
        self.autocast = ""  # where a region of the model turns it on, "" if none does
        self.unbacked: set[Any] = set()  # symbols of sizes that only a run can tell
        self._next = first_id
        self._names = dict(names)
        self._env = env
        self._texts: dict[Any, str] = {}
        self._dims: dict[Any, str] = {}
        self._specs: dict[Any, list[tuple[str, int]]] = {}
        self._grad_enabled = True
        self._nested = nested or {}  # by node: the length of the longest row
        self._calls = {call.outputs[0]: call for call in calls}
        self._bodies = {call.given[0]: call for call in calls if call.end is not None}
        self._ends = {call.end: call for call in calls if call.end is not None}
        self._skipped = {node for call in calls for node in call.dropped}
        for call in calls:
            self._skipped.update(call.outputs[1:], call.given[1:])

    def read(self, node: Any, position: int) -> None:
        """One `call_function` node; what gives no tensor makes no row."""
        if node in self._skipped:
            return
        target = node.target
        name = getattr(target, "__name__", "")
        if name == "getitem" and node.args[0] in self.ids:
            self._take_item(node)
            return
        if name == "_set_grad_enabled":
            self._grad_enabled = bool(node.args[0])
            return
        if name == "_enter_autocast" and len(node.args) > 2 and node.args[2]:
            self.autocast = source_line(node.meta.get("stack_trace") or "") or "the model"
            return
        if name == "wrap_with_set_grad_enabled" or name == "wrap_with_autocast":
            self._inline(node, name, position)
            return
        if self._read_function(node, position):
            return
        value = node.meta.get("val")
        if str(target) in _CHOOSING and isinstance(value, self._tensor):
            self._bound_count(node, value)
        types: list[str] = []
        ids = self._outputs(value, types)
        if not types:
            return
        self.ids[node] = ids
        domain, op = _operator(target)
        if node in self._nested:
            types = [self._nested_type(value, self._nested[node])]
            op = op.replace("layer_fwd.default", "layer_fwd.nested")
        inputs: list[int] = []
        attrs: dict[str, Any] = {}
        spec = self._spec(target)
        if spec is None:
            self._plain_arguments(node, inputs)
        else:
            self._arguments(node, spec, inputs, attrs)
        self._add(domain, op, inputs, attrs, node, position, types)

    def _add(
        self,
        domain: str,
        op: str,
        inputs: list[int],
        attrs: dict[str, Any],
        node: Any,
        position: int,
        types: list[str],
    ) -> None:
        meta = node.meta
        row = (
            op,
            inputs,
            attrs,
            node.name,
            module_path(meta.get("nn_module_stack")),
            source_line(meta.get("stack_trace") or ""),
            self._grad_enabled,
            types,
        )
        self.rows.append((domain, row))
        self.ends.append(position)

    def _read_function(self, node: Any, position: int) -> bool:
        """What stands for a call of an autograd function, and around its backward."""
        call = self._calls.get(node)
        if call is not None:
            part = "untraced" if call.end is None else "forward"
            saved = list(dict.fromkeys([*call.saved, *self._read_by_body(call)]))
            inputs = [self._input(n) for n in (*call.inputs, *call.raw, *saved)]
            attrs: dict[str, Any] = {"num_inputs": len(call.inputs), "function": call.name}
            made = call.outputs
        elif node in self._bodies:
            part, inputs, attrs, made = "backward", [], {}, self._bodies[node].given
        elif node in self._ends:
            part, made, attrs = "grads", [], {}
            inputs = [self._input(n) for n in self._ends[node].made]
        else:
            return False
        types: list[str] = []
        for each in made:
            self.ids[each] = self._outputs(each.meta.get("val"), types)
        self._add("aten", f"autograd_function.{part}", inputs, attrs, node, position, types)
        return True

    def _read_by_body(self, call: FunctionCall) -> list[Any]:
        """What the backward of a call reads of what was made before it."""
        if call.end is None:
            return []
        body: set[Any] = set(call.given)
        read: list[Any] = []
        node = call.given[0]
        while node is not call.end:
            if node.op == "call_function":
                read += [n for n in node.all_input_nodes if n not in body and n in self.ids]
                body.add(node)
            node = node.next
        return [n for n in read if isinstance(self.ids[n], int)]

    def start_grad(self, enabled: bool) -> None:
        """Whether gradients are recorded as the model is entered."""
        self._grad_enabled = enabled

    def type_text(self, tensor: Any) -> str:
        """`f32[N, 64, H//2]`; equal types share one text."""
        key = (tensor.dtype, *(d if type(d) is int else d.node._expr for d in tensor.shape))
        text = self._texts.get(key)
        if text is None:
            dims = ", ".join(str(d) if type(d) is int else self.dim_text(d) for d in key[1:])
            text = self._texts[key] = f"{dtype_name(tensor.dtype)}[{dims}]"
        return text

    def _nested_type(self, tensor: Any, longest: str) -> str:
        """Of rows that are no longer than the longest: `f32[B, min(longest, S), 32]`."""
        head, _, dims = self.type_text(tensor).rstrip("]").partition("[")
        batch, length, width = dims.split(", ")
        return f"{head}[{batch}, min({longest}, {length}), {width}]"

    def dim_text(self, expr: Any) -> str:
        """A size of the trace in the caller's symbols, "?" where that cannot be said."""
        text = self._dims.get(expr)
        if text is None:
            known = expr if self._env is None else self._env.replace(expr)
            text = self._dims[expr] = dim_text(known, self._names) or "?"
            for symbol in known.free_symbols:
                if symbol not in self._names and str(symbol).startswith("u"):
                    self.unbacked.add(symbol)
        return text

    def _bound_count(self, node: Any, value: Any) -> None:
        """No more is chosen than there is: the count is `min(u0, N*S)` from here on."""
        count = getattr(value.shape[0], "node", None)
        symbol = None if count is None else count._expr
        if symbol is None or not symbol.is_Symbol or symbol in self._names:
            return
        text = self.dim_text(symbol)
        if symbol not in self.unbacked:
            return
        rows = [arg.meta["val"].shape[::-1] for arg in node.args if isinstance(arg, self._node)]
        sizes = []
        for axes in zip_longest(*rows, fillvalue=1):
            size: Any = next((axis for axis in axes if type(axis) is not int or axis != 1), 1)
            sizes.append(str(size) if type(size) is int else self.dim_text(size.node._expr))
        if "?" not in sizes:
            self._names[symbol] = f"min({text}, {'*'.join(sizes) or '1'})"
            self._dims.clear()

    def _outputs(self, value: Any, types: list[str]) -> Any:
        if not isinstance(value, self._tensor):
            if isinstance(value, (list, tuple)):
                return [self._outputs(item, types) for item in value]
            return None
        types.append(self.type_text(value))
        self._next += 1
        return self._next - 1

    def _inline(self, node: Any, name: str, position: int) -> None:
        """A body that runs in a mode of its own is part of the graph."""
        at = next(i for i, arg in enumerate(node.args) if getattr(arg, "op", "") == "get_attr")
        body = getattr(node.graph.owning_module, node.args[at].target)
        before = self._grad_enabled
        if name == "wrap_with_set_grad_enabled":
            self._grad_enabled = bool(node.args[0])
        elif True in node.args[:at]:
            self.autocast = source_line(node.meta.get("stack_trace") or "") or "the model"
        given = iter(node.args[at + 1 :])
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                self.ids[inner] = self.ids.get(next(given))
            elif inner.op == "call_function":
                self.read(inner, position)
            elif inner.op == "output":
                results = inner.args[0]
                listed = results if isinstance(results, (list, tuple)) else [results]
                self.ids[node] = [self.ids.get(result) for result in listed]
        self._grad_enabled = before

    def _take_item(self, node: Any) -> None:
        items = self.ids[node.args[0]]
        if isinstance(items, list):
            self.ids[node] = items[node.args[1]]

    def _spec(self, target: Any) -> list[tuple[str, int]] | None:
        if target not in self._specs:
            schema = getattr(target, "_schema", None)
            self._specs[target] = (
                [] if schema is None else [(a.name, _kind(a.type)) for a in schema.arguments]
            )
        return self._specs[target] or None

    def _arguments(
        self, node: Any, spec: list[tuple[str, int]], inputs: list[int], attrs: dict[str, Any]
    ) -> None:
        given, named = node.args, node.kwargs
        for position, (name, kind) in enumerate(spec):
            value = given[position] if position < len(given) else named.get(name)
            if kind == _TENSOR:
                inputs.append(self._input(value))
                if value is not None and inputs[-1] < 0:
                    attrs[name] = self._plain(value)  # a number in place of a tensor
            elif kind == _TENSORS:
                inputs.extend(self._input(item) for item in value or ())
            elif value is not None:
                attrs[name] = self._plain(value)

    def _plain_arguments(self, node: Any, inputs: list[int]) -> None:
        """Of an operator without a schema: the tensors, in order."""
        inputs.extend(
            self.ids[arg] for arg in node.all_input_nodes if isinstance(self.ids.get(arg), int)
        )

    def _input(self, value: Any) -> int:
        id = self.ids.get(value) if isinstance(value, self._node) else None
        return id if isinstance(id, int) else -1

    def _plain(self, value: Any) -> Any:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, (int, float, str)):
            return value
        if isinstance(value, self._node):  # it gives a number
            return self._number(value.meta.get("val"))
        if isinstance(value, (list, tuple)):
            items = [self._plain(item) for item in value if item is not None]
            is_text = any(isinstance(item, str) for item in items)
            return [str(item) for item in items] if is_text else items
        text = str(value)
        return dtype_name(value) if _is_dtype(value) else text.removeprefix("torch.")

    def _number(self, value: Any) -> Any:
        node = getattr(value, "node", None)
        if node is None:
            return value if isinstance(value, (int, float, str)) else str(value)
        text = self.dim_text(node._expr)
        return int(text) if text.lstrip("-").isdigit() else text


def _operator(target: Any) -> tuple[str, str]:
    namespace = getattr(target, "namespace", None)
    if namespace is None:
        return "aten", getattr(target, "__name__", str(target))
    schema = getattr(target, "_schema", None)
    if schema is None:
        return namespace, target.__name__
    return namespace, schema.name.partition("::")[2] + "." + (schema.overload_name or "default")


def _is_dtype(value: Any) -> bool:
    return type(value).__name__ == "dtype"


def _kind(type: Any) -> int:
    text = str(type)
    if text in {"Tensor", "Optional[Tensor]"}:
        return _TENSOR
    return _TENSORS if text in {"List[Tensor]", "List[Optional[Tensor]]"} else _OTHER
