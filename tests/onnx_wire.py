"""ONNX files written field by field: quick to make in any size, and able to be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onnx_models import field, varint

F32, I64, BOOL = 1, 7, 9


def integer(number: int, value: int) -> bytes:
    return bytes([number << 3]) + varint(value & (2**64 - 1))


def text(number: int, value: str) -> bytes:
    return field(number, value.encode())


def attr_int(name: str, value: int) -> bytes:
    return field(5, text(1, name) + integer(3, value) + b"\xa0\x01\x02")


def attr_ints(name: str, values: Iterable[int]) -> bytes:
    packed = b"".join(varint(v & (2**64 - 1)) for v in values)
    return field(5, text(1, name) + b"\x42" + varint(len(packed)) + packed + b"\xa0\x01\x07")


def attr_graph(name: str, graph: bytes) -> bytes:
    return field(5, text(1, name) + field(6, graph) + b"\xa0\x01\x05")


def attr_text(name: str, value: str) -> bytes:
    return field(5, text(1, name) + text(4, value) + b"\xa0\x01\x03")


def node(op: str, inputs: Iterable[str], outputs: Iterable[str], *rest: bytes) -> bytes:
    """A field of GraphProto; `rest` are attributes, or the domain."""
    names = b"".join(text(1, name) for name in inputs) + b"".join(text(2, n) for n in outputs)
    return field(1, names + text(4, op) + b"".join(rest))


def typed(name: str, code: int, dims: Iterable[int | str] | None) -> bytes:
    """A ValueInfoProto."""
    shape = b""
    if dims is not None:
        made = (integer(1, d) if isinstance(d, int) else text(2, d) for d in dims)
        shape = field(2, b"".join(field(1, dim) for dim in made))
    return text(1, name) + field(2, field(1, integer(1, code) + shape))


def constant(name: str, code: int, dims: Iterable[int], raw: bytes) -> bytes:
    """An initializer of GraphProto."""
    sizes = b"".join(integer(1, d) for d in dims)
    return field(5, sizes + integer(2, code) + text(8, name) + field(9, raw))


def i64s(values: Iterable[int]) -> bytes:
    return b"".join(v.to_bytes(8, "little", signed=True) for v in values)


def body(nodes: bytes, inputs: Iterable[bytes] = (), outputs: Iterable[str] = ()) -> bytes:
    ends = b"".join(field(12, text(1, name)) for name in outputs)
    return nodes + b"".join(field(11, value) for value in inputs) + ends


def model(
    nodes: Iterable[bytes] | bytes,
    inputs: Iterable[bytes] = (),
    outputs: Iterable[str] = ("y",),
    rest: bytes = b"",
    functions: bytes = b"",
) -> bytes:
    graph = body(nodes if isinstance(nodes, bytes) else b"".join(nodes), inputs, outputs) + rest
    opsets = field(8, integer(2, 20)) + field(8, text(1, "f") + integer(2, 1))
    return integer(1, 10) + field(7, text(2, "g") + graph) + opsets + functions


def varint_sized(payload: bytes) -> bytes:
    return varint(len(payload)) + payload


def split_nodes(nodes: bytes) -> Iterator[bytes]:
    """Payloads of a run of node fields."""
    at = 0
    while at < len(nodes):
        length = shift = 0
        at += 1
        while True:
            byte = nodes[at]
            length |= (byte & 0x7F) << shift
            shift += 7
            at += 1
            if byte < 0x80:
                break
        yield nodes[at : at + length]
        at += length
