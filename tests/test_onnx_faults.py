"""Bad ONNX files: each a typed error or a fault that names the thing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto

from onnx_models import f32, faults, field, model, node, read, values, varint
from shapewright import _core
from shapewright.errors import FormatError, LimitExceeded, ModelError

# --- wrong graphs: faults ---


def test_undefined_value_names_the_nearest() -> None:
    graph = read(model([node("Relu", ["x"], ["hidden"]), node("Relu", ["hiden"], ["y"], "r2")]))
    (fault,) = graph.faults
    assert (fault["code"], fault["node"], fault["is_error"]) == ("value-undefined", "r2", True)
    assert fault["message"] == "node 1 'r2' (Relu) reads 'hiden', which nothing defines"
    assert fault["hint"] == "did you mean 'hidden'?"
    assert values(graph)["hiden"].producer is None


def test_undefined_value_has_no_far_fetched_hint() -> None:
    graph = read(model([node("Relu", ["x"], ["conv_1"]), node("Relu", ["conv_2"], ["y"])]))
    assert graph.faults[0]["hint"] == ""


def test_value_defined_twice() -> None:
    graph = read(model([node("Relu", ["x"], ["y"], "a"), node("Tanh", ["x"], ["y"], "b")]))
    (fault,) = graph.faults
    assert (fault["code"], fault["node"]) == ("value-redefined", "b")
    assert graph.outputs[0].producer.name == "a"


def test_node_defines_an_input() -> None:
    assert faults(read(model([node("Relu", ["x"], ["x"])], outputs=[f32("x", None)]))) == [
        "value-redefined"
    ]


def test_cycle_is_named() -> None:
    graph = read(
        model(
            [node("Add", ["x", "b"], ["a"], "one"), node("Relu", ["a"], ["b"], "two")], outputs=[]
        )
    )
    (fault,) = graph.faults
    assert fault["code"] == "graph-cycle"
    assert dict(fault["facts"])["cycle"] == "one -> two -> one"
    assert len(graph.nodes) == 2


def test_unsorted_graph_is_sorted() -> None:
    graph = read(
        model(
            [
                node("Relu", ["b"], ["y"], "third"),
                node("Relu", ["x"], ["a"], "first"),
                node("Relu", ["a"], ["b"], "second"),
            ]
        )
    )
    assert [made.name for made in graph.nodes] == ["first", "second", "third"]
    (fault,) = graph.faults
    assert (fault["code"], fault["is_error"]) == ("graph-unsorted", False)


def test_output_that_no_node_makes() -> None:
    graph = read(model([node("Relu", ["x"], ["logits"])], outputs=[f32("logit", None)]))
    assert faults(graph) == ["output-undefined"]
    assert graph.faults[0]["hint"] == "did you mean 'logits'?"


def test_node_without_operator() -> None:
    assert faults(read(model([node("", ["x"], ["y"])]))) == ["node-without-op"]


@pytest.mark.parametrize(("ir_version", "assumed"), [(8, 18), (7, 14), (3, 8), (99, 28)])
def test_missing_opset(ir_version: int, assumed: int) -> None:
    proto = model([node("Relu", ["x"], ["y"])], ir_version=ir_version)
    del proto.opset_import[:]
    graph = read(proto)
    assert faults(graph) == ["opset-missing"]
    assert graph.nodes[0].version == assumed


def test_domain_without_opset_has_version_0() -> None:
    graph = read(model([node("Gelu", ["x"], ["y"], domain="com.acme")]))
    assert (graph.nodes[0].domain, graph.nodes[0].version) == ("com.acme", 0)


def test_faults_are_bounded() -> None:
    graph = read(model([node("Relu", [f"q{i}"], [f"r{i}"]) for i in range(1000)], outputs=[]))
    assert len(graph.faults) == 257
    assert graph.faults[-1]["message"] == "744 more faults are not listed"


def test_names_that_are_not_utf8() -> None:
    data = model([node("Relu", ["x"], ["y"], "nameless")]).SerializeToString()
    graph = _core.read_onnx(data.replace(b"nameless", b"n\xffm\xc3\xa9\xe2\x82!"))
    assert graph.nodes[0].name == "n\ufffdm\u00e9\ufffd\ufffd!"


# --- files that are not read ---


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"# A model\nlayers: 3\n", "a text file"),
        (b'{"model": 1}', "a text file"),
        (b"PK\x03\x04" + bytes(40), "a zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
        (b"\x80\x02}q\x00.", "pickle"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (bytes(100), "a file of zeros"),
        (b"\x7fELF\x02\x01\x01" + bytes(40), "ELF"),
        (b"\xff\xfe\xfd" * 20, "some other binary file"),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"a": {}      }' + bytes(8), "safetensors"),
    ],
)
def test_not_onnx(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words) as caught:
        _core.read_onnx_file(str(path))
    assert caught.value.code == "not-onnx"
    assert caught.value.facts["path"] == str(path)
    assert str(path) in caught.value.message


def test_truncated_file_tells_where() -> None:
    data = model([node("Relu", ["x"], ["y"])]).SerializeToString()
    opset_bytes = len(b"\x42\x04\x0a\x00\x10\x14")  # it comes last
    for end in range(3, len(data)):
        if end == len(data) - opset_bytes:
            assert faults(_core.read_onnx(data[:end])) == ["opset-missing"]
            continue
        with pytest.raises(FormatError) as caught:
            _core.read_onnx(data[:end], "cut.onnx")
        if caught.value.code == "onnx-no-graph":
            continue
        assert caught.value.code == "onnx-truncated"
        assert int(caught.value.facts["byte offset"]) < end


def test_malformed_file_tells_where() -> None:
    data = bytearray(model([node("Relu", ["x"], ["y"])]).SerializeToString())
    at = data.index(b"Relu") - 1
    data[at] = 0x7F  # a length that runs past its node, not past the file
    with pytest.raises(FormatError) as caught:
        _core.read_onnx(bytes(data) + field(6, bytes(200)), "bad.onnx")
    assert caught.value.code == "onnx-malformed"
    assert int(caught.value.facts["byte offset"]) == at - 1


def test_model_without_graph() -> None:
    proto = onnx.ModelProto(ir_version=10)
    with pytest.raises(FormatError) as caught:
        read(proto)
    assert caught.value.code == "onnx-no-graph"


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes(model([]).SerializeToString())
    with pytest.raises(ModelError) as caught:
        _core.read_onnx_file(str(tmp_path / "encodr.onnx"))
    assert caught.value.code == "file-unreadable"
    assert str(tmp_path / "encoder.onnx") in caught.value.hint
    with pytest.raises(ModelError, match="directory"):
        _core.read_onnx_file(str(tmp_path))


def test_rank_limit() -> None:
    for proto in (
        model([], [f32("x", [1] * 65)]),
        model([], initializers=[TensorProto(name="w", data_type=1, dims=[1] * 65)]),
    ):
        with pytest.raises(LimitExceeded) as caught:
            read(proto)
        assert caught.value.code == "rank-limit"


def test_name_limit() -> None:
    with pytest.raises(LimitExceeded) as caught:
        read(model([node("Relu", ["x"], ["y"], "n" * 70_000)]))
    assert caught.value.code == "name-length"


def test_file_beyond_2_gigabytes(tmp_path: Path) -> None:
    weight_bytes = 3 * 2**30
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3 * 2**18, 1024])
    head = tensor.SerializeToString() + b"\x4a" + varint(weight_bytes)
    body = model([node("MatMul", ["x", "w"], ["y"])]).graph.SerializeToString()
    field = b"\x2a" + varint(len(head) + weight_bytes) + head
    start = b"\x08\x0a\x42\x04\x0a\x00\x10\x14\x3a"
    start += varint(len(body) + len(field) + weight_bytes) + body + field
    path = tmp_path / "large.onnx"
    try:
        with path.open("wb") as file:
            file.write(start)
            file.truncate(len(start) + weight_bytes)
    except OSError as error:
        pytest.skip(f"no room for a sparse file: {error}")
    graph = _core.read_onnx_file(str(path))
    assert graph.faults == []
    assert values(graph)["w"].constant.dims == [3 * 2**18, 1024]
    with path.open("r+b") as file:
        file.truncate(len(start) + weight_bytes - 1)
    with pytest.raises(FormatError) as caught:
        _core.read_onnx_file(str(path))
    assert caught.value.code == "onnx-truncated"


def test_size_limits() -> None:
    nameless = field(7, b"\x0a\x00" * (2**21 + 1))
    attributes: dict[str, Any] = {f"a{i}": i for i in range(1025)}
    many_attributes = node("Any", ["x"], ["y"], **attributes)
    for data in (nameless, model([many_attributes]).SerializeToString()):
        with pytest.raises(LimitExceeded) as caught:
            _core.read_onnx(b"\x08\x0a" + data if data is nameless else data)
        assert caught.value.code == "graph-size"


def test_path_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/m\xff.onnx"
    with pytest.raises(ModelError, match=r"m\\xff.onnx"):
        _core.read_onnx_file(path)
    Path(os.fsdecode(path)).write_bytes(model([node("Relu", ["x"], ["y"])]).SerializeToString())
    assert _core.read_onnx_file(os.fsdecode(path)).source.endswith("m\ufffd.onnx")
