"""Small models that crash readers and rules which trust them, a row for each way.

Ranks that do not fit, operands that are missing, divisors of zero, sizes near 2^63, attributes of
the wrong kind, data of the wrong length, cycles, lists that are too long. The seeds of the fuzzers,
and rows of a test: each is answered by findings or by a typed error.
"""

from __future__ import annotations

from collections.abc import Iterable

from onnx_models import field, varint
from onnx_wire import (
    BOOL,
    F32,
    I64,
    attr_graph,
    attr_int,
    attr_ints,
    attr_text,
    body,
    constant,
    i64s,
    integer,
    model,
    node,
    split_nodes,
    text,
    typed,
    varint_sized,
)  # fmt: skip

BIG = 2**62
MAX, MIN = 2**63 - 1, -(2**63)


def attr_float(name: str, raw: bytes = b"\0\0\x80\x3f") -> bytes:
    return field(5, text(1, name) + b"\x15" + raw + b"\xa0\x01\x01")


def one(
    op: str,
    types: Iterable[bytes],
    *rest: bytes,
    names: Iterable[str] = (),
    outputs: Iterable[str] = ("y",),
    data: bytes = b"",
) -> bytes:
    """A model of one node; operands are its inputs `a`, `b`, ..., or those of `names`."""
    types, outputs = list(types), list(outputs)
    operands = list(names) or ["a", "b", "c", "d", "e", "f"][: len(types)]
    return model([node(op, operands, outputs, *rest)], types, outputs[:1], data)


def f32(name: str, *dims: int | str) -> bytes:
    return typed(name, F32, dims)


def i64(name: str, *dims: int | str) -> bytes:
    return typed(name, I64, dims)


def function(name: str, nodes: bytes, inputs: Iterable[str] = ("a",)) -> bytes:
    made = b"".join(field(7, part) for part in split_nodes(nodes))
    head = text(1, name) + b"".join(text(4, n) for n in inputs) + text(5, "r") + text(10, "f")
    return b"\xca\x01" + varint_sized(head + made + field(9, integer(2, 20)))


def call(name: str, inputs: Iterable[str], outputs: Iterable[str]) -> bytes:
    return node(name, inputs, outputs, text(7, "f"))


def branches(nodes: bytes, output: str) -> list[bytes]:
    block = body(nodes, outputs=[output])
    return [attr_graph("then_branch", block), attr_graph("else_branch", block)]


def raw(code: int, dims: Iterable[int], data: bytes) -> bytes:
    return constant("k", code, dims, data)


X2, W4 = f32("a", "N", 4), f32("b", 3, 4, 3, 3)

