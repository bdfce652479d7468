"""A language for facts about operators: one row states one fact.

>>> row = case("Softmax", ["f32[batch, 10]"], axis=-1, out=["f32[batch, 10]"])
>>> print(run_op(row).types[0])
f32[batch, 10]

>>> refused = case("MatMul", ["f32[N, 4]", "f32[5, 6]"], error="matmul-contract")
>>> run_op(refused).error
'matmul-contract'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from shapewright import _core
from shapewright.api import check
from shapewright.graph import Graph
from shapewright.inputs import flatten, nested_shape
from shapewright.results import Finding, Report
from shapewright.types import TensorType

DEFAULT_OPSET = 20
DEFAULT_DOMAIN_VERSION = 1


@dataclass(frozen=True)
class Const:
    """An input whose elements are in the model; `values` in row-major order."""

    values: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"const({list(self.values)}, {self.dtype!r})"


def const(values: Any, dtype: str = "i64") -> Const:
    """A constant operand: a scalar or nested lists.

    >>> const([[1, 2, 3]], "i64").shape
    (1, 3)
    """
    return Const(tuple(flatten(values)), tuple(nested_shape(values)), dtype)


@dataclass(frozen=True)
class Case:
    """A row: an operator, its operands, and what must come of it."""

    op: str
    inputs: tuple[str | Const | None, ...]
    attrs: Mapping[str, Any]
    out: tuple[str | None, ...] | None
    error: str | None
    contract: tuple[str, ...]
    elements: tuple[Sequence[Any] | None, ...] | None
    opset: int
    domain: str
    name: str
    skip_ort: str
    bind: Mapping[str, int] | None

    @property
    def opsets(self) -> dict[str, int]:
        """The opset imports of a model of this one node."""
        if not self.domain:
            return {"": self.opset}
        return {"": DEFAULT_OPSET, self.domain: self.opset}

    def __str__(self) -> str:
        if self.name:
            return f"{self.op}-{self.opset}-{self.name}"
        operands = ", ".join("-" if operand is None else str(operand) for operand in self.inputs)
        options = "".join(f", {name}={value}" for name, value in self.attrs.items())
        return f"{self.op}-{self.opset}({operands}{options})"


def case(
    op: str,
    inputs: Sequence[str | Const | None],
    *,
    out: Sequence[str | None] | None = None,
    error: str | None = None,
    contract: Sequence[str] = (),
    elements: Sequence[Sequence[Any] | None] | None = None,
    opset: int | None = None,
    domain: str = "",
    name: str = "",
    skip_ort: str = "",
    bind: Mapping[str, int] | None = None,
    **attrs: Any,
) -> Case:
    """One fact about an operator; other keyword arguments are its attributes.

    `out` states the type of each output (None: an omitted one), `error` the code of the finding
    instead. `contract` is all that the node demands of open sizes, as text; `elements` the known
    elements of outputs, each a number, the text of a size, or None. `opset` is the version of the
    operator's own domain. `bind` gives the sizes at which a runtime is asked; `skip_ort` says why
    ONNX Runtime is not.
    """
    if (out is None) == (error is None):
        msg = f"case({op!r}): state either out= or error="
        raise ValueError(msg)
    default = DEFAULT_DOMAIN_VERSION if domain else DEFAULT_OPSET
    return Case(
        op=op,
        inputs=tuple(inputs),
        attrs=attrs,
        out=None if out is None else tuple(out),
        error=error,
        contract=tuple(contract),
        elements=None if elements is None else tuple(elements),
        opset=default if opset is None else opset,
        domain=domain,
        name=name,
        skip_ort=skip_ort,
        bind=bind,
    )


@dataclass(frozen=True)
class Result:
    """What inference makes of a row."""

    types: tuple[TensorType | None, ...]  # None: an omitted output, or nothing is claimed of it
    elements: tuple[tuple[Any, ...] | None, ...]
    contract: tuple[str, ...]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def error(self) -> str | None:
        """Code of the first finding of severity error."""
        return next((f.code for f in self.findings if f.severity == "error"), None)


def graph_of(row: Case) -> Graph:
    """The row as a graph of one node: inputs `x0`, `x1`, ..., outputs `y`, `y.1`, ..."""
    graph = Graph(row.opsets[""])
    if row.domain:
        graph.opset(row.domain, row.opset)
    operands = [
        None
        if operand is None
        else graph.input(f"x{i}", operand)
        if isinstance(operand, str)
        else graph.constant(f"x{i}", _nest(operand), operand.dtype)
        for i, operand in enumerate(row.inputs)
    ]
    made = graph.add(
        row.op, *operands, name="y", outputs=num_outputs(row), domain=row.domain, **row.attrs
    )
    for value in made if isinstance(made, tuple) else (made,):
        graph.output(value)
    return graph


def run_op(row: Case, **sizes: int) -> Result:
    """Infers a row, with symbols left open or at the sizes given."""
    report = check(graph_of(row), dims=sizes or None)
    return result_of(report, [f"y.{i}" if i else "y" for i in range(num_outputs(row))])


def result_of(report: Report, outputs: Sequence[str]) -> Result:
    """What a report says of the outputs of a row."""
    types = tuple(report.values.get(name) for name in outputs)
    elements = tuple(report.elements(name) if name in report.values else None for name in outputs)
    contract = tuple(constraint.text for constraint in report.contract)
    return Result(types, elements, contract, report.findings)


def num_outputs(row: Case) -> int:
    """How many outputs the node of a row has; a refused one has as few as its operator allows."""
    if row.out is not None:
        return len(row.out)
    return _fewest_outputs().get((row.domain, row.op), 1)


@cache
def _fewest_outputs() -> dict[tuple[str, str], int]:
    return {(op.domain, op.name): max(1, op.outputs_min) for op in _core.all_ops()}


def _nest(operand: Const) -> Any:
    values = list(operand.values)
    for size in reversed(operand.shape[1:]):
        values = [values[i : i + size] for i in range(0, len(values), size)] if size else values
    return values if operand.shape else values[0]
