"""Every row of `cases_*.py` through every oracle that can judge it.

1. what the row states: types, elements, contract, or the code of the finding;
2. sizes put in before inference give the types that sizes put in after it give;
3. ONNX Runtime: the shapes it really returns, and its refusal of what is stated to be wrong.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

import shapewright as sw
from case_rows import CASES, ROWS, as_onnx
from shapewright import _core
from shapewright.testing import Case, Const, Result, graph_of, num_outputs, result_of, run_op
from shapewright.types import split_dims

SIZES = (2, 3, 5, 4, 6, 8, 7, 9, 12, 16, 1, 24, 32)
MAX_TRIES = 4000
ANY_SIZE = 2  # where a size is open that no symbol stands for

Feed = tuple[str, str, tuple[int, ...], "int | None"]  # name, dtype, shape, length of a sequence

# In this order, so that indices and divisors are legal in one of them.
FILLS = ("ones", "zeros", "random")


def same_type(actual: sw.TensorType, stated: str) -> bool:
    """Whether a type is the one a row states; sizes are compared as sizes, else as text."""
    if "(" in stated.partition("[")[0]:
        whole, tensor = sw.TensorType.parse(stated), re.search(r"\w+\[.*\]", stated)
        assert tensor is not None
        held = replace(actual, container="tensor", length=None)
        same = whole.container == actual.container and same_type(held, tensor[0])
        return same and same_size(actual.length, whole.length)
    dtype, bracket, rest = stated.partition("[")
    dims = split_dims(rest.rstrip()[:-1]) if bracket else None
    if dtype.strip() != actual.dtype:
        return False
    if dims is None or dims == ["..."]:
        return actual.shape is None
    if actual.shape is None or len(actual.shape) != len(dims):
        return False
    return all(same_size(d, text) for d, text in zip(actual.shape, dims, strict=True))


def same_size(actual: object, stated: object) -> bool:
    if actual is None or stated is None or stated == "?":
        return actual is None and stated in (None, "?")
    if isinstance(actual, float) or isinstance(stated, float):
        return actual == pytest.approx(stated)
    if isinstance(stated, str):
        return actual == sw.Dim(stated) or str(actual) == stated
    return actual == stated


@pytest.mark.parametrize("row", ROWS)
def test_stated_result(row: Case) -> None:
    result = run_op(row)
    if row.error is not None:
        assert row.error in {f.code for f in result.findings if f.severity == "error"}, result
        return
    assert result.error is None, result.findings[0]
    assert row.out is not None
    for actual, stated in zip(result.types, row.out, strict=True):
        if stated is not None:
            assert actual is not None
            assert same_type(actual, stated), f"{actual} is not {stated}"
    assert sorted(result.contract) == sorted(row.contract)
    for known, wanted in zip(result.elements, row.elements or (), strict=False):
        if wanted is not None:
            assert known is not None
            assert len(known) == len(wanted)
            assert all(same_size(a, b) for a, b in zip(known, wanted, strict=True)), known


def symbols_of(row: Case) -> list[str]:
    """Open sizes of the operands; a `?` of operand i on axis a is the symbol `xi_da`."""
    return [symbol.name for symbol in sw.check(graph_of(row)).symbols]


def bindings(row: Case, *, keep: bool) -> Iterator[dict[str, int]]:
    """Sizes at which the contract of the row holds, or, with `keep` off, is broken."""
    names = symbols_of(row)
    if row.bind is not None and keep:
        yield dict(row.bind)
        return
    report = sw.check(graph_of(row))
    found = 0
    distinct = itertools.permutations(SIZES[: max(5, len(names))], len(names))
    every = itertools.chain(distinct, itertools.product(SIZES, repeat=len(names)))
    for sizes in itertools.islice(every, MAX_TRIES):
        if found >= 2:
            return
        binding = dict(zip(names, sizes, strict=True))
        if holds(report, binding) == keep:
            found += 1
            yield binding


def holds(report: sw.Report, binding: Mapping[str, int]) -> bool:
    try:
        report.at(**binding)
    except sw.ConstraintError:
        return False
    return True


def at(value: object, binding: Mapping[str, int]) -> object:
    """A size at a binding: a number, or what stays open because it depends on data."""
    if not isinstance(value, sw.Dim):
        return value
    known = {name: size for name, size in binding.items() if name in value.symbols}
    return value.bind(**known)


def agree(after: sw.TensorType | None, before: sw.TensorType | None, binding: Any) -> bool:
    if after is None or before is None:
        return after is before
    if after.dtype != before.dtype:
        return False
    if after.shape is None or before.shape is None:
        return after.shape is None
    pairs = zip(after.shape, before.shape, strict=True)
    return len(after.shape) == len(before.shape) and all(
        # What stays open may be known better once sizes are, never worse or otherwise.
        not isinstance(late := at(a, binding), int) or late == b
        for a, b in pairs
    )


@pytest.mark.parametrize("row", [p for p in ROWS if p.values[0].error is None])
def test_bind_before_is_bind_after(row: Case) -> None:
    if not symbols_of(row):
        pytest.skip("no symbols")
    symbolic = run_op(row)
    tested = 0
    for binding in bindings(row, keep=True):
        static = run_op(row, **binding)
        assert static.error is None, (binding, static.findings)
        for after, before in zip(symbolic.types, static.types, strict=True):
            assert agree(after, before, binding), (binding, str(after), str(before))
        tested += 1
    assert tested, "no binding meets the contract: state one with bind="


@pytest.mark.parametrize("row", [p for p in ROWS if p.values[0].contract])
def test_broken_contract_is_a_finding_of_the_bound_model(row: Case) -> None:
    tested = 0
    for binding in bindings(row, keep=False):
        assert run_op(row, **binding).error is not None, binding
        tested += 1
    assert tested


def sized(row: Case, binding: Mapping[str, int]) -> list[str | Const | None]:
    """The operands with every size a number."""
    return [
        str(bound_type(f"x{i}", operand, binding)) if isinstance(operand, str) else operand
        for i, operand in enumerate(row.inputs)
    ]


def bound_type(name: str, text: str, binding: Mapping[str, int]) -> sw.TensorType:
    tensor = sw.TensorType.parse(text)
    length = cast(Any, at(tensor.length, binding))
    if tensor.shape is None:
        return replace(tensor, length=length)
    dims = [
        binding.get(f"{name}_d{axis}", ANY_SIZE if length is not None else None)
        if d is None
        else at(d, binding)
        for axis, d in enumerate(tensor.shape)
    ]
    return replace(tensor, shape=tuple(cast(Any, dims)), length=length)


def feeds_of(operands: list[str | Const | None]) -> list[Feed]:
    feeds = []
    for i, operand in enumerate(operands):
        if isinstance(operand, str):
            tensor = sw.TensorType.parse(operand)
            if tensor.shape is None or not all(isinstance(d, int) for d in tensor.shape):
                pytest.skip("no array can be made for a size that nothing is known of")
            is_sequence = tensor.container == "sequence"
            length = (ANY_SIZE if tensor.length is None else tensor.length) if is_sequence else None
            shape = cast(tuple[int, ...], tensor.shape)
            feeds.append((f"x{i}", tensor.dtype, shape, cast("int | None", length)))
    return feeds


def ask(runtime: Any, row: Case, operands: list[str | Const | None]) -> Any:
    pytest.importorskip("onnx")
    try:
        model = as_onnx(row, operands).SerializeToString()
    except (TypeError, ValueError) as error:
        if row.error is not None:
            pytest.skip(f"onnx cannot write it: {error}")
        raise
    return runtime.ask(model, feeds_of(operands), FILLS)


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS)
def test_runtime_agrees(row: Case, runtime: Any) -> None:
    if row.skip_ort:
        pytest.skip(row.skip_ort)
    if row.error is not None:
        binding = dict(row.bind or {name: i + 2 for i, name in enumerate(symbols_of(row))})
        answer = ask(runtime, row, sized(row, binding))
        if answer.verdict == "no-kernel":
            pytest.skip(f"no kernel: {answer.reason[:120]}")
        assert answer.verdict == "refused", answer
        return
    binding = next(bindings(row, keep=True), {})
    answer = ask(runtime, row, sized(row, binding))
    if answer.verdict == "no-kernel":
        pytest.skip(f"no kernel: {answer.reason[:120]}")
    assert answer.verdict == "ran", (binding, answer.reason)
    result = run_op(row)
    assert row.out is not None
    stated = [t for t, out in zip(result.types, row.out, strict=True) if out is not None]
    for inferred, real in zip(stated, answer.outputs, strict=True):
        assert inferred is not None
        assert real is not None
        assert_admits(inferred, real[0], real[1], binding)


def assert_admits(
    inferred: sw.TensorType, dtype: str, shape: tuple[int, ...] | None, binding: Mapping[str, int]
) -> None:
    """A real tensor is of the inferred type: equal sizes, or within the bounds of an open one."""
    assert inferred.dtype == dtype
    if shape is None or inferred.shape is None:
        return
    assert len(inferred.shape) == len(shape), (str(inferred), shape)
    for claimed, real in zip(inferred.shape, shape, strict=True):
        size = at(claimed, binding)
        if isinstance(size, sw.Dim):
            low, high = size.bounds
            assert low is None or low <= real, (str(inferred), shape)
            assert high is None or real <= high, (str(inferred), shape)
        else:
            assert size is None or size == real, (binding, str(inferred), shape)


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS)
def test_reader_and_builder_make_the_same_graph(row: Case) -> None:
    pytest.importorskip("onnx")
    if any(isinstance(i, str) and sw.TensorType.parse(i).length is not None for i in row.inputs):
        pytest.skip("a file does not say how long a sequence is")
    try:
        model = as_onnx(row, list(row.inputs))
    except (TypeError, ValueError) as error:
        pytest.skip(f"onnx cannot write it: {error}")
    names = [f"y.{i}" if i else "y" for i in range(num_outputs(row))]
    read, built = result_of(sw.check(model), names), run_op(row)
    assert codes(read) == codes(built)
    assert read.contract == built.contract
    if row.out is not None:
        for a, b, stated in zip(read.types, built.types, row.out, strict=True):
            assert stated is None or str(a) == str(b)


def codes(result: Result) -> list[str]:
    return [finding.code for finding in result.findings]


def rows_in_force() -> set[tuple[str, str, int]]:
    """(domain, name, since) of every table row that some case exercises."""
    table: dict[tuple[str, str], list[int]] = {}
    for op in _core.all_ops():
        table.setdefault((op.domain, op.name), []).append(op.since)
    exercised = set()
    for row in CASES:
        older = [s for s in table.get((row.domain, row.op), ()) if s <= row.opset]
        if older:
            exercised.add((row.domain, row.op, max(older)))
    return exercised


def control_operators() -> set[str]:
    """Operators with bodies have models of their own, in test_control.py."""
    return {op.name for op in _core.all_ops() if any(kind == "graph" for _, kind, _ in op.attrs)}


def test_every_operator_row_has_a_case() -> None:
    # Those of "aten" say what running takes, and are held to real runs in tests/aten.
    rows = {(op.domain, op.name, op.since) for op in _core.all_ops() if op.domain != "aten"}
    missing = {row for row in rows - rows_in_force() if row[1] not in control_operators()}
    assert not missing, sorted(missing)
