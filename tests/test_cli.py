"""The command line as people run it: exit codes, last lines, and every kind of bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import shapewright as sw

ROOT = Path(__file__).resolve().parent.parent
RESNET = str(ROOT / "examples" / "resnet18.onnx")
BERT = str(ROOT / "examples" / "bert_base.onnx")
BOUND = ["--dim", "batch=8", "--dim", "height=224", "--dim", "width=224"]


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def verdict(self) -> str:
        return self.out.rstrip("\n").splitlines()[-1]


def shapewright(*arguments: str, env: dict[str, str] | None = None) -> Run:
    run = subprocess.run(
        [sys.executable, "-m", "shapewright", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=120,
    )
    assert "Traceback" not in run.stderr + run.stdout
    return Run(run.returncode, run.stdout, run.stderr)


class TestCheck:
    def test_text(self) -> None:
        run = shapewright("check", RESNET)
        assert run.code == 0
        assert run.err == ""
        assert run.verdict.startswith("CONSISTENT  peak ")
        assert run.out.rstrip("\n") == str(sw.check(RESNET))

    def test_budget(self) -> None:
        fits = shapewright("check", RESNET, *BOUND, "--budget", "1GiB")
        assert (fits.code, fits.verdict[:4]) == (0, "FITS")
        device = shapewright("check", RESNET, *BOUND, "--device", "t4")
        assert (device.code, device.verdict[:4]) == (0, "FITS")
        large = shapewright("check", RESNET, *BOUND, "--budget", "20MiB")
        assert (large.code, large.verdict[:12]) == (1, "DOES NOT FIT")
        open_sizes = shapewright("check", RESNET, "--budget", "1GiB")
        assert (open_sizes.code, open_sizes.verdict[:12]) == (0, "INCONCLUSIVE")
        assert shapewright("check", RESNET, "--budget", "1GiB", "--strict").code == 3

    def test_json(self) -> None:
        run = shapewright("check", RESNET, *BOUND, "--format", "json")
        data = json.loads(run.out)
        assert data["schema_version"] == 1
        assert (
            data["memory"]["peak"]["live"]
            == sw.check(RESNET).at(batch=8, height=224, width=224).peak.live
        )

    def test_markdown_and_github(self) -> None:
        run = shapewright("check", RESNET, "--format", "markdown")
        assert "| layer | output |" in run.out
        assert run.verdict.startswith("**CONSISTENT")
        run = shapewright("check", RESNET, "--format", "github")
        assert run.verdict.startswith("CONSISTENT")

    def test_quiet_and_output_file(self, tmp_path: Path) -> None:
        run = shapewright("check", RESNET, "--quiet")
        assert run.out.count("\n") == 1
        path = tmp_path / "report.txt"
        run = shapewright("check", RESNET, "-o", str(path))
        assert run.out == ""
        assert path.read_text().rstrip("\n") == str(sw.check(RESNET))

    def test_shapes_and_dtypes_of_inputs(self) -> None:
        run = shapewright("shapes", RESNET, "--shape", "Bx3x64x64")
        assert re.search(r"pixel_values\s+f32\[B, 3, 64, 64\]", run.out)
        run = shapewright("shapes", BERT, "--shape", "input_ids:B,128", "--dtype", "input_ids:i64")
        assert re.search(r"input_ids\s+i64\[B, 128\]", run.out)

    def test_bounds(self) -> None:
        run = shapewright("check", BERT, "--dim", "batch=1..256", "--dim", "sequence=8..")
        assert run.out.splitlines()[0].endswith("open: 1 <= batch <= 256, sequence >= 8")

    def test_training_is_not_answered_as_inference(self) -> None:
        run = shapewright("check", RESNET, "--mode", "train", "--optimizer", "adamw")
        assert run.code == 2
        assert "not available in this version" in run.err


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.GELU()) for _ in range(3)]
    path = tmp_path_factory.mktemp("programs") / "stack.pt2"
    sizes = ({0: torch.export.Dim("N")},)
    torch.export.save(
        torch.export.export(
            torch.nn.Sequential(*layers), (torch.zeros(4, 32),), dynamic_shapes=sizes
        ),
        path,
    )
    return str(path)


class TestTraining:
    """Of an exported PyTorch program; the answers are those of `sw.check`."""

    MODULE: ClassVar[dict[str, Any]] = {
        "mode": "train",
        "optimizer": "sgd-momentum",
        "profile": "torch-cpu",
    }

    OPTIONS: ClassVar = [
        ([], {}),
        (["--checkpoint", "0", "--checkpoint", "2"], {"checkpoint": ("0", "2")}),
        (["--accumulate", "2"], {"accumulate": 2}),
        (["--precision", "bf16-amp"], {"precision": "bf16-amp"}),
        (["--zero-grad", "before-backward"], {"zero_grad": "before-backward"}),
        (["--outputs", "kept"], {"outputs": "kept"}),
    ]

    @pytest.mark.parametrize(("arguments", "options"), OPTIONS)
    def test_options(self, program: str, arguments: list[str], options: dict[str, Any]) -> None:
        given = ["--shape", "Nx32", "--dim", "N=512", "--format", "json"]
        told = [part for key, value in self.MODULE.items() for part in (f"--{key}", value)]
        data = json.loads(shapewright("check", program, *given, *told, *arguments).out)
        report = sw.check(program, "f32[N, 32]", dims={"N": 512}, **self.MODULE, **options)
        assert data["memory"]["peak"]["live"] == report.at().peak.live

    def test_a_pattern_without_a_module(self, program: str) -> None:
        run = shapewright("check", program, "--mode", "train", "--checkpoint", "layers.*")
        assert run.code == 2
        assert "no module of the model matches checkpoint 'layers.*'" in run.err


class TestFit:
    def test_verdict(self) -> None:
        run = shapewright(
            "fit", BERT, "--solve", "batch", "--dim", "sequence=512", "--budget", "24GiB"
        )
        assert run.code == 0
        f = sw.fit(BERT, solve="batch", dims={"sequence": 512}, budget="24GiB")
        assert re.fullmatch(
            rf"FITS  batch={f.value}  peak [\d.]+ GiB of 24\.0+ GiB at \S.*; "
            rf"batch={f.value + 1} needs [\d.]+ GiB",
            run.verdict,
        )

    def test_json(self) -> None:
        arguments = ["fit", BERT, "--solve", "batch", "--dim", "sequence=512", "--budget", "24GiB"]
        data = json.loads(shapewright(*arguments, "--format", "json").out)
        f = sw.fit(BERT, solve="batch", dims={"sequence": 512}, budget="24GiB")
        assert data["fit"]["value"] == f.value
        assert data["fit"]["slack"] == f.slack

    def test_nothing_fits(self) -> None:
        run = shapewright(
            "fit", BERT, "--solve", "batch", "--dim", "sequence=8", "--budget", "1MiB"
        )
        assert (run.code, run.verdict[:12]) == (1, "DOES NOT FIT")

    def test_tie_multiple_of_headroom(self) -> None:
        run = shapewright(
            "fit", RESNET, "--solve", "height", "--tie", "width=height", "--dim", "batch=1",
            "--multiple-of", "32", "--headroom", "10%", "--budget", "512MiB",
        )  # fmt: skip
        assert run.code == 0
        value = re.search(r"height=(\d+)", run.verdict)
        assert value is not None
        assert int(value[1]) % 32 == 0

    def test_what_is_missing_is_named(self) -> None:
        run = shapewright("fit", BERT, "--solve", "batch", "--budget", "24GiB")
        assert run.code == 2
        assert "sequence" in run.err
        assert "--dim sequence=" in run.err
        assert shapewright("fit", BERT, "--solve", "batch").code == 2


class TestOtherCommands:
    def test_shapes(self) -> None:
        run = shapewright("shapes", RESNET)
        values = sw.check(RESNET).values
        assert all(str(tensor) in run.out for tensor in values.values())
        assert run.verdict.startswith("CONSISTENT")
        data = json.loads(shapewright("shapes", RESNET, "--format", "json").out)
        assert set(data["values"]) == set(values)

    def test_why(self) -> None:
        name = sw.check(RESNET).graph.outputs[0].name
        run = shapewright("why", RESNET, name)
        assert run.code == 0
        assert run.out.startswith(name)
        assert "axis 1" in run.out
        assert "axis 1" not in shapewright("why", RESNET, name, "0").out
        unknown = shapewright("why", RESNET, "pixel_value")
        assert (unknown.code, "pixel_values" in unknown.err) == (2, True)
        assert shapewright("why", RESNET, name, "9").code == 2

    def test_explain(self) -> None:
        run = shapewright("explain", "matmul-contract")
        assert run.out.startswith("# matmul-contract")
        assert "matmul-contract" in shapewright("explain").out
        unknown = shapewright("explain", "matmul-contrat")
        assert (unknown.code, "matmul-contract" in unknown.err) == (2, True)

    def test_devices(self) -> None:
        run = shapewright("devices")
        assert re.search(r"a100-80gb\s+79\.2 GiB", run.out)
        data = json.loads(shapewright("devices", "--format", "json").out)
        assert all(isinstance(row["memory"], int) for row in data["devices"])

    def test_version_and_help(self) -> None:
        assert shapewright("--version").out.strip() == sw.__version__
        assert "fit" in shapewright("--help").out
        assert "--budget" in shapewright("check", "--help").out


def onnx_model(change: Callable[[Any], None] = lambda model: None, ops: str = "Relu") -> bytes:
    helper = pytest.importorskip("onnx.helper")
    x, y = (helper.make_tensor_value_info(name, 1, ["N", 4]) for name in "xy")
    nodes = [helper.make_node(ops, ["x"], ["h"], "first"), helper.make_node("Neg", ["h"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), ir_version=10)
    change(model)
    data: bytes = model.SerializeToString()
    return data


def cyclic(model: Any) -> None:
    model.graph.node[0].input[0] = "y"


def undefined(model: Any) -> None:
    model.graph.node[0].input[0] = "xx"


def defined_twice(model: Any) -> None:
    model.graph.node[1].output[0] = "h"


def negative_dim(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = -4


def huge_dim(model: Any) -> None:
    for dim in model.graph.input[0].type.tensor_type.shape.dim:
        dim.dim_value = 2**62


def unsorted(model: Any) -> None:
    first = model.graph.node.pop(0)
    model.graph.node.append(first)


def other_domain(model: Any) -> None:
    model.graph.node[0].domain = "com.acme"


# what is wrong, the bytes of the file, exit code, what stderr or stdout must name
FILES = [
    ("truncated", lambda: Path(RESNET).read_bytes()[:5000], 2, "model.onnx"),
    ("half a byte short", lambda: onnx_model()[:-1], 2, "byte offset"),
    ("not onnx", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 2, "model.onnx"),
    ("a text file", lambda: b"hello, this is a README\n", 2, "text"),
    ("a git-lfs pointer", lambda: b"version https://git-lfs.github.com/spec/v1\n", 2, "model.onnx"),
    ("empty", lambda: b"", 2, "empty"),
    ("unknown operator", lambda: onnx_model(ops="Reluu"), 1, "Relu"),
    ("unknown domain", lambda: onnx_model(other_domain), 0, "com.acme"),
    ("cyclic", lambda: onnx_model(cyclic), 1, "cycl"),
    ("unsorted", lambda: onnx_model(unsorted), 0, "sort"),
    ("missing value", lambda: onnx_model(undefined), 1, "xx"),
    ("defined twice", lambda: onnx_model(defined_twice), 1, "'h'"),
    ("negative dim", lambda: onnx_model(negative_dim), 1, "-4"),
    ("overflowing dim", lambda: onnx_model(huge_dim), 2, "overflow"),
]


class TestBadFiles:
    @pytest.mark.parametrize(
        ("make", "code", "named"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
    )
    def test_file(self, make: Callable[[], bytes], code: int, named: str, tmp_path: Path) -> None:
        path = tmp_path / "model.onnx"
        path.write_bytes(make())
        run = shapewright("check", str(path))
        assert run.code == code, run
        assert named in (run.out + run.err)
        assert bool(run.err) == (code == 2)

    def test_unknown_operator_is_an_error_under_strict(self, tmp_path: Path) -> None:
        path = tmp_path / "model.onnx"
        path.write_bytes(onnx_model(ops="Reluu"))
        assert shapewright("check", str(path), "--strict").code == 1

    def test_no_file_and_a_folder(self, tmp_path: Path) -> None:
        missing = shapewright("check", str(tmp_path / "none.onnx"))
        assert (missing.code, "none.onnx" in missing.err) == (2, True)
        assert shapewright("check", str(tmp_path)).code == 2

    def test_names_that_are_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "model.onnx"
        path.write_bytes(onnx_model().replace(b"first", b"fi\xff\xfet"))
        for command in ("check", "shapes"):
            assert shapewright(command, str(path)).code in {0, 1, 2}


# arguments, exit code, what stderr must name
CALLS = [
    (["check", RESNET, "--dim", "bacth=3"], 2, "did you mean 'batch'"),
    (["check", RESNET, "--dim", "batch"], 2, "N=8"),
    (["check", RESNET, "--dim", "batch=x"], 2, "N=8"),
    (["check", RESNET, "--dim", "batch=-3"], 2, "batch"),
    (["check", RESNET, "--dim", f"batch={2**64}"], 2, "64"),
    (["check", RESNET, "--dim", "batch=9..3"], 2, "batch"),
    (["check", RESNET, "--shape", "pixel_value:1x3x4x4"], 2, "did you mean 'pixel_values'"),
    (["check", RESNET, "--shape", "pixel_values:1x3x4xx"], 2, "pixel_values"),
    (["check", RESNET, "--shape", "pixel_values:"], 2, "--shape"),
    (["check", RESNET, "--shape", "pixel_values:1x3"], 2, "rank"),
    (["check", RESNET, "--dtype", "pixel_values:f23"], 2, "f32"),
    (["check", BERT, "--shape", "1x3"], 2, "input_ids"),
    (["check", RESNET, "--device", "rtx-409O"], 2, "rtx-4090"),
    (["check", RESNET, "--budget", "24G"], 2, "GiB"),
    (["check", RESNET, "--profile", "torch-cudaa"], 2, "torch-cuda"),
    (["check", RESNET, "--format", "sarif"], 2, "sarif"),
    (["check", RESNET, "--no-such-option"], 2, "--no-such-option"),
    (["check"], 2, "MODEL"),
    (["chekc", RESNET], 2, "chekc"),
    (["fit", RESNET, "--budget", "1GiB"], 2, "--solve"),
    (["fit", BERT, "--solve", "bacth", "--budget", "1GiB"], 2, "did you mean 'batch'"),
    (["check", RESNET, "-o", "/no/such/folder/report.txt"], 2, "/no/such/folder"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "named"), CALLS, ids=[" ".join(c[0][-2:]) for c in CALLS]
)
def test_bad_calls(arguments: list[str], code: int, named: str) -> None:
    run = shapewright(*arguments)
    assert run.code == code, run
    assert named in run.err
    assert run.out == ""


def test_a_finding_of_the_bound_model_is_exit_one(tmp_path: Path) -> None:
    run = shapewright("check", BERT, "--dim", "batch=1", "--dim", "sequence=513")
    assert run.code == 1
    assert run.verdict.startswith("FAULTY")


CRASH = """
import sys, shapewright.results
def crash(*args): raise RuntimeError("boom\\nsecond line")
shapewright.results.Report.__str__ = crash
from shapewright.cli import main
sys.argv = ["shapewright", "check", sys.argv[1]]
main()
"""


def test_internal_errors_are_one_line() -> None:
    command = [sys.executable, "-c", CRASH, RESNET]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith("error internal: RuntimeError: boom")
    assert run.stderr.count("\n") == 1
    assert "report it" in run.stderr
    debug = {**os.environ, "SHAPEWRIGHT_DEBUG": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=debug)
    assert "Traceback" in run.stderr


SLOW = """
import signal, sys, time, shapewright.api
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests may ignore it
shapewright.check = lambda *args, **options: time.sleep(60)
from shapewright.cli import main
sys.argv = ["shapewright", "check", sys.argv[1]]
print("ready", flush=True)
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_interrupt_is_130_and_quiet() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, RESNET],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="pipes are POSIX")
def test_a_broken_pipe_is_quiet() -> None:
    command = f"{sys.executable} -m shapewright shapes {BERT} --format json | head -c 1"
    script = ["bash", "-c", command + "; exit ${PIPESTATUS[0]}"]
    run = subprocess.run(script, capture_output=True, text=True)
    assert run.stderr == ""
    assert run.returncode == 141


