"""Exported programs, in memory and as .pt2 files, give the graph of the module."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw
from shapewright.importers.pt2_sizes import size_text

torch = pytest.importorskip("torch")
nn = torch.nn


class Net(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 5, bias=False)
        self.scale = torch.ones(5)

    def forward(self, x: Any, *, mask: Any = None) -> Any:
        y = torch.relu_(self.norm(self.conv(x)))
        with torch.no_grad():
            mean = y.mean()
        low, high = self.fc(y.mean((2, 3))).chunk(2, 1)
        out = torch.cat([low, high], 1)[:, torch.tensor([1, 2])].view(x.shape[0], 2, 1) + mean
        return {"out": out, "mask": mask.to(torch.float16)}


INPUTS = {"x": "f32[N,3,H,W]", "mask": "f32[]"}


@pytest.fixture(scope="module")
def program() -> Any:
    auto = torch.export.Dim.AUTO
    return torch.export.export(
        Net(), (torch.zeros(6, 3, 96, 128),), {"mask": torch.zeros(())},
        dynamic_shapes={"x": {0: auto, 2: auto, 3: auto}, "mask": None}, strict=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def path(program: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "net.pt2"
    torch.export.save(program, path)
    return path


def nodes_of(report: sw.Report) -> list[tuple[Any, ...]]:
    """What matters of the operations; constants have names of their own in each source."""
    return [
        (n.op, n.scope, n.origin, n.grad_enabled, n.attrs, sum(i is not None for i in n.inputs),
         [str(report.values[name]) for name in n.outputs])
        for n in report.graph.nodes
        if not n.op.startswith(("detach", "lift_fresh"))
    ]  # fmt: skip


def test_a_file_says_what_the_program_says(program: Any, path: Path) -> None:
    file, memory = sw.check(path, INPUTS), sw.check(program, INPUTS)
    assert nodes_of(file) == nodes_of(memory)
    assert [s.name for s in file.symbols] == ["N", "H", "W"]
    conv = next(n for n in file.graph.nodes if n.op == "conv2d.default")
    assert conv.inputs == ["x", "conv.weight", "conv.bias"]
    assert [str(file.values[name]) for name in conv.outputs] == [
        "f32[N, 8, (H - 1)//2 + 1, (W - 1)//2 + 1]"
    ]
    assert [n.op for n in file.graph.nodes if not n.grad_enabled] == ["mean.default"]


def test_a_file_says_what_the_module_says(path: Path) -> None:
    file, module = sw.check(path, INPUTS), sw.check(sw.load(Net(), INPUTS))
    extra = {"_assert_tensor_metadata.default"}
    told = [row for row in nodes_of(module) if row[0] not in extra]
    assert [row[0] for row in nodes_of(file)] == [row[0] for row in told]
    assert nodes_of(file) == told
    state = {v.name: v.requires_grad for v in file.graph.values if v.kind == "param"}
    assert state["conv.weight"]
    assert not state["norm.running_mean"]


def test_names_are_the_files_own_without_inputs(path: Path) -> None:
    report = sw.check(path)
    assert len(report.symbols) == 3
    assert report.ok
    bytes_report = sw.check(path.read_bytes(), {"x": "f32[4,3,H,W]"})
    assert next(str(c) for c in bytes_report.contract).endswith("== 4")


def test_a_file_needs_no_torch(path: Path) -> None:
    code = (
        "import sys, shapewright as sw; r = sw.check(sys.argv[1]); "
        "assert r.ok; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def rewritten(path: Path, change: Any) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("models/model.json"):
                program = json.loads(data)
                change(program)
                data = json.dumps(program).encode()
            if "/data/" not in name:
                new.writestr(name, data)
    return out


def drop_graph(program: Any) -> None:
    del program["graph_module"]["graph"]


def other_schema(program: Any) -> None:
    program["schema_version"] = {"major": 9, "minor": 0}


def bad_size(program: Any) -> None:
    program["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0] = {
        "as_expr": {"expr_str": "Add(" * 300}
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [(drop_graph, "pt2-malformed"), (other_schema, "pt2-version"), (bad_size, "pt2-malformed")],
)
def test_a_file_that_is_wrong_is_refused(path: Path, change: Any, code: str) -> None:
    with pytest.raises(sw.FormatError) as raised:
        sw.check(rewritten(path, change).getvalue())
    assert raised.value.code == code


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" + bytes(100)])
def test_a_broken_archive_is_refused(data: bytes) -> None:
    with pytest.raises(sw.FormatError):
        sw.check(data)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Symbol('s7', positive=True, integer=True)", "s7"),
        ("Mul(Integer(2), Symbol('s7', integer=True))", "(2*s7)"),
        ("Add(Integer(1), FloorDiv(Add(Symbol('a'), Integer(-1)), Integer(2)))",
         "(1 + ((a + (-1))//2))"),
        ("Max(Integer(1), Symbol('a'))", "max(1, a)"),
        ("Pow(Symbol('a'), Integer(2))", "(a**2)"),
        ("sin(Symbol('a'))", None),
    ],
)  # fmt: skip
def test_printed_sizes(text: str, size: str | None) -> None:
    assert size_text(text) == size
