"""The ONNX reader: whole networks equal what `onnx` reads; constants and types at their edges."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnx_models import f32, faults, model, node, read, values, varint
from shapewright import _core

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = sorted((ROOT / "examples").glob("*.onnx")) + sorted(
    (ROOT / "../shared/data/zoo").resolve().glob("*.onnx")
)
MAX_ELEMENTS, MAX_FLOAT_ELEMENTS = 1024, 64
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16}
INTS = {TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL, TensorProto.UINT8}


# --- equal to `onnx` ---


def same_attr(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, bytes):
        return bool(ours == theirs.decode())
    if isinstance(theirs, onnx.TensorProto):
        return bool(ours.dims == list(theirs.dims))
    if isinstance(theirs, (int, float)):
        return bool(ours == theirs)
    return bool(list(ours) == list(theirs))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_network_is_read_as_onnx_reads_it(path: Path) -> None:
    theirs = onnx.load(path, load_external_data=False).graph
    ours = _core.read_onnx_file(str(path))
    assert ours.faults == []

    constants = {tensor.name: tensor for tensor in theirs.initializer}
    by_name = values(ours)
    assert {v.name for v in ours.values if v.kind == "param"} == set(constants)
    for name, tensor in constants.items():
        constant = by_name[name].constant
        assert constant.dims == list(tensor.dims)
        if tensor.data_location == TensorProto.EXTERNAL:
            assert constant.data is None
        elif np.prod(tensor.dims) <= (
            MAX_FLOAT_ELEMENTS if tensor.data_type in FLOATS else MAX_ELEMENTS
        ):
            assert constant.data == numpy_helper.to_array(tensor).tobytes()

    assert [v.name for v in ours.inputs] == [
        v.name for v in theirs.input if v.name not in constants
    ]
    assert [v.name for v in ours.outputs] == [v.name for v in theirs.output]
    assert len(ours.nodes) == len(theirs.node)
    for mine, other in zip(ours.nodes, theirs.node, strict=True):
        assert (mine.name, mine.op, mine.domain) == (other.name, other.op_type, other.domain)
        assert mine.inputs == [name or None for name in other.input]
        assert mine.outputs == [name or None for name in other.output]
        attrs = mine.attrs
        assert list(attrs) == [attr.name for attr in other.attribute]
        for attr in other.attribute:
            assert same_attr(attrs[attr.name], helper.get_attribute_value(attr)), attr.name


def test_node_fields() -> None:
    proto = model(
        [
            node("Relu", ["x"], ["r"], "first"),
            node("Clip", ["r", "", "m"], ["y"], "second", domain="ai.onnx"),
        ],
        initializers=[helper.make_tensor("m", TensorProto.FLOAT, [], [6.0])],
    )
    scopes = proto.graph.node[0].metadata_props.add()
    scopes.key, scopes.value = "pkg.torch.onnx.name_scopes", "['', 'net', 'net.act', 'relu_1']"
    spaces = proto.graph.node[1].metadata_props.add()
    spaces.key, spaces.value = "namespace", ": Net/net: Inner/net.clip: Clip/clip: aten.clip"
    graph = read(proto)
    first, second = graph.nodes
    assert (first.scope, second.scope) == ("net.act", "net.clip")
    assert second.inputs == ["r", None, "m"]
    assert (second.domain, second.version, second.index) == ("", 20, 1)
    serialised = proto.SerializeToString()
    assert serialised[first.byte_offset :].startswith(b"\x0a\x01x")
    assert values(graph)["m"].constant.reals() == [6.0]
    assert (graph.ir_version, graph.opsets, graph.name) == (10, [("", 20)], "g")


def test_every_kind_of_attribute() -> None:
    attrs: dict[str, Any] = {
        "i": -3,
        "f": 0.5,
        "s": "text",
        "ints": [1, -(2**63), 2**63 - 1],
        "floats": [0.5, -1.5],
        "strings": ["a", "b"],
    }
    made = node("Any", ["x"], ["y"], **attrs)
    made.attribute.append(helper.make_attribute("empty", [], attr_type=onnx.AttributeProto.INTS))
    tensor = helper.make_tensor("t", TensorProto.INT64, [2], [7, 8])
    made.attribute.append(helper.make_attribute("tensor", tensor))
    for packed in (False, True):
        if packed:  # proto3 writers pack numbers
            ints = made.attribute[3]
            ints.ClearField("ints")
            ints.MergeFromString(b"\x42\x03\x01\x02\x03")
            attrs["ints"] = [1, 2, 3]
        ours = read(model([made])).nodes[0].attrs
        assert {name: ours[name] for name in attrs} == attrs
        assert ours["empty"] == []
        assert ours["tensor"].ints() == [7, 8]


def test_attribute_kind_is_what_is_there() -> None:
    no_type = helper.make_attribute("axis", 3)
    no_type.ClearField("type")
    wrong_type = helper.make_attribute("alpha", 0.5)
    wrong_type.type = onnx.AttributeProto.INT
    zero_left_out = helper.make_attribute("keep", 0)
    zero_left_out.ClearField("i")
    made = node("Any", ["x"], ["y"])
    made.attribute.extend([no_type, wrong_type, zero_left_out])
    assert read(model([made])).nodes[0].attrs == {"axis": 3, "alpha": 0.5, "keep": 0}


def test_equal_attributes_in_parts_are_read_alike() -> None:
    """Attributes that do not stand in one run of bytes are still all read."""
    made = node("Any", ["x"], ["y"], a=1)
    split = made.SerializeToString() + b"\x3a\x04none" + node("", [], [], b=2).SerializeToString()
    proto = model([])
    raw = proto.graph.SerializeToString() + b"\x0a" + bytes([len(split)]) + split
    proto.graph.ParseFromString(raw)
    text = b"\x08\x0a\x42\x04\x0a\x00\x10\x14" + b"\x3a" + varint(len(raw)) + raw
    assert _core.read_onnx(text).nodes[0].attrs == {"a": 1, "b": 2}


# --- constants ---


TYPED = [
    (TensorProto.FLOAT, [1.5, -2.0], "f32"),
    (TensorProto.DOUBLE, [1.5, -2.0], "f64"),
    (TensorProto.FLOAT16, [1.5, -2.0], "f16"),
    (TensorProto.BFLOAT16, [1.5, -2.0], "bf16"),
    (TensorProto.FLOAT8E4M3FN, [1.5, -2.0], "f8e4m3"),
    (TensorProto.FLOAT8E4M3FNUZ, [1.5, -2.0], "f8e4m3fnuz"),
    (TensorProto.FLOAT8E5M2, [1.5, -2.0], "f8e5m2"),
    (TensorProto.FLOAT8E5M2FNUZ, [1.5, -2.0], "f8e5m2fnuz"),
    (TensorProto.FLOAT4E2M1, [1.5, -2.0, 6.0], "f4e2m1"),
    (TensorProto.INT64, [1, -2], "i64"),
    (TensorProto.INT32, [1, -2], "i32"),
    (TensorProto.INT16, [1, -2], "i16"),
    (TensorProto.INT8, [1, -2], "i8"),
    (TensorProto.INT4, [1, -2, 7], "i4"),
    (TensorProto.UINT64, [1, 2**63 - 1], "u64"),
    (TensorProto.UINT32, [1, 2**32 - 1], "u32"),
    (TensorProto.UINT16, [1, 2**16 - 1], "u16"),
    (TensorProto.UINT8, [1, 255], "u8"),
    (TensorProto.UINT4, [1, 15, 3], "u4"),
    (TensorProto.BOOL, [1, 0], "bool"),
]


@pytest.mark.parametrize(("code", "elements", "name"), TYPED, ids=[row[2] for row in TYPED])
@pytest.mark.parametrize("raw", [False, True], ids=["typed", "raw"])
def test_constant_elements(code: int, elements: list[Any], name: str, raw: bool) -> None:
    tensor = helper.make_tensor("w", code, [len(elements)], elements)
    if raw:
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor), "w")
        assert tensor.raw_data
    graph = read(model([node("Relu", ["x"], ["y"])], initializers=[tensor]))
    assert graph.faults == []
    constant = values(graph)["w"].constant
    assert (constant.dtype, constant.dims) == (name, [len(elements)])
    assert (constant.reals() or constant.ints()) == elements


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize(("code", "name"), [(27, "f6e2m3"), (28, "f6e3m2")])
def test_six_bits_are_packed_without_gaps(code: int, name: str, count: int) -> None:
    data = bytes(-(-6 * count // 8))
    tensor = TensorProto(name="w", data_type=code, dims=[count], raw_data=data)
    graph = read(model([node("Relu", ["x"], ["y"])], initializers=[tensor]))
    constant = values(graph)["w"].constant
    assert graph.faults == []
    assert (constant.dtype, constant.dims) == (name, [count])
    tensor.raw_data = data + b"\0"
    graph = read(model([node("Relu", ["x"], ["y"])], initializers=[tensor]))
    assert [fault["code"] for fault in graph.faults] == ["constant-data-size"]


def test_names_outlive_the_file(tmp_path: Path) -> None:
    def write(name: str) -> None:
        relu = node("Relu", ["x"], [name], f"node_{name}")
        onnx.save(model([relu, node("Identity", [name], ["y"], "last")]), tmp_path / "m.onnx")

    write("aaaa")
    first = _core.read_onnx_file(str(tmp_path / "m.onnx"))
    write("bbbb")
    second = _core.read_onnx_file(str(tmp_path / "m.onnx"))
    assert [g.nodes[0].name for g in (first, second)] == ["node_aaaa", "node_bbbb"]
    kept = first.nodes[0]
    del first
    _core.read_onnx_file(str(tmp_path / "m.onnx"))
    assert (kept.name, kept.outputs) == ("node_aaaa", ["aaaa"])


SIX_BITS = [
    ("f6e2m3", [0x00, 0x08, 0x2C, 0x1F], [0.0, 1.0, -1.5, 7.5]),
    ("f6e3m2", [0x01, 0x0C, 0x2E, 0x1F], [0.0625, 1.0, -1.5, 28.0]),
]


@pytest.mark.parametrize(("name", "codes", "elements"), SIX_BITS, ids=[row[0] for row in SIX_BITS])
def test_elements_of_six_bits(name: str, codes: list[int], elements: list[float]) -> None:
    stream = sum(code << 6 * i for i, code in enumerate(codes))
    data = _core.TensorData(name, [4], stream.to_bytes(3, "little"))
    assert data.reals() == elements


@pytest.mark.parametrize(
    ("dtype", "count", "kept"),
    [("int64", 1024, True), ("int64", 1025, False), ("float32", 64, True), ("float32", 65, False)],
)
def test_only_small_constants_are_kept(dtype: str, count: int, kept: bool) -> None:
    tensor = numpy_helper.from_array(np.zeros(count, dtype), "w")
    constant = values(read(model([], initializers=[tensor])))["w"].constant
    assert constant.dims == [count]
    assert (constant.data is not None) == kept


def test_empty_and_absent_data() -> None:
    empty = helper.make_tensor("empty", TensorProto.INT64, [0], [])
    stripped = TensorProto(name="stripped", data_type=TensorProto.FLOAT, dims=[3, 4])
    graph = read(model([], initializers=[empty, stripped]))
    assert values(graph)["empty"].constant.data == b""
    assert values(graph)["stripped"].constant.data is None
    assert faults(graph) == ["output-undefined"]


@pytest.mark.parametrize("dims", [[3], [1, 2, 2], [0]])
def test_data_of_wrong_size(dims: list[int]) -> None:
    for tensor in (
        TensorProto(name="w", data_type=TensorProto.INT64, dims=dims, raw_data=bytes(16)),
        TensorProto(name="w", data_type=TensorProto.INT64, dims=dims, int64_data=[1, 2]),
    ):
        graph = read(model([node("Relu", ["x"], ["y"])], initializers=[tensor]))
        assert faults(graph) == ["constant-data-size"]
        assert values(graph)["w"].constant.data is None


@pytest.mark.parametrize(
    ("dims", "code"), [([-1, 3], "negative-dim"), ([2**40, 2**40], "dim-overflow")]
)
def test_constant_without_a_size(dims: list[int], code: str) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    graph = read(model([node("Add", ["x", "w"], ["y"])], initializers=[tensor]))
    assert faults(graph) == [code]
    assert values(graph)["w"].kind == "result"
    assert values(graph)["w"].producer is None


def test_unknown_element_type() -> None:
    tensor = TensorProto(name="w", data_type=99, dims=[3], raw_data=bytes(3))
    assert faults(read(model([node("Add", ["x", "w"], ["y"])], initializers=[tensor]))) == [
        "dtype-unknown"
    ]


def test_sparse_initializer_has_its_dense_shape() -> None:
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0]),
        helper.make_tensor("i", TensorProto.INT64, [2], [3, 5]),
        [4, 7],
    )
    proto = model([node("Add", ["x", "w"], ["y"])])
    proto.graph.sparse_initializer.append(sparse)
    graph = read(proto)
    constant = values(graph)["w"].constant
    assert (constant.dtype, constant.dims, constant.data) == ("f32", [4, 7], None)
    assert graph.faults == []


# --- external data ---


def external(location: str, offset: int = 0, length: int = 16) -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.INT64, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return tensor


def external_ints(tensor: onnx.TensorProto, directory: Path | str) -> list[int]:
    proto = model([node("Add", ["x", "w"], ["y"])], initializers=[tensor])
    graph = read(proto, str(directory))
    assert graph.faults == []
    ints: list[int] = values(graph)["w"].constant.ints()
    return ints


def test_small_external_constants_are_read(tmp_path: Path) -> None:
    inner = tmp_path / "model"
    (inner / "sub").mkdir(parents=True)
    (inner / "sub" / "w.bin").write_bytes(np.arange(3).tobytes())
    assert external_ints(external("sub/w.bin", 8), inner) == [1, 2]
    assert external_ints(external("sub/w.bin", 8), "") == []
    proto = model([node("Add", ["x", "w"], ["y"])], initializers=[external("sub/w.bin")])
    (inner / "m.onnx").write_bytes(proto.SerializeToString())
    assert values(_core.read_onnx_file(str(inner / "m.onnx")))["w"].constant.ints() == [0, 1]


@pytest.mark.parametrize(
    "location",
    ["../secret.bin", "sub/../../secret.bin", "link.bin", "away/secret.bin", "sub", "no"],
)
def test_external_data_stays_in_its_directory(tmp_path: Path, location: str) -> None:
    inner = tmp_path / "model"
    (inner / "sub").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    (inner / "link.bin").symlink_to(tmp_path / "secret.bin")
    (inner / "away").symlink_to(tmp_path)
    assert external_ints(external(location), inner) == []


def test_external_data_outside_its_file(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(16))
    assert external_ints(external("w.bin"), tmp_path) == [0, 0]
    assert external_ints(external("w.bin", 1), tmp_path) == []
    assert external_ints(external("w.bin", -1), tmp_path) == []
    assert external_ints(external("w.bin", 2**62), tmp_path) == []
    assert external_ints(external(str(tmp_path / "w.bin")), tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_of_external_data_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.bin")
    proto = model([node("Add", ["x", "w"], ["y"])], initializers=[external("w.bin")])
    (tmp_path / "m.onnx").write_bytes(proto.SerializeToString())
    asked = """if True:
        import sys
        from shapewright import _core
        graph = _core.read_onnx_file(sys.argv[1])
        (w,) = [value for value in graph.values if value.name == "w"]
        print(graph.faults, w.constant.data)
    """
    command = [sys.executable, "-c", asked, str(tmp_path / "m.onnx")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[] None"


# --- inputs, outputs, declared types ---


def test_declared_types() -> None:
    inputs = [
        f32("a", ["N", 3, None, "2*L + 1"]),
        f32("b", None),
        f32("c", []),
        helper.make_tensor_sequence_value_info("d", TensorProto.INT64, ["T"]),
        helper.make_value_info(
            "e",
            helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.BOOL, [2])),
        ),
        helper.make_value_info(
            "f",
            helper.make_map_type_proto(
                TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [2])
            ),
        ),
    ]
    inputs[0].type.tensor_type.shape.dim[2].dim_param = ""
    graph = read(model([node("Identity", ["a"], ["y"])], inputs))
    assert [value.declared for value in graph.inputs] == [
        "f32[N, 3, ?, 2*L + 1]",
        "f32[...]",
        "f32[]",
        "seq(i64[T])",
        "optional(bool[2])",
        "map(f32[2])",
    ]


def test_output_declaration_stands_over_value_info() -> None:
    proto = model([node("Relu", ["x"], ["y"])], outputs=[f32("y", ["M", 4])])
    proto.graph.value_info.extend([f32("y", [1, 4]), f32("nowhere", [1])])
    graph = read(proto)
    assert values(graph)["y"].declared == "f32[M, 4]"
    assert graph.faults == []


def test_negative_declared_dim() -> None:
    graph = read(model([node("Relu", ["x"], ["y"])], [f32("x", [-2, 4])]))
    assert faults(graph) == ["negative-dim"]
    assert graph.inputs[0].declared == "f32[?, 4]"


@pytest.mark.parametrize("ir_version", [3, 10])
def test_initializers_listed_as_inputs_are_params(ir_version: int) -> None:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [4], [1.0] * 4)
    proto = model(
        [node("Add", ["x", "w"], ["y"])],
        [f32("w", [4]), f32("x", ["N", 4])],
        initializers=[weight],
        ir_version=ir_version,
    )
    graph = read(proto)
    assert [value.name for value in graph.inputs] == ["x"]
    assert values(graph)["w"].kind == "param"
    assert graph.faults == []
