"""Every row of `defects_*.py`: a fault that ONNX Runtime refuses is found, and named in full.

1. the sound model has no finding, and runs;
2. the broken one has one finding of severity error: the code stated, at the node, with what was
   compared, the type of every operand and where it came from;
3. ONNX Runtime refuses the broken one, when it loads it or when it runs it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

import shapewright as sw
from case_rows import CASES, as_onnx, load_rows
from ops.defect import Defect
from ops.defective_graphs import DEFECTS as GRAPHS
from ops.test_cases import FILLS, feeds_of
from ops.test_flex_attention import FAULTS as FLEX_FAULTS
from shapewright import _core
from shapewright.testing import Case, graph_of, num_outputs

HERE = Path(__file__).parent
OPS = HERE.parent.parent / "cpp" / "ops"


ROWS = list(load_rows("defects"))
DEFECTS = [cast(Defect, parameter.values[0]) for parameter in ROWS]


def test_there_are_as_many_as_asked_for() -> None:
    assert len(DEFECTS) >= 200


def model(row: Case, outputs: int) -> sw.Graph:
    """The row as a graph; its node has as many outputs as the sound one."""
    graph = graph_of(row)
    assert num_outputs(row) == outputs
    return graph


@pytest.mark.parametrize("row", ROWS)
def test_the_fault_is_named(row: Defect) -> None:
    report = sw.check(model(row.broken, num_outputs(row.sound)))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [f.code for f in errors] == [row.change.code], report.findings
    (finding,) = errors
    assert finding.node == "y"
    assert row.change.says in finding.message
    if row.change.hint:
        assert finding.hint == row.change.hint
    told = " ".join(finding.facts.values())
    for i, operand in enumerate(row.broken.inputs[:8]):
        if operand is not None:
            kind = "input" if isinstance(operand, str) else "initializer"
            assert f"{kind} 'x{i}'" in told, finding


@pytest.mark.parametrize("row", ROWS)
def test_the_sound_one_has_no_finding(row: Defect) -> None:
    assert sw.check(model(row.sound, num_outputs(row.sound))).findings == ()


def ask(runtime: Any, row: Case) -> Any:
    pytest.importorskip("onnx")
    operands = list(row.inputs)
    return runtime.ask(as_onnx(row, operands).SerializeToString(), feeds_of(operands), FILLS)


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS)
def test_runtime_refuses_the_broken_one_alone(row: Defect, runtime: Any) -> None:
    sound = ask(runtime, row.sound)
    assert sound.verdict == "ran", sound.reason
    broken = ask(runtime, row.broken)
    assert broken.verdict == "refused", broken


def made_to_fail() -> set[tuple[str, str]]:
    """(operator, code) of every row that states a fault, here or in `cases_*.py`."""
    pairs = {(row.broken.op, row.change.code) for row in DEFECTS}
    pairs |= {(row.op, row.error) for row in CASES if row.error is not None}
    pairs |= {("FlexAttention", code) for _, _, code in FLEX_FAULTS}
    bodies = [op.name for op in _core.all_ops() if not can_fail(op)]
    return pairs | {(op, row.code) for row in GRAPHS for op in bodies if f" {op} " in row.sound}


def test_every_operator_is_made_to_fail() -> None:
    operators = {op.name for op in _core.all_ops() if op.domain != "aten" and can_fail(op)}
    assert sorted(operators - {op for op, _ in made_to_fail()}) == []


def can_fail(op: Any) -> bool:
    """Operators with bodies have models of their own, in test_defective_graphs.py."""
    return not any(kind == "graph" for _, kind, _ in op.attrs)


def words(source: str) -> set[str]:
    code = re.sub(r"//[^\n]*", "", source)
    return set(re.findall(r'"([A-Za-z0-9-]+)"', code))


def test_every_rule_that_can_fail_does() -> None:
    """Each code that a file of rules can give is given by some operator of that file."""
    pairs = made_to_fail()
    codes = {path.stem for path in (HERE.parent.parent / "docs" / "findings").glob("*-*.md")}
    names = {op.name for op in _core.all_ops() if op.domain != "aten"}
    missing = []
    for path in sorted(OPS.glob("*.cpp")):
        if path.stem.startswith(("aten", "onednn")):
            continue
        said = words(path.read_text())
        own = (said & names) or names  # a file without rows serves the others
        given = {code for op, code in pairs if op in own}
        said -= {"limit-exceeded"}  # no fault of the model
        missing += [f"{path.name}: {code}" for code in sorted((said & codes) - given)]
    assert missing == []
