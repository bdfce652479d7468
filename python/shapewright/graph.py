"""A model as a graph: loaded from a file, or built by hand without any framework."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapewright import _core
from shapewright.errors import DimError, ShapeError, ShapewrightError
from shapewright.inputs import InputTexts, flatten, input_texts, nested_shape
from shapewright.types import TensorType, split_dims


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of a graph; `kind` is "input", "param" or "result", `type` what was declared."""

    name: str
    kind: str
    type: TensorType | None
    id: int = field(repr=False, compare=False)
    owner: object = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Node:
    """A call of an operator; an omitted operand is None. `scope` is the exporter's module path."""

    name: str
    op: str
    domain: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    attrs: Mapping[str, Any]
    scope: str


class Graph:
    """A model as nodes and values; `Graph()` is empty and waits to be built.

    >>> g = Graph()
    >>> x = g.input("x", "f32[N, 4]")
    >>> y = g.add("Relu", x, name="y")
    >>> g.output(y)
    >>> [node.op for node in g.nodes], g.symbols
    (['Relu'], ('N',))

    Operators and attributes have their ONNX names; `opset` is the ONNX operator set they are taken
    from.
    """

    def __init__(self, opset: int = 20) -> None:
        self._builder: _core.GraphBuilder | None = _core.GraphBuilder(opset)
        self._core: _core.Graph | None = None
        self.name = ""
        self.given: InputTexts = []

    @classmethod
    def of_core(cls, core: _core.Graph, name: str, given: InputTexts) -> Graph:
        """A graph of the core; `given` holds types that replace the declared ones."""
        graph = cls.__new__(cls)
        graph._builder = None
        graph._core = core
        graph.name = name
        graph.given = given
        return graph

    def input(self, name: str, type: Any) -> Value:
        """Adds an input: `"f32[N, 3, H, W]"`, a pair (dtype, shape), or an array."""
        ((_, text),) = input_texts({name: type})
        builder = self._open()
        return self._made(builder.input(name, text), "input", text)

    def param(self, name: str, type: Any) -> Value:
        """Adds a parameter: a tensor whose bytes come with the model; its dims are numbers."""
        ((_, text),) = input_texts({name: type})
        builder = self._open()
        return self._made(builder.param(name, text), "param", text)

    def constant(self, name: str, values: Any, dtype: str = "i64") -> Value:
        """Adds a parameter whose elements are known: a scalar or nested lists.

        >>> g = Graph()
        >>> x = g.input("x", "f32[N, 4, 6]")
        >>> g.add("Reshape", x, g.constant("shape", [0, -1])).name
        'v0'
        """
        shape = nested_shape(values)
        data = pack_elements(flatten(values), dtype, shape)
        builder = self._open()
        id = builder.constant(name, _core.TensorData(dtype, shape, data))
        return self._made(id, "param", f"{dtype}{shape}")

    def add(
        self,
        op: str,
        *inputs: Value | None,
        name: str = "",
        outputs: int = 1,
        domain: str = "",
        **attrs: Any,
    ) -> Any:
        """Adds a node; its output as a `Value`, or a tuple of them where `outputs` is not 1.

        `None` stands for an optional operand that is left out. An array is a tensor where the
        attribute is `value`, and where its rank is 2 or more; else it is a list.

        >>> import numpy
        >>> g = Graph()
        >>> g.output(g.add("Constant", name="c", value=numpy.array([[0, 1], [2, 3]])))
        >>> g.nodes[0].attrs["value"].dims
        [2, 2]
        """
        builder = self._open()
        ids = [self._id(op, i, value) for i, value in enumerate(inputs)]
        made = builder.add(op, ids, _plain(attrs), name, outputs, domain)
        values = tuple(self._made(id, "result", None) for id in made)
        return values[0] if outputs == 1 else values

    def output(self, value: Value) -> None:
        """Makes a value an output of the model."""
        builder = self._open()
        id = self._id("output", 0, value)
        if id is None:
            message = "an output is a value, not None"
            raise ShapewrightError(message, code="value-undefined")
        builder.output(id)

    def opset(self, domain: str, version: int) -> None:
        """States which operator set of a domain the nodes are taken from."""
        self._open().opset(domain, version)

    @property
    def core(self) -> _core.Graph:
        """The graph as the core reads it; of a graph being built, as it is now."""
        if self._builder is not None:
            return self._builder.snapshot()
        assert self._core is not None
        return self._core

    @property
    def inputs(self) -> tuple[Value, ...]:
        """What the caller of the model gives."""
        return tuple(_view(value) for value in self.core.inputs)

    @property
    def outputs(self) -> tuple[Value, ...]:
        """What the model returns."""
        return tuple(_view(value) for value in self.core.outputs)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Calls of operators, in execution order."""
        return tuple(
            Node(n.name, n.op, n.domain, tuple(n.inputs), tuple(n.outputs), n.attrs, n.scope)
            for n in self.core.nodes
        )

    @property
    def values(self) -> tuple[Value, ...]:
        """All tensors of the main graph."""
        return tuple(_view(value) for value in self.core.values if value.block == 0)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the sizes that the inputs leave open, in order of appearance."""
        names: dict[str, None] = {}
        for value in self.inputs:
            for dim in (value.type and value.type.shape) or ():
                names.update(dict.fromkeys(sorted(getattr(dim, "symbols", ()))))
        return tuple(names)

    def __repr__(self) -> str:
        core = self.core
        return f"<Graph {self.name or core.name or 'by hand'}: {core.num_nodes} nodes>"

    def _open(self) -> _core.GraphBuilder:
        if self._builder is None:
            message = "a graph that was loaded cannot be added to"
            raise ShapewrightError(message, code="graph-loaded", hint="build a new sw.Graph()")
        return self._builder

    def _made(self, id: int, kind: str, text: str | None) -> Value:
        assert self._builder is not None
        type = None if text is None else declared_type(text)
        return Value(self._builder.name_of(id), kind, type, id, self)

    def _id(self, op: str, position: int, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, Value) and value.owner is self:
            return value.id
        what = "a value of another graph" if isinstance(value, Value) else repr(value)
        message = f"operand {position} of {op} is {what}"
        hint = "operands are what g.input, g.param and g.add returned, or None"
        raise ShapewrightError(message, code="value-undefined", hint=hint)


