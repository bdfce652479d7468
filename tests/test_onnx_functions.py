"""Bodies of If, Loop and Scan, and calls of model-local functions."""

from __future__ import annotations

from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

import shapewright as sw
from onnx_models import f32, faults, field, model, node, read
from shapewright import _core
from shapewright.errors import FormatError, LimitExceeded

# --- bodies ---


def branch(nodes: list[Any], outputs: list[str], inputs: list[Any] | None = None) -> Any:
    return helper.make_graph(nodes, "body", inputs or [], [f32(name, None) for name in outputs])


def test_body_reads_outer_values() -> None:
    then = branch([node("Relu", ["h"], ["t"])], ["t"])
    other = branch([node("Relu", ["x"], ["t"]), node("Relu", ["t"], ["u"])], ["u"])
    graph = read(
        model(
            [
                node("Relu", ["x"], ["h"]),
                node("If", ["c"], ["y"], "if", then_branch=then, else_branch=other),
            ],
            [f32("x", [4]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        )
    )
    assert graph.faults == []
    attrs = graph.nodes[1].attrs
    (inner,) = graph.block_nodes(attrs["then_branch"].index)
    assert (inner.inputs, inner.outputs) == (["h"], ["t"])
    assert [v.name for v in graph.block_outputs(attrs["else_branch"])] == ["u"]
    assert graph.num_blocks == 3


def test_body_shadows_an_outer_value() -> None:
    then = branch([node("Relu", ["x"], ["h"]), node("Relu", ["h"], ["t"])], ["t"])
    graph = read(
        model(
            [
                node("If", ["c"], ["z"], "if", then_branch=then, else_branch=then),
                node("Relu", ["x"], ["h"], "outer"),
                node("Add", ["h", "z"], ["y"], "last"),
            ],
            [f32("x", [4]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        )
    )
    assert faults(graph) == ["value-shadowed", "value-shadowed"]
    assert not graph.faults[0]["is_error"]
    producers = [v.producer.display_name for v in graph.values if v.name == "h" and v.block == 0]
    assert producers == ["outer"]


def test_unsorted_capture_moves_the_owner() -> None:
    then = branch([node("Relu", ["h"], ["t"])], ["t"])
    graph = read(
        model(
            [
                node("If", ["c"], ["y"], "if", then_branch=then, else_branch=then),
                node("Relu", ["x"], ["h"], "made"),
            ],
            [f32("x", [4]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        )
    )
    assert [made.name for made in graph.nodes] == ["made", "if"]
    assert faults(graph) == ["graph-unsorted"]


def nested(depth: int) -> bytes:
    """A model of If in If; by hand, since protobuf stops at its own depth."""
    graph = b""
    for _ in range(depth):
        attr = field(1, b"then_branch") + field(6, graph) + b"\xa0\x01\x05"
        graph = field(1, field(1, b"c") + field(4, b"If") + field(5, attr))
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, []).SerializeToString()
    return b"\x08\x0a\x42\x04\x0a\x00\x10\x14" + field(7, graph + field(11, condition))


def test_deep_bodies() -> None:
    graph = _core.read_onnx(nested(64))
    assert (graph.faults, graph.num_nodes, graph.num_blocks) == ([], 64, 65)
    for depth in (65, 2000):
        with pytest.raises(LimitExceeded, match="deeper than 64") as caught:
            _core.read_onnx(nested(depth))
        assert caught.value.code == "block-depth"


# --- functions ---


def function(
    name: str, inputs: list[str], outputs: list[str], nodes: list[Any], **fields: Any
) -> onnx.FunctionProto:
    imports = fields.pop(
        "opset_imports", [helper.make_opsetid("", 18), helper.make_opsetid("f", 1)]
    )
    return helper.make_function("f", name, inputs, outputs, nodes, imports, **fields)


def with_functions(nodes: list[Any], functions: list[onnx.FunctionProto], **fields: Any) -> Any:
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
    return model(nodes, functions=functions, opset_imports=imports, **fields)


def test_call_is_expanded() -> None:
    gelu = function(
        "Act",
        ["a", "b"],
        ["r"],
        [node("Mul", ["a", "b"], ["m"], "mul"), node("Relu", ["m"], ["r"])],
    )
    graph = read(
        with_functions(
            [
                node("Relu", ["x"], ["h"], "pre"),
                node("Act", ["h", "x"], ["k"], "act", domain="f"),
                node("Act", ["k", "x"], ["y"], domain="f"),
            ],
            [gelu],
        )
    )
    assert graph.faults == []
    assert [(n.name, n.op, n.inputs, n.outputs, n.version) for n in graph.nodes] == [
        ("pre", "Relu", ["x"], ["h"], 20),
        ("act/mul", "Mul", ["h", "x"], ["act/m"], 18),
        ("act/Relu_1", "Relu", ["act/m"], ["k"], 18),
        ("Act_2/mul", "Mul", ["k", "x"], ["Act_2/m"], 18),
        ("Act_2/Relu_1", "Relu", ["Act_2/m"], ["y"], 18),
    ]


def test_function_attributes() -> None:
    body = node("Any", ["a"], ["r"])
    for name, kind in (("given", "INT"), ("default", "INTS"), ("absent", "FLOAT")):
        attr = onnx.AttributeProto(name=f"body_{name}", ref_attr_name=name)
        attr.type = getattr(onnx.AttributeProto, kind)
        body.attribute.append(attr)
    made = function(
        "F",
        ["a"],
        ["r"],
        [body],
        attributes=["given", "absent"],
        attribute_protos=[helper.make_attribute("default", [1, 2])],
    )
    call = node("F", ["x"], ["y"], domain="f", given=5)
    graph = read(with_functions([call], [made]))
    assert graph.nodes[0].attrs == {"body_given": 5, "body_default": [1, 2]}
    call.attribute.append(helper.make_attribute("default", [9]))
    graph = read(with_functions([call], [made]))
    assert graph.nodes[0].attrs["body_default"] == [9]


def test_nested_calls_and_arguments() -> None:
    inner_node = node("Any", ["a"], ["r"], "n")
    inner_node.attribute.append(
        onnx.AttributeProto(name="v", ref_attr_name="p", type=onnx.AttributeProto.INT)
    )
    inner = function("Inner", ["a"], ["r"], [inner_node], attributes=["p"])
    call = node("Inner", ["b"], ["s"], "in", domain="f")
    call.attribute.append(
        onnx.AttributeProto(name="p", ref_attr_name="q", type=onnx.AttributeProto.INT)
    )
    outer = function("Outer", ["b"], ["s"], [call], attributes=["q"])
    graph = read(
        with_functions(
            [node("Outer", ["x"], ["y"], "out", domain="f", q=7)],
            [outer, inner],
        )
    )
    (made,) = graph.nodes
    assert (made.name, made.inputs, made.outputs, made.attrs) == (
        "out/in/n",
        ["x"],
        ["y"],
        {"v": 7},
    )


def test_omitted_operands_of_a_call() -> None:
    body = [node("Clip", ["a", "lo"], ["r"]), node("Relu", ["r"], ["unused"])]
    made = function("F", ["a", "lo"], ["r", "unused"], body)
    graph = read(with_functions([node("F", ["x"], ["y"], "c", domain="f")], [made]))
    assert graph.nodes[0].inputs == ["x", None]
    assert graph.nodes[1].outputs == ["c/unused"]


def test_input_handed_through_a_function() -> None:
    made = function("F", ["a"], ["a", "r", "r"], [node("Relu", ["a"], ["r"])])
    call = node("F", ["x"], ["p", "y", "z"], "c", domain="f")
    graph = read(with_functions([call], [made]))
    assert [(n.op, n.inputs, n.outputs) for n in graph.nodes] == [
        ("Relu", ["x"], ["y"]),
        ("Identity", ["x"], ["p"]),
        ("Identity", ["y"], ["z"]),
    ]
    assert graph.faults == []


def test_function_output_that_no_node_makes() -> None:
    made = function("F", ["a"], ["r"], [node("Relu", ["a"], ["q"])])
    graph = read(with_functions([node("F", ["x"], ["y"], domain="f")], [made]))
    assert faults(graph) == ["output-undefined"]


def test_call_with_too_many_inputs() -> None:
    made = function("F", ["a"], ["r"], [node("Relu", ["a"], ["r"])])
    graph = read(with_functions([node("F", ["x", "x"], ["y"], domain="f")], [made]))
    assert faults(graph) == ["function-arity"]


def test_function_does_not_see_the_values_of_its_caller() -> None:
    made = function("F", ["a"], ["r"], [node("Add", ["a", "x"], ["r"], "add")])
    graph = read(with_functions([node("F", ["x"], ["y"], "c", domain="f")], [made]))
    (fault,) = graph.faults
    assert (fault["code"], fault["node"]) == ("value-undefined", "c/add")
    assert dict(fault["facts"])["in function"] == "f.F"


def test_overload_is_honoured() -> None:
    made = [
        function("F", ["a"], ["r"], [node(op, ["a"], ["r"])], overload=overload)
        for overload, op in (("", "Relu"), ("tanh", "Tanh"))
    ]
    calls = [node("F", ["x"], ["h"], domain="f"), node("F", ["h"], ["y"], domain="f")]
    calls[1].overload = "tanh"
    assert [n.op for n in read(with_functions(calls, made)).nodes] == ["Relu", "Tanh"]


def test_function_stands_over_operator_and_inside_bodies() -> None:
    relu = function("Relu", ["a"], ["r"], [node("Tanh", ["a"], ["r"])])
    relu.domain = ""
    then = branch([node("Relu", ["x"], ["t"], "inner")], ["t"])
    graph = read(
        with_functions(
            [node("If", ["c"], ["y"], then_branch=then, else_branch=then)],
            [relu],
            inputs=[f32("x", [4]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        )
    )
    block = graph.nodes[0].attrs["then_branch"].index
    assert [n.op for n in graph.block_nodes(block)] == ["Tanh"]


def test_body_within_a_function() -> None:
    then = branch([node("Relu", ["a"], ["t"])], ["t"])
    made = function(
        "F", ["a", "c"], ["r"], [node("If", ["c"], ["r"], "if", then_branch=then, else_branch=then)]
    )
    graph = read(
        with_functions(
            [
                node("F", ["x", "c"], ["h"], "one", domain="f"),
                node("F", ["h", "c"], ["y"], "two", domain="f"),
            ],
            [made],
            inputs=[f32("x", [4]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        )
    )
    assert graph.faults == []
    inner = [graph.block_nodes(n.attrs["then_branch"].index)[0] for n in graph.nodes]
    assert [(n.inputs, n.outputs) for n in inner] == [(["x"], ["one/t"]), (["h"], ["two/t"])]


def test_recursive_function_names_its_cycle() -> None:
    first = function("A", ["a"], ["r"], [node("B", ["a"], ["r"], domain="f")])
    second = function("B", ["a"], ["r"], [node("A", ["a"], ["r"], domain="f")])
    with pytest.raises(FormatError) as caught:
        read(with_functions([node("A", ["x"], ["y"], domain="f")], [first, second]))
    assert caught.value.code == "function-cycle"
    assert caught.value.facts["cycle"] == "f.A -> f.B -> f.A"


def test_deep_calls() -> None:
    for depth, code in ((90, None), (120, "call-depth")):
        made = [function("F0", ["a"], ["r"], [node("Relu", ["a"], ["r"])])]
        for i in range(1, depth):
            call = node(f"F{i - 1}", ["a"], ["r"], domain="f")
            made.append(function(f"F{i}", ["a"], ["r"], [call]))
        proto = with_functions([node(f"F{depth - 1}", ["x"], ["y"], domain="f")], made)
        if code is None:
            assert len(read(proto).nodes) == 1
            continue
        with pytest.raises(LimitExceeded) as caught:
            read(proto)
        assert caught.value.code == code


def test_exponential_calls_are_refused() -> None:
    made = [function("F0", ["a"], ["r"], [node("Relu", ["a"], ["r"])])]
    for i in range(1, 40):
        calls = [
            node(f"F{i - 1}", ["a"], ["b"], domain="f"),
            node(f"F{i - 1}", ["b"], ["r"], domain="f"),
        ]
        made.append(function(f"F{i}", ["a"], ["r"], calls))
    with pytest.raises(LimitExceeded) as caught:
        read(with_functions([node("F39", ["x"], ["y"], domain="f")], made))
    assert caught.value.code == "expansion-limit"


def test_a_misspelled_call_is_told_of_the_function() -> None:
    text = """<ir_version: 8, opset_import: ["" : 20, "my" : 1]>
      g (float[N, 64] x) => (float[N, 64] y) { y = my.Lineer(x) }
      <domain: "my", opset_import: ["" : 20]> Linear (a) => (b) { b = Relu(a) }"""
    (finding,) = sw.check(onnx.parser.parse_model(text)).findings
    assert (finding.code, finding.hint) == ("op-unknown", "did you mean the function my.Linear?")
