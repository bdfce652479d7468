"""A report as text, JSON, Markdown and HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw
from shapewright import report as report_package
from shapewright.report.layers import split_path, table_rows
from shapewright.report.markdown import report_markdown
from shapewright.report.text import format_table
from shapewright.report.verdict import check_verdict, fit_verdict
from shapewright.units import format_against, format_bytes

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())


@pytest.fixture(scope="module")
def bert(examples: Path) -> sw.Report:
    return sw.check(examples / "bert_base.onnx")


@pytest.fixture(scope="module")
def resnet(examples: Path) -> sw.Report:
    return sw.check(
        examples / "resnet18.onnx",
        dims={"batch": 8, "height": 224, "width": 224},
        budget="1GiB",
    )


@pytest.fixture(scope="module")
def faulty() -> sw.Report:
    g = sw.Graph()
    x = g.input("x", "f32[N, 784]")
    g.output(g.add("MatMul", x, g.param("w", "f32[512, 10]"), name="proj"))
    return sw.check(g)


def errors_of(data: Any, schema: dict[str, Any], path: str = "$") -> list[str]:
    """The part of JSON Schema that the published schema uses, checked the slow way."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        tries = [errors_of(data, option, path) for option in schema["anyOf"]]
        return [] if [] in tries else tries[0]
    if "const" in schema and data != schema["const"]:
        return [f"{path}: {data!r} is not {schema['const']!r}"]
    if "enum" in schema and data not in schema["enum"]:
        return [f"{path}: {data!r} is not allowed"]
    names = schema.get("type", [])
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
        "boolean": bool, "null": type(None),
    }  # fmt: skip
    allowed = [names] if isinstance(names, str) else names
    if allowed and not any(
        isinstance(data, kinds[n]) and (n == "boolean" or not isinstance(data, bool))
        for n in allowed
    ):
        return [f"{path}: {data!r} is no {names}"]
    if data is not None and "minimum" in schema and data < schema["minimum"]:
        return [f"{path}: {data!r} is too small"]
    found = []
    if isinstance(data, dict):
        properties = schema.get("properties", {})
        found += [f"{path}: no {name}" for name in schema.get("required", ()) if name not in data]
        more = schema.get("additionalProperties", True)
        for name, value in data.items():
            if name in properties:
                found += errors_of(value, properties[name], f"{path}.{name}")
            elif more is False:
                found.append(f"{path}: {name} is not in the schema")
            elif isinstance(more, dict):
                found += errors_of(value, more, f"{path}.{name}")
    if isinstance(data, list) and "items" in schema:
        for i, value in enumerate(data):
            found += errors_of(value, schema["items"], f"{path}[{i}]")
    return found


@pytest.mark.parametrize("name", ["bert", "resnet", "faulty"])
def test_json_follows_the_published_schema(name: str, request: pytest.FixtureRequest) -> None:
    report: sw.Report = request.getfixturevalue(name)
    data = json.loads(report.to_json())
    assert errors_of(data, SCHEMA) == []
    assert data == report.to_dict()
    assert data["schema_version"] == 1


def test_the_schema_of_the_package_is_the_published_one() -> None:
    packaged = Path(str(report_package.__file__)).with_name("report.schema.json")
    assert json.loads(packaged.read_text()) == SCHEMA


def test_text_is_complete_and_ends_in_the_verdict(bert: sw.Report) -> None:
    text = str(bert)
    assert text.splitlines()[0].endswith("open: batch >= 1, sequence >= 1")
    for constraint in bert.contract:
        assert constraint.text in text
    assert str(bert.coverage) in text
    assert str(bert.formula("params")) in text
    assert text.splitlines()[-1].startswith("CONSISTENT  peak ")
    assert "\x1b" not in text


def test_text_names_every_finding(faulty: sw.Report) -> None:
    text = str(faulty)
    for finding in faulty.findings:
        assert str(finding) in text
    assert text.splitlines()[-1] == "FAULTY  1 error; first: matmul-contract at proj"


def test_verdict_of_a_budget(resnet: sw.Report) -> None:
    verdict = check_verdict(resnet)
    assert verdict.status == "fits"
    assert re.fullmatch(r"FITS  peak [\d.]+ [MG]iB of [\d.]+ GiB at \S.*", verdict.text)
    assert verdict.exit_code(strict=True) == 0