def _view(value: _core.ValueView) -> Value:
    text = value.declared
    if text is None and value.constant is not None:
        text = f"{value.constant.dtype}{list(value.constant.dims)}"
    return Value(
        value.name, value.kind, None if text is None else declared_type(text), value.id, None
    )


def declared_type(text: str) -> TensorType:
    """A declared type; a dim that does not parse is one symbol of that very name."""
    try:
        return TensorType.parse(text)
    except DimError:
        dtype, _, rest = text.partition("[")
        return TensorType(dtype, tuple(_dim_param(dim) for dim in split_dims(rest[:-1])))


def _dim_param(text: str) -> int | _core.Dim | None:
    try:
        shape = TensorType.parse(f"f32[{text}]").shape
        return shape[0] if shape else None
    except DimError:
        return _core.Dim('"' + text.replace('"', "") + '"')


def _plain(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as the core takes them: tuples are lists, arrays that are tensors its tensors."""
    return {name: _plain_attr(name, value) for name, value in attrs.items()}


def _plain_attr(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "__array_interface__"):
        import numpy as np

        if isinstance(value, np.ndarray) and (name == "value" or value.ndim > 1):
            ((_, text),) = input_texts({name: value})
            if value.dtype.kind in "OSU":
                data = pack_texts(value.ravel().tolist())
            else:
                data = value.astype(value.dtype.newbyteorder("<")).tobytes()
            return _core.TensorData(text[: text.index("[")], list(value.shape), data)
    return value


_PACK = {
    "f64": "d", "f32": "f", "f16": "e", "i64": "q", "i32": "i", "i16": "h", "i8": "b",
    "u64": "Q", "u32": "I", "u16": "H", "u8": "B", "bool": "?",
}  # fmt: skip


def pack_elements(values: Sequence[Any], dtype: str, shape: Sequence[int]) -> bytes | None:
    """Little-endian bytes of the elements; None for a dtype whose elements no rule reads."""
    if math.prod(shape) != len(values):
        message = "the lists of a constant differ in length"
        raise ShapeError(message, code="constant-ragged", facts={"shape": str(list(shape))})
    if dtype == "string":
        return pack_texts(values)
    letter = _PACK.get(dtype)
    if letter is None:
        return None
    try:
        return struct.pack(f"<{len(values)}{letter}", *values)
    except (struct.error, OverflowError) as error:
        message = f"the elements of a constant do not fit {dtype}: {error}"
        raise ShapeError(message, code="constant-range") from None


def pack_texts(values: Sequence[str | bytes]) -> bytes:
    """Strings as the core keeps those of a constant: each after its length in four bytes."""
    texts = [value.encode() if isinstance(value, str) else value for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