def in_terminal(arguments: list[str], columns: int) -> str:
    """What a terminal of that width shows."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "shapewright", *arguments], stdout=follower, env=env
    )
    os.close(follower)
    chunks = []
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait()
    os.close(leader)
    return b"".join(chunks).decode()


def test_terminal_has_colours_and_fits_the_width() -> None:
    text = in_terminal(["check", RESNET], 60)
    assert "\x1b[" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "")
    assert plain.rstrip("\n").splitlines()[-1].startswith("CONSISTENT")
    table = plain[: plain.index("contract")].splitlines()[1:]
    assert max(len(line) for line in table) <= 60
    bare = in_terminal(["check", RESNET, "--no-color"], 80)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", bare)


PROGRESS = """
import sys, time, shapewright
real = shapewright.check
def slow(*args, **options):
    time.sleep(1.6)
    return real(*args, **options)
shapewright.check = slow
sys.stderr.isatty = lambda: True
from shapewright.cli import main
sys.argv = ["shapewright", "check", sys.argv[1]]
main()
"""


def test_a_progress_line_appears_after_a_second() -> None:
    command = [sys.executable, "-c", PROGRESS, RESNET]
    run = subprocess.run(command, capture_output=True, check=True)
    assert run.stderr.startswith(b"inferring ")
    assert run.stderr.endswith(b"\r\x1b[K")
    assert b"inferring" not in run.stdout
