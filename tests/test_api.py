"""`load`, `check` and `fit` as callers use them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapewright as sw


def small_model(**bounds: Any) -> sw.Report:
    return sw.check(small_graph(), dims=bounds or None)


def small_graph() -> sw.Graph:
    g = sw.Graph()
    x = g.input("x", "f32[N, 784]")
    w = g.param("w", "f32[784, 10]")
    b = g.param("b", "f32[10]")
    h = g.add("MatMul", x, w, name="scores")
    g.output(g.add("Add", h, b, name="y"))
    return g


def broken_graph() -> sw.Graph:
    g = sw.Graph()
    x = g.input("x", "f32[N, 784]")
    g.output(g.add("MatMul", x, g.param("w", "f32[512, 10]"), name="proj"))
    return g


@pytest.fixture(scope="module")
def onnx_bytes() -> bytes:
    helper = pytest.importorskip("onnx.helper")
    node = helper.make_node("Relu", ["x"], ["y"], "act")
    x = helper.make_tensor_value_info("x", 1, ["N", 4])
    y = helper.make_tensor_value_info("y", 1, ["N", 4])
    graph = helper.make_graph([node], "g", [x], [y])
    data: bytes = helper.make_model(graph, ir_version=10).SerializeToString()
    return data


class TestSources:
    def test_path(self, examples: Path) -> None:
        for path in (examples / "resnet18.onnx", str(examples / "resnet18.onnx")):
            g = sw.load(path)
            assert g.symbols == ("batch", "height", "width")
            assert g.inputs[0].name == "pixel_values"
            assert str(g.inputs[0].type) == "f32[batch, 3, height, width]"
            assert len(g.nodes) == 49
            assert g.nodes[0].op

    def test_bytes_and_proto(self, onnx_bytes: bytes) -> None:
        onnx = pytest.importorskip("onnx")
        for source in (onnx_bytes, bytearray(onnx_bytes), onnx.load_from_string(onnx_bytes)):
            assert str(sw.check(source).values["y"]) == "f32[N, 4]"

    def test_graph_and_loaded_graph(self, onnx_bytes: bytes) -> None:
        assert str(sw.check(sw.load(onnx_bytes)).values["y"]) == "f32[N, 4]"
        assert sw.check(sw.load(small_graph())).ok

    def test_inputs_given_to_load_are_kept(self, onnx_bytes: bytes) -> None:
        g = sw.load(onnx_bytes, {"x": "f32[B, 4]"})
        assert str(sw.check(g).values["y"]) == "f32[B, 4]"
        assert str(sw.check(g, {"x": "f32[7, 4]"}).values["y"]) == "f32[7, 4]"

    def test_a_proto_is_accepted_without_importing_onnx(self) -> None:
        code = """
import sys
class Proto:
    opset_import = ()
    def SerializeToString(self): return bytes.fromhex(sys.argv[1])