MODELS: dict[str, bytes] = {
    # ranks
    "conv: weight of another rank": one("Conv", [f32("a", 1, 4, 8, 8), f32("b", 3, 4, 3)]),
    "conv: a vector": one("Conv", [f32("a", 4), f32("b", 3, 4, 3, 3)]),
    "conv: a scalar": one("Conv", [f32("a"), f32("b")]),
    "conv: strides of another rank": one(
        "Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("strides", [2])
    ),
    "pool: kernel of another rank": one(
        "MaxPool", [f32("a", 1, 4, 8)], attr_ints("kernel_shape", [2, 2])
    ),
    "gemm: vectors": one("Gemm", [f32("a", 4), f32("b", 4), f32("c")]),
    "einsum: a scalar": one("Einsum", [f32("a")], attr_text("equation", "ij->ji")),
    "einsum: no equation at all": one("Einsum", [f32("a", 2)], attr_text("equation", "")),
    "rnn: rank 2": one("LSTM", [f32("a", 2, 3), f32("b", 1, 16, 3), f32("c", 1, 16, 4)]),
    "gru: rank 0": one("GRU", [f32("a"), f32("b"), f32("c")]),
    "gather: a scalar": one("Gather", [f32("a"), i64("b", 2)]),
    "matmul: scalars": one("MatMul", [f32("a"), f32("b")]),
    "transpose: perm of another rank": one("Transpose", [X2], attr_ints("perm", [2, 1, 0])),
    "transpose: repeated perm": one("Transpose", [X2], attr_ints("perm", [1, 1])),
    "layer norm: axis out of range": one(
        "LayerNormalization", [X2, f32("b", 4)], attr_int("axis", 7)
    ),
    "softmax: axis near 2^63": one("Softmax", [X2], attr_int("axis", MIN)),
    "rank 70": one("Relu", [f32("a", *range(1, 71))]),
    # operands
    "no operands": one("Add", [], names=["", ""]),
    "one operand too few": one("Concat", [], attr_int("axis", 0), names=[""]),
    "an optional one omitted": one(
        "Clip",
        [
            f32("a", 2),
            f32(
                "c",
            ),
        ],
        names=["a", "", "c"],
    ),
    "too many operands": one("Relu", [f32("a"), f32("b"), f32("c")]),
    "too many outputs": one("Relu", [X2], outputs=[f"y{i}" for i in range(100)]),
    "no outputs": one("Relu", [X2], outputs=[]),
    "no type": one("MatMul", [text(1, "a"), text(1, "b")]),
    "an empty type": one("Relu", [text(1, "a") + field(2, b"")]),
    "an element type that there is not": one("Relu", [typed("a", 99, [2])]),
    "a sequence where a tensor is meant": one(
        "Relu", [text(1, "a") + field(2, field(4, field(1, field(1, integer(1, F32)))))]
    ),
    "a sequence of sequences": one(
        "Identity", [text(1, "a") + field(2, field(4, field(1, field(4, field(1, b"")))))]
    ),
    # zeros
    "conv: stride 0": one("Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("strides", [0, 0])),
    "conv: dilation 0": one("Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("dilations", [0, 1])),
    "conv: group 0": one("Conv", [f32("a", 1, 4, 8, 8), W4], attr_int("group", 0)),
    "conv: group negative": one("Conv", [f32("a", 1, 4, 8, 8), W4], attr_int("group", MIN)),
    "depth to space: block 0": one(
        "DepthToSpace", [f32("a", 1, 4, 2, 2)], attr_int("blocksize", 0)
    ),
    "space to depth: block near 2^63": one(
        "SpaceToDepth", [f32("a", 1, 4, 2, 2)], attr_int("blocksize", MAX)
    ),
    "range: step 0": one("Range", [], names=["k", "k", "k"], data=raw(I64, [], i64s([0]))),
    "slice: step 0": one(
        "Slice", [X2], names=["a", "k", "k", "k", "k"], data=raw(I64, [1], i64s([0]))
    ),
    "slice: an empty axis": one(
        "Slice", [f32("a", 0, 4)], names=["a", "k", "k"], data=raw(I64, [2], i64s([MIN, MAX]))
    ),
    "div by zero elements": model(
        [
            node("Shape", ["a"], ["s"]),
            node("Div", ["s", "k"], ["t"]),
            node("ConstantOfShape", ["t"], ["y"]),
        ],
        [X2],
        rest=raw(I64, [1], i64s([0])),
    ),
    "mod by zero elements": model(
        [
            node("Shape", ["a"], ["s"]),
            node("Mod", ["s", "k"], ["t"]),
            node("ConstantOfShape", ["t"], ["y"]),
        ],
        [X2],
        rest=raw(I64, [1], i64s([0])),
    ),
    "lowest number by -1": model(
        [node("Div", ["k", "m"], ["t"]), node("ConstantOfShape", ["t"], ["y"])],
        [X2],
        rest=raw(I64, [1], i64s([MIN])) + constant("m", I64, [1], i64s([-1])),
    ),
    "split into 0": one("Split", [f32("a", 4)], attr_int("num_outputs", 0)),
    "topk of -1": one(
        "TopK", [f32("a", 4)], names=["a", "k"], outputs=["y", "z"], data=raw(I64, [1], i64s([-1]))
    ),
    "resize by 0": one(
        "Resize", [f32("a", 1, 1, 4, 4)], names=["a", "", "k"], data=raw(F32, [4], bytes(16))
    ),
    "resize by nan": one(
        "Resize",
        [f32("a", 1, 1, 4, 4)],
        names=["a", "", "k"],
        data=raw(F32, [4], b"\0\0\xc0\x7f" * 4),
    ),
    # large numbers
    "sizes near 2^63": one("Concat", [f32("a", BIG), f32("b", BIG)], attr_int("axis", 0)),
    "a product past 2^63": one("Flatten", [f32("a", BIG, BIG, BIG)], attr_int("axis", 2)),
    "negative sizes": one("Relu", [f32("a", MIN, -1)]),
    "pads near 2^63": one(
        "Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("pads", [MAX, MAX, MAX, MAX])
    ),
    "pads near -2^63": one(
        "Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("pads", [MIN, MIN, MIN, MIN])
    ),
    "dilations near 2^63": one(
        "Conv", [f32("a", 1, 4, 8, 8), W4], attr_ints("dilations", [MAX, MAX])
    ),
    "kernel near 2^63": one(
        "MaxPool",
        [f32("a", 1, 4, 8, 8)],
        attr_ints("kernel_shape", [MAX, MAX]),
        attr_ints("pads", [MAX] * 4),
    ),
    "scales near infinity": one(
        "Resize",
        [f32("a", 1, 1, 4, 4)],
        names=["a", "", "k"],
        data=raw(F32, [4], b"\xff\xff\x7f\x7f" * 4),
    ),
    "reshape past 2^63": one(
        "Reshape", [X2], names=["a", "k"], data=raw(I64, [3], i64s([BIG, BIG, -1]))
    ),
    "two -1 in a shape": one("Reshape", [X2], names=["a", "k"], data=raw(I64, [2], i64s([-1, -1]))),
    "a shape below -1": one("Reshape", [X2], names=["a", "k"], data=raw(I64, [2], i64s([MIN, 4]))),
    "expand past 2^63": one(
        "Expand", [X2], names=["a", "k"], data=raw(I64, [3], i64s([BIG, BIG, 4]))
    ),
    "tile past 2^63": one(
        "Tile", [f32("a", BIG)], names=["a", "k"], data=raw(I64, [1], i64s([BIG]))
    ),
    "tile by a negative": one("Tile", [X2], names=["a", "k"], data=raw(I64, [2], i64s([-3, MIN]))),
    "pad past 2^63": one("Pad", [X2], names=["a", "k"], data=raw(I64, [4], i64s([MAX] * 4))),
    "range past 2^63": one(
        "Range",
        [],
        names=["k", "m", "n"],
        data=raw(I64, [], i64s([MIN]))
        + constant("m", I64, [], i64s([MAX]))
        + constant("n", I64, [], i64s([1])),
    ),
    "one-hot of a depth near 2^63": one(
        "OneHot", [i64("a", 2), f32("c", 2)], names=["a", "k", "c"], data=raw(I64, [], i64s([MAX]))
    ),
    "constant of a shape of 10^18": one(
        "ConstantOfShape", [], names=["k"], data=raw(I64, [1], i64s([10**18]))
    ),
    "a shape as long as 10^12": one("ConstantOfShape", [i64("a", 10**12)]),
    "col2im of a long list": one("Col2Im", [f32("a", 1, 4, 4), i64("b", 10**12), i64("c", 10**12)]),
    "gather far out of range": one(
        "Gather", [X2], names=["a", "k"], data=raw(I64, [1], i64s([MIN]))
    ),
    "cumulative axis of 2^62": one(
        "CumSum", [X2], names=["a", "k"], data=raw(I64, [], i64s([BIG]))
    ),
    # attributes
    "a float where integers are meant": one(
        "Conv", [f32("a", 1, 4, 8, 8), W4], attr_float("strides")
    ),
    "a text where an integer is meant": one("Softmax", [X2], attr_text("axis", "1")),
    "an integer where a text is meant": one("Einsum", [X2], attr_int("equation", 1)),
    "an attribute without a value": one("Softmax", [X2], field(5, text(1, "axis"))),
    "an attribute without a name": one("Softmax", [X2], field(5, integer(3, 1))),
    "an attribute twice": one("Softmax", [X2], attr_int("axis", 0) + attr_int("axis", 9)),
    "a type that there is not": one("Cast", [X2], attr_int("to", 99)),
    "a type of 0": one("Cast", [X2], attr_int("to", 0)),
    # constants
    "data of another length": one("Identity", [], names=["k"], data=raw(I64, [4], i64s([1]))),
    "data that ends in an element": one("Identity", [], names=["k"], data=raw(I64, [1], b"\1\2\3")),
    "a scalar without data": one("Identity", [], names=["k"], data=raw(I64, [], b"")),
    "four bits, an odd number": one("Identity", [], names=["k"], data=raw(22, [3], b"\1")),
    "two bits": one("Identity", [], names=["k"], data=raw(25, [5], b"\1\2")),
    "dims past 2^63": one("Identity", [], names=["k"], data=raw(F32, [BIG, BIG], b"")),
    "negative dims": one("Identity", [], names=["k"], data=raw(F32, [-4], b"")),
    # blocks
    "if without branches": one("If", [typed("a", BOOL, [])]),
    "if with one branch": one(
        "If", [typed("a", BOOL, [])], branches(node("Relu", ["a"], ["t"]), "t")[0]
    ),
    "if with other outputs": one(
        "If",
        [typed("a", BOOL, [])],
        *branches(node("Identity", ["a"], ["t"]), "t"),
        outputs=["y", "z"],
    ),
    "scan of more inputs than there are": one(
        "Scan",
        [X2],
        attr_graph("body", body(b"", [text(1, "s")], ["s"])),
        attr_int("num_scan_inputs", 9),
    ),
    "scan of 2^63 inputs": one(
        "Scan",
        [X2],
        attr_graph("body", body(b"", [text(1, "s")], ["s"])),
        attr_int("num_scan_inputs", MIN),
    ),
    "loop with an empty body": one(
        "Loop", [i64("a"), typed("b", BOOL, []), X2], attr_graph("body", b"")
    ),
    "loop that reads itself": one(
        "Loop",
        [],
        attr_graph(
            "body", body(node("Identity", ["y"], ["c"]), [text(1, "i"), text(1, "d")], ["c"])
        ),
        names=["", ""],
    ),
    "body that reads what it defines later": one(
        "If",
        [typed("a", BOOL, [])],
        *branches(node("Relu", ["u"], ["t"]) + node("Neg", ["t"], ["u"]), "t"),
    ),
    # functions
    "function that calls itself": model(
        [call("F", ["x"], ["y"])], [f32("x", 2)], functions=function("F", call("F", ["a"], ["r"]))
    ),
    "functions in a circle through a body": model(
        [call("F", ["x"], ["y"])],
        [f32("x", 2)],
        functions=function("F", call("G", ["a"], ["r"]))
        + function("G", node("If", ["a"], ["r"], *branches(call("F", ["a"], ["t"]), "t"))),
    ),
    "function called with nothing": model(
        [call("F", [""], ["y"])],
        [f32("x", 2)],
        functions=function("F", node("Add", ["a", "a"], ["r"])),
    ),
    "function called with too much": model(
        [call("F", ["x"] * 5, ["y", "z"])],
        [f32("x", 2)],
        functions=function("F", node("Relu", ["a"], ["r"])),
    ),
    "function that makes nothing": model(
        [call("F", ["x"], ["y"])], [f32("x", 2)], functions=function("F", b"")
    ),
    # structure
    "a cycle": model(
        [node("Add", ["x", "v"], ["u"]), node("Relu", ["u"], ["v"])], [f32("x", 2)], ["v"]
    ),
    "a node that reads its result": model([node("Relu", ["y"], ["y"])], []),
    "a name defined twice": model([node("Relu", ["x"], ["y"])] * 2, [f32("x", 2)]),
    "no operator": one("", [X2]),
    "a node without anything": model([field(1, b"")], []),
    "no graph": integer(1, 10) + field(8, integer(2, 20)),
    "two graphs": model([node("Relu", ["x"], ["y"])], [f32("x", 2)]) * 2,
    "no opset": integer(1, 10) + field(7, node("Relu", ["x"], ["y"]) + field(11, f32("x", 2))),
    "an opset of 2^63": integer(1, 10)
    + field(7, node("Relu", ["x"], ["y"]) + field(11, f32("x", 2)))
    + field(8, integer(2, MAX)),
    "groups of fields nested": b"\x3b" * 200,
    "a length past the end": b"\x3a" + varint(2**40) + b"\0",
    "a length of 2^64": b"\x3a" + b"\xff" * 9 + b"\x01",
    "a varint without an end": b"\x08" + b"\xff" * 30,
    # sizes as texts
    "a size that is an expression": one("Relu", [f32("a", "2*L + max(3, N//2)", "N")]),
    "a size nested too deep": one("Relu", [f32("a", "(" * 5000 + "N" + ")" * 5000)]),
    "a size divided by zero": one("Relu", [f32("a", "N//0")]),
    "a size past 2^63": one("Relu", [f32("a", "N*9223372036854775807*9223372036854775807")]),
    "a power of 2^62": one("Relu", [f32("a", "N**4611686018427387904")]),
    "a size that is no expression": one("Relu", [f32("a", "::%$\n\0", "decoder.45_dim_1")]),
    "bytes that are no text": one(
        "Relu",
        [
            text(1, "a")
            + field(2, field(1, integer(1, F32) + field(2, field(1, field(2, b"\xff\xfe\xc0")))))
        ],
    ),
}