def test_verdict_of_a_budget_that_is_too_small(examples: Path) -> None:
    report = sw.check(
        examples / "resnet18.onnx", dims={"batch": 8, "height": 224, "width": 224}, budget="20MiB"
    )
    verdict = check_verdict(report)
    assert verdict.status == "too-large"
    assert verdict.text.startswith("DOES NOT FIT  peak ")
    assert verdict.exit_code(strict=False) == 1


def test_an_open_size_leaves_the_budget_undecided(examples: Path) -> None:
    verdict = check_verdict(sw.check(examples / "bert_base.onnx", budget="24GiB"))
    assert verdict.status == "inconclusive"
    assert "--dim batch=" in verdict.text
    assert (verdict.exit_code(strict=False), verdict.exit_code(strict=True)) == (0, 3)


BOUNDED = [  # of f32[N, 1024] -> Relu, whose peak is 8192 * N bytes
    ((1, 256), 8192 * 256, "fits", "FITS  peak at most 2.0 MiB of 2.0 MiB with N=1..256"),
    ((1, 256), 8192 * 256 - 1, "inconclusive", "INCONCLUSIVE  N open"),
    ((2, 256), 8192 * 2, "inconclusive", "INCONCLUSIVE  N open"),
    ((2, 256), 8192 * 2 - 1, "too-large", "DOES NOT FIT  peak at least "),
    ((2, None), 8192 * 2 - 1, "too-large", "DOES NOT FIT  peak at least "),
    ((1, None), 2**60, "inconclusive", "INCONCLUSIVE  N open"),
]


@pytest.mark.parametrize(("bounds", "budget", "status", "text"), BOUNDED)
def test_bounds_of_an_open_size_may_decide_the_budget(
    bounds: tuple[int, int | None], budget: int, status: str, text: str
) -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 1024]")
    g.output(g.add("Relu", x))
    report = sw.check(g, dims={"N": bounds}, budget=budget)
    verdict = check_verdict(report)
    assert verdict.status == status
    assert verdict.text.startswith(text)


def test_range_of_a_formula(examples: Path) -> None:
    report = sw.check(
        examples / "resnet18.onnx", dims={"batch": (1, 8), "height": (64, 224), "width": 224}
    )
    formula = report.formula("live_peak")
    least, most = formula.range()
    peaks = [formula(batch=n, height=h) for n in (1, 3, 8) for h in (64, 100, 224)]
    assert least <= min(peaks)
    assert most is not None
    assert max(peaks) <= most
    assert formula.range(batch=8, height=224) == (max(peaks), max(peaks))
    assert sw.check(examples / "resnet18.onnx").formula("live_peak").range()[1] is None


def test_verdict_of_fit(examples: Path) -> None:
    report = sw.check(examples / "bert_base.onnx", dims={"sequence": 512}, budget="24GiB")
    f = sw.fit(report, solve="batch")
    text = fit_verdict(f).text
    assert str(f) == text
    assert text.startswith(f"FITS  batch={f.value}  peak ")
    assert f"batch={f.next_value} needs " in text
    report = sw.check(examples / "bert_base.onnx", dims={"sequence": 512}, budget="1MiB")
    nothing = fit_verdict(sw.fit(report, solve="batch"))
    assert nothing.status == "too-large"
    assert nothing.text.startswith("DOES NOT FIT  batch=1 needs ")


class Page(HTMLParser):
    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["bert", "resnet", "faulty"])
def test_html_is_small_whole_and_without_scripts(name: str, request: pytest.FixtureRequest) -> None:
    report: sw.Report = request.getfixturevalue(name)
    html = report._repr_html_()
    assert len(html.encode()) < 100_000
    page = Page()
    page.feed(html)
    assert page.open == []
    assert "script" not in page.seen
    assert "http" not in html
    assert ("svg" in page.seen) == report.ok


def test_html_escapes_names() -> None:
    g = sw.Graph()
    x = g.input("<script>alert(1)</script>", "f32[4]")
    g.output(g.add("Relu", x, name="<b>"))
    assert "<script>" not in sw.check(g)._repr_html_()