import shapewright
print(shapewright.check(Proto()).values["y"])
assert "onnx" not in sys.modules and "google.protobuf" not in sys.modules
"""
        helper = pytest.importorskip("onnx.helper")
        node = helper.make_node("Relu", ["x"], ["y"])
        x, y = (helper.make_tensor_value_info(n, 1, [2]) for n in "xy")
        data = helper.make_model(helper.make_graph([node], "g", [x], [y])).SerializeToString()
        run = subprocess.run(
            [sys.executable, "-c", code, data.hex()], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == "f32[2]"

    @pytest.mark.parametrize(
        "source", [3, None, object(), lambda x: x], ids=lambda v: type(v).__name__
    )
    def test_other_objects_are_refused(self, source: object) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(source)
        assert refused.value.code == "source-unsupported"
        assert ".onnx" in refused.value.facts["supported"]

    @pytest.mark.parametrize("suffix", [".pt", ".keras", ".safetensors"])
    def test_other_files_are_refused(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"model{suffix}"
        path.write_bytes(b"PK")
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.load(path)
        assert refused.value.code == "source-unsupported"

    def test_a_loaded_graph_is_finished(self, onnx_bytes: bytes) -> None:
        with pytest.raises(sw.ShapewrightError, match="cannot be added to"):
            sw.load(onnx_bytes).input("z", "f32[2]")

    def test_values_belong_to_their_graph(self) -> None:
        g, other = sw.Graph(), sw.Graph()
        x = other.input("x", "f32[2]")
        with pytest.raises(sw.ShapewrightError, match="another graph"):
            g.add("Relu", x)


class TestInputs:
    FORMS = (
        {"x": "f32[4, 784]"},
        "f32[4, 784]",
        {"x": ("f32", (4, 784))},
        {"x": (np.float32, [4, 784])},
        {"x": ("float32", [4, 784])},
        {"x": np.zeros((4, 784), np.float32)},
        np.zeros((4, 784), np.float32),
    )

    @pytest.mark.parametrize("inputs", FORMS, ids=lambda v: type(v).__name__)
    def test_forms(self, inputs: Any) -> None:
        assert str(sw.check(small_graph(), inputs).values["y"]) == "f32[4, 10]"

    def test_symbols_and_expressions(self) -> None:
        report = sw.check(small_graph(), {"x": "f32[2*B+1, 784]"})
        assert str(report.values["y"]) == "f32[2*B + 1, 10]"
        report = sw.check(small_graph(), {"x": ("f32", (sw.Dim("2*B"), 784))})
        assert str(report.values["y"]) == "f32[2*B, 10]"

    WRONG = (
        ({"z": "f32[4, 784]"}, "input-unknown"),
        ({"x": "f33[4, 784]"}, "dtype-unknown"),
        ({"x": "f32[4, 784"}, "type-syntax"),
        ({"x": "f32[4, 7 8]"}, "dim-syntax"),
        ({"x": "f32[-4, 784]"}, "negative-dim"),
        ({"x": f"f32[{2**63}, 784]"}, "dim-overflow"),
        ({"x": "f32[4, 784, 1]"}, "input-rank"),
        ({"x": "i64[4, 784]"}, "input-dtype"),
        ({"x": 3}, "inputs-form"),
        ({3: "f32[1]"}, "inputs-form"),
        ({"x": ("f32", "4x784")}, "inputs-form"),
    )

    @pytest.mark.parametrize(("inputs", "code"), WRONG, ids=[code for _, code in WRONG])
    def test_wrong(self, inputs: Any, code: str) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(small_graph(), inputs)
        assert refused.value.code == code

    def test_nearest_name(self, examples: Path) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(examples / "bert_base.onnx", {"input_idz": "i64[B, S]"})
        assert "input_ids" in refused.value.hint


class TestDims:
    def test_value_bounds_and_open_end(self) -> None:
        assert str(small_model(N=8).values["y"]) == "f32[8, 10]"
        shape = small_model(N=(2, 64)).values["y"].shape
        assert shape is not None
        assert isinstance(shape[0], sw.Dim)
        assert shape[0].bounds == (2, 64)
        assert small_model(N=(2, None)).symbols == (sw.Symbol("N", "input", 2, None),)

    WRONG = (
        ({"M": 3}, "symbol-unknown"),
        ({"N": -1}, "symbol-bounds"),
        ({"N": (8, 2)}, "symbol-bounds"),
        ({"N": "8"}, "dims-form"),
        ({"N": 2.5}, "dims-form"),
        ({"N": True}, "dims-form"),
        ({"N": 2**63}, "size-type"),
        ([("N", 8)], "dims-form"),
    )

    @pytest.mark.parametrize(("dims", "code"), WRONG, ids=[str(dims) for dims, _ in WRONG])
    def test_wrong(self, dims: Any, code: str) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(small_graph(), dims=dims)
        assert refused.value.code == code

    def test_nearest_symbol(self, examples: Path) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(examples / "bert_base.onnx", dims={"bacth": 3})
        assert "batch" in refused.value.hint


class TestOptions:
    WRONG = (
        ({"mode": "train"}, "option-unavailable"),
        ({"mode": "train-compiled"}, "option-unavailable"),
        ({"mode": "trian"}, "option-value"),
        ({"precision": "bf16"}, "option-unavailable"),
        ({"precision": "f32"}, "option-value"),
        ({"profile": "torch-cuda"}, "option-unavailable"),
        ({"profile": "tensorrt"}, "option-value"),
        ({"optimizer": "adamw"}, "option-conflict"),
        ({"optimizer": "adamm", "mode": "train"}, "option-value"),
        ({"loss": len}, "option-conflict"),
        ({"device": "rtx-4091"}, "device-unknown"),
        ({"budget": "24G"}, "bytes-syntax"),
        ({"budget": "many"}, "bytes-syntax"),
        ({"budget": -1}, "bytes-syntax"),
        ({"budget": "24GiB", "device": "t4"}, "option-conflict"),
    )

    @pytest.mark.parametrize(("options", "code"), WRONG, ids=[str(o) for o, _ in WRONG])
    def test_wrong(self, options: Any, code: str) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(small_graph(), **options)
        assert refused.value.code == code

    def test_nearest_device(self) -> None:
        with pytest.raises(sw.ShapewrightError, match="did you mean 'rtx-4090'"):
            sw.check(small_graph(), device="rtx-409O")

    def test_budget(self) -> None:
        assert sw.check(small_graph(), budget="1.5GiB").question.budget == 3 * 2**29
        assert sw.check(small_graph(), device="T4").question.budget == 14.75 * 2**30

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("24GiB", 24 * 2**30),
            ("24 GB", 24 * 10**9),
            ("512MiB", 2**29),
            ("7", 7),
            ("0.5kib", 512),
        ],
    )
    def test_bytes(self, text: str, size: int) -> None:
        assert sw.check(small_graph(), budget=text).question.budget == size


class TestFindings:
    def test_a_faulty_model_is_reported_not_raised(self) -> None:
        report = sw.check(broken_graph())
        assert not report.ok
        (finding,) = report.findings
        assert (finding.code, finding.severity, finding.node) == (
            "matmul-contract",
            "error",
            "proj",
        )
        assert "784" in finding.message
        assert "512" in finding.message
        assert str(finding).startswith("error matmul-contract: MatMul cannot ")

    def test_all_at_once(self) -> None:
        g = sw.Graph()
        x = g.input("x", "f32[N, 784]")
        for i in range(3):
            g.output(g.add("MatMul", x, g.param(f"w{i}", "f32[512, 10]"), name=f"p{i}"))
        assert [finding.node for finding in sw.check(g).findings] == ["p0", "p1", "p2"]

    def test_one_fault_is_one_finding(self) -> None:
        g = sw.Graph()
        x = g.input("x", "f32[N, 784]")
        y = g.add("MatMul", x, g.param("w", "f32[512, 10]"), name="proj")
        g.output(g.add("MatMul", y, g.param("v", "f32[3, 3]"), name="next"))
        assert len(sw.check(g).findings) == 1

    def test_unknown_operator(self) -> None:
        g = sw.Graph()
        x = g.input("x", "f32[N, 4]")
        g.output(g.add("Foo", x, name="act", domain="com.acme"))
        report = sw.check(g)
        assert report.ok
        assert report.coverage.unknown == 1
        assert report.coverage.first_unknown is not None
        (finding,) = report.findings
        assert finding.severity == "warning"
        assert not sw.check(g, strict=True).ok

    def test_unknown_operator_of_a_known_opset(self) -> None:
        g = sw.Graph()
        g.output(g.add("Reluu", g.input("x", "f32[N, 4]"), name="act"))
        (finding,) = sw.check(g).findings
        assert (finding.code, finding.severity) == ("op-unknown", "error")
        assert finding.hint == "did you mean Relu?"


class TestUserRules:
    NAME = "com.acme::Twice"

    @pytest.fixture(autouse=True)
    def forget(self) -> Iterator[None]:
        yield
        sw.unregister_op(self.NAME)

    def graph(self, outputs: int = 1) -> sw.Graph:
        g = sw.Graph()
        g.opset("com.acme", 1)
        x = g.input("x", "f32[N, 4]")
        made = g.add("Twice", x, name="y", domain="com.acme", factor=2, outputs=outputs)
        for value in made if outputs > 1 else (made,):
            g.output(value)
        return g

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (lambda x, attrs: (x.shape[0] * attrs["factor"], *x.shape[1:]), "f32[2*N, 4]"),
            (lambda x, attrs: [x.shape[0], 3], "f32[N, 3]"),
            (lambda x, attrs: (x.shape[0], None), "f32[N, ?]"),
            (lambda x, attrs: (), "f32[]"),
            (lambda x, attrs: "i64[N, 3]", "i64[N, 3]"),
            (lambda x, attrs: sw.TensorType("bf16", x.shape), "bf16[N, 4]"),
            (lambda x, attrs: ["f32[N]", "f32[N]"], "f32[N]"),
            (lambda *xs, attrs=None: "seq(f32[N, 4], 2)", "seq(f32[N, 4], 2)"),
        ],
    )
    def test_a_rule_in_one_line(self, rule: Any, expected: str) -> None:
        sw.register_op(self.NAME, rule)
        assert str(sw.check(self.graph()).values["y"]) == expected

    def test_a_decorator_and_a_second_rule(self) -> None:
        @sw.register_op(self.NAME)
        def twice(x: Any, attrs: Any) -> Any:
            return (x.shape[0] * 2, *x.shape[1:])

        assert str(sw.check(self.graph()).values["y"]) == "f32[2*N, 4]"
        sw.register_op(self.NAME, lambda x, attrs: x.shape)
        assert str(sw.check(self.graph()).values["y"]) == "f32[N, 4]"
        sw.unregister_op(self.NAME)
        assert sw.check(self.graph()).coverage.unknown == 1

    def test_several_outputs(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: [x, (x.shape[0],), "i64[]"])
        values = sw.check(self.graph(outputs=2)).values
        assert [str(values["y"]), str(values["y.1"])] == ["f32[N, 4]", "f32[N]"]

    def test_memory_and_fit_go_by_the_rule(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: (x.shape[0], 8))
        report = sw.check(self.graph())
        assert report.at(N=2).peak.live == 2 * (4 + 8) * 4
        assert sw.fit(self.graph(), budget=10 * (4 + 8) * 4, solve="N").value == 10

    @pytest.mark.parametrize("result", [object(), 3, (1, -2), "f32[", [3.5], ["f32[N]", 7], True])
    def test_what_is_no_type(self, result: Any) -> None:
        sw.register_op(self.NAME, lambda x, attrs: result)
        with pytest.raises(sw.ShapewrightError, match="is no type") as refused:
            sw.check(self.graph())
        assert (refused.value.code, refused.value.node) == ("user-rule", "y")

    def test_too_few_outputs(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: x)
        with pytest.raises(sw.ShapewrightError, match="gives 1 outputs") as refused:
            sw.check(self.graph(outputs=2))
        assert refused.value.code == "user-rule"

    def test_a_rule_that_fails(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: x.shape[7])
        with pytest.raises(sw.ShapewrightError, match="raised IndexError") as refused:
            sw.check(self.graph())
        assert refused.value.facts["input 0"] == "f32[N, 4]"
        assert isinstance(refused.value.__cause__, IndexError)

    def test_a_rule_that_takes_other_operands(self) -> None:
        sw.register_op(self.NAME, lambda x, y, attrs: x)
        with pytest.raises(sw.ShapewrightError, match="raised TypeError"):
            sw.check(self.graph())

    def test_a_rule_that_refuses_makes_a_finding(self) -> None:
        def rule(x: Any, attrs: Any) -> Any:
            message = "Twice takes images"
            raise sw.ShapeError(message, code="rank-mismatch", hint="add two axes")

        sw.register_op(self.NAME, rule)
        (finding,) = sw.check(self.graph()).findings
        assert (finding.code, finding.node, finding.hint) == ("rank-mismatch", "y", "add two axes")
        assert finding.facts["input 0"].startswith("f32[N, 4]")

    def test_a_rule_may_check_another_model(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: sw.check(small_graph()).values["y"])
        assert str(sw.check(self.graph()).values["y"]) == "f32[N, 10]"

    def test_many_threads(self) -> None:
        sw.register_op(self.NAME, lambda x, attrs: (x.shape[0] * attrs["factor"], *x.shape[1:]))
        with ThreadPoolExecutor(8) as pool:
            texts = pool.map(lambda _: str(sw.check(self.graph()).values["y"]), range(64))
        assert set(texts) == {"f32[2*N, 4]"}

    @pytest.mark.parametrize("name", ["Twice", "com.acme::", ""])
    def test_a_name_without_its_domain(self, name: str) -> None:
        with pytest.raises(sw.ShapewrightError, match="its domain and its name"):
            sw.register_op(name, lambda x, attrs: x)


class TestFit:
    def linear_scan(self, report: sw.Report, budget: int, upper: int) -> int:
        return max((n for n in range(1, upper) if report.at(N=n).peak.live <= budget), default=0)

    @pytest.mark.parametrize("budget", [40_000, 131_000, 1_000_000])
    def test_equals_a_linear_scan(self, budget: int) -> None:
        report = small_model()
        f = sw.fit(small_graph(), solve="N", budget=budget)
        assert f.value == self.linear_scan(report, budget, 400)
        assert f.next is not None
        assert f.next.live > budget
        assert f.binding == f.next
        if f.value:
            assert f.peak == report.at(N=f.value).peak
            assert f.slack == budget - f.peak.live
        else:
            assert f.peak is None

    def test_upper_bound_of_the_symbol(self) -> None:
        f = sw.fit(small_graph(), solve="N", budget="1GiB", dims={"N": (1, 16)})
        assert (f.value, f.next, f.next_value) == (16, None, None)

    def test_multiple_of_and_headroom(self) -> None:
        plain = sw.fit(small_graph(), solve="N", budget=1_000_000)
        assert plain.value > 16
        eights = sw.fit(small_graph(), solve="N", budget=1_000_000, multiple_of=8)
        assert eights.value == plain.value // 8 * 8
        for headroom in ("50%", 0.5, 500_000):
            half = sw.fit(small_graph(), solve="N", budget=1_000_000, headroom=headroom)
            assert half.value == sw.fit(small_graph(), solve="N", budget=500_000).value

    def test_where_and_tie(self, examples: Path) -> None:
        model = examples / "resnet18.onnx"
        f = sw.fit(
            model, solve="height", where={"batch": 1}, tie={"width": "height"}, budget="1GiB"
        )
        report = sw.check(model)
        assert report.at(batch=1, height=f.value, width=f.value).peak.live <= 2**30

    WRONG: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "budget-missing"),
        ({"solve": "M", "budget": "1GiB"}, "symbol-unknown"),
        ({"solve": "N", "budget": "1GiB", "dims": {"N": 3}}, "symbol-fixed"),
        ({"solve": "N", "budget": "1GiB", "multiple_of": 0}, "multiple-of"),
        ({"solve": "N", "budget": "1GiB", "headroom": "110%"}, "bytes-syntax"),
        ({"solve": "N", "budget": "1GiB", "where": {"Q": 1}}, "symbol-unknown"),
    )

    @pytest.mark.parametrize(("options", "code"), WRONG, ids=[code for _, code in WRONG])
    def test_wrong(self, options: Any, code: str) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.fit(small_graph(), **options)
        assert refused.value.code == code

    def test_open_symbols_are_named(self, examples: Path) -> None:
        with pytest.raises(sw.UnboundSymbolError, match="sequence") as refused:
            sw.fit(examples / "bert_base.onnx", solve="batch", budget="24GiB")
        assert "--dim sequence" in refused.value.hint

    def test_a_faulty_model_has_no_fit(self) -> None:
        with pytest.raises(sw.ShapeError, match="MatMul"):
            sw.fit(broken_graph(), solve="N", budget="1GiB")