def test_to_html_writes_a_page(resnet: sw.Report, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    resnet.to_html(path)
    assert path.read_text().startswith("<!doctype html>")


def test_markdown(bert: sw.Report, faulty: sw.Report) -> None:
    text = report_markdown(bert)
    assert text.splitlines()[-1].startswith("**CONSISTENT")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 5
    assert "matmul-contract" in report_markdown(faulty)


def test_layers_are_gathered_into_modules(bert: sw.Report) -> None:
    bound = bert.at(batch=1, sequence=128)
    rows = table_rows(bound)
    assert 10 <= len(rows) <= 32
    assert sum("layer" in row.path for row in rows) >= 12
    assert sum(row.nodes for row in rows) == len(bound.layers)
    assert sum(row.params for row in rows) == sum(layer.params for layer in bound.layers)
    assert 0.9 < sum(row.share_of_peak for row in rows) <= 1


def test_many_layers_without_modules_keep_the_largest() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[4]")
    for i in range(100):
        x = g.add(
            "Add", x, g.param(f"w{i}", f"f32[{i + 1}, 4]" if i == 99 else "f32[4]"), name=f"n{i}"
        )
    g.output(x)
    rows = table_rows(sw.check(g).at(), max_rows=10)
    assert len(rows) == 10
    assert rows[-2].path == "n99"
    assert rows[-1].path == "(91 smaller)"
    assert sum(row.nodes for row in rows) == 100


def test_paths() -> None:
    assert split_path("a.b.0.c") == ("a", "b.0", "c")
    assert split_path("/a/b/MatMul_1") == ("a", "b", "MatMul_1")
    assert split_path("") == ("",)


def test_tables_align() -> None:
    table = format_table(("name", "size"), [("a", "10 B"), ("long", "7 B")], right=(1,))
    assert table == "  name  size\n  a     10 B\n  long   7 B"
    assert format_table(None, []) == ""


def test_sizes_are_told_apart() -> None:
    limit = 24 * 2**30
    assert format_against(limit, limit - 1) == (f"{limit} B", f"{limit - 1} B")
    assert format_against(limit, limit) == ("24.0 GiB", "24.0 GiB")
    assert format_against(limit, 2**60)[1] == "1,073,741,824.0 GiB"
    assert format_bytes(2**40) == "1.0 TiB"


def test_why(bert: sw.Report) -> None:
    name = bert.graph.outputs[0].name
    chain = bert.why(name, 0)
    assert chain
    assert bert.why(name, -1)
    with pytest.raises(sw.ShapewrightError, match="has no axis 7"):
        bert.why(name, 7)
    with pytest.raises(sw.ShapewrightError, match="no value named"):
        bert.why("nothing", 0)


def test_values_are_a_mapping(bert: sw.Report) -> None:
    assert "input_ids" in bert.values
    assert "input_idz" not in bert.values
    assert len(list(bert.values)) == len(bert.values)
    with pytest.raises(KeyError, match="did you mean 'input_ids'"):
        bert.values["input_idz"]


def test_bound_report(resnet: sw.Report) -> None:
    bound = resnet.at()
    assert bound.shape("pixel_values") == (8, 3, 224, 224)
    with pytest.raises(sw.ShapewrightError, match="no value named"):
        bound.shape("pixels")
    peak = bound.peak
    assert peak.exact
    assert peak.live == sum(tensor.bytes for tensor in peak.live_set)
    assert peak.live == max(event.live for event in bound.timeline.events)
    assert peak.phase == "forward"
    assert bound.timeline.events[0].step == -1
    assert abs(sum(layer.share_of_peak for layer in bound.layers)) <= 1 + 1e-9


def test_formulas(bert: sw.Report) -> None:
    sizes = {"batch": 3, "sequence": 17}
    bound = bert.at(**sizes)
    assert bert.formula("live_peak")(**sizes) == bound.peak.live
    assert bert.formula("inputs")(**sizes) == 2 * 3 * 17 * 8
    assert bert.formula("grads")(**sizes) == 0
    assert bert.formula("params")() > 400 * 2**20
    assert bert.formula("live_peak").latex()
    with pytest.raises(sw.ShapewrightError):
        bert.formula("live-peak")


def test_wrong_sizes(bert: sw.Report) -> None:
    with pytest.raises(sw.UnboundSymbolError, match="sequence"):
        bert.at(batch=3)
    with pytest.raises(sw.DimError) as unknown:
        bert.at(batch=3, sequence=8, bacth=3)
    assert unknown.value.code == "symbol-unknown"
    with pytest.raises(sw.ConstraintError) as broken:
        bert.at(batch=3, sequence=513)
    assert broken.value.node
