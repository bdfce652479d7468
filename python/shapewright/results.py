"""What `check` returns: types, findings, the input contract, and the memory behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapewright import _core
from shapewright.errors import ConstraintError, ShapewrightError, format_block
from shapewright.memory import (
    SHOWN_FORMULAS,
    TRAINING_FORMULAS,
    BoundReport,
    Formula,
    sizes_hinted,
    unknown_value,
)
from shapewright.options import Budget, Run
from shapewright.relation import holds, size_at
from shapewright.spelling import did_you_mean
from shapewright.types import TensorType

if TYPE_CHECKING:
    from pathlib import Path

    from shapewright._core import Dim
    from shapewright.what_if import WhatIf


OTHER_BRANCH = "model-branches"  # the code of what holds of one branch of the model alone


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing, about a model."""

    code: str
    severity: str
    message: str
    node: str | None
    facts: Mapping[str, str]
    hint: str | None

    def __str__(self) -> str:
        head = f"{self.severity} {self.code}: {self.message}"
        return format_block(head, self.node or "", self.facts, self.hint or "")

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready data."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "node": self.node,
            "facts": dict(self.facts),
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a node demands of sizes that are still open: part of the model's input contract."""

    text: str
    kind: str
    lhs: int | Dim | None
    rhs: int | Dim | None
    node: str

    def __str__(self) -> str:
        return self.text

    def holds(self, sizes: Mapping[str, int]) -> bool | None:
        """Whether it is kept at given sizes; None where one that it needs is not given."""
        if self.lhs is None or self.rhs is None:
            return None
        try:
            return holds(self.kind, size_at(self.lhs, sizes), size_at(self.rhs, sizes))
        except KeyError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """The constraint as JSON-ready data; both sides as text."""
        lhs, rhs = (None if d is None else str(d) for d in (self.lhs, self.rhs))
        return {"text": self.text, "kind": self.kind, "lhs": lhs, "rhs": rhs, "node": self.node}


@dataclass(frozen=True, slots=True)
class Difference:
    """A type that the file declares of a value, and the other one that inference finds."""

    value: str
    node: str | None
    kind: str  # "contradicts", or "refines": the file knows what inference leaves open
    declared: str
    inferred: str
    what: str

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON-ready data; both types as text."""
        return {
            "value": self.value,
            "node": self.node,
            "kind": self.kind,
            "declared": self.declared,
            "inferred": self.inferred,
            "what": self.what,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many values are known: as numbers, as expressions, by rank alone, not at all."""

    static: int
    symbolic: int
    rank_only: int
    unknown: int
    first_unknown: str | None

    def __str__(self) -> str:
        total = self.static + self.symbolic + self.rank_only + self.unknown
        text = (
            f"{total} values: {self.static} static, {self.symbolic} symbolic, "
            f"{self.rank_only} rank-only, {self.unknown} unknown"
        )
        return f"{text} (first: {self.first_unknown})" if self.first_unknown else text


@dataclass(frozen=True, slots=True)
class Symbol:
    """A size that is left open, with the bounds it was given."""

    name: str
    kind: str
    lower: int
    upper: int | None


class Values(Mapping[str, TensorType]):
    """Types of all values of the model, by name; made when asked for."""

    def __init__(self, analysis: _core.Analysis) -> None:
        self._analysis = analysis

    @cached_property
    def _names(self) -> dict[str, None]:
        return dict.fromkeys(self._analysis.value_names())

    def __getitem__(self, name: str) -> TensorType:
        try:
            dtype, *rest = self._analysis.value_type(name)
        except KeyError:
            hint = did_you_mean(name, self._names)
            message = f"the model has no value named '{name}'" + (f"; {hint}" if hint else "")
            raise KeyError(message) from None
        return TensorType(dtype or "?", *rest)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(slots=True)  # not frozen: see options.AskedOptions
class Question:
    """What was asked of a model besides its shapes; sizes in bytes."""

    source: str = ""
    run: Run = field(default_factory=Run)
    device: str | None = None
    limits: Budget | None = None
    strict: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)  # symbols that `dims` fixed
    # The same module read in bfloat16; None where it is gone or cannot be.
    in_halves: Callable[[], _core.Analysis | None] | None = field(
        default=None, compare=False, repr=False
    )
    # The same module traced at sizes outside of the domain; None where it is gone.
    elsewhere: Callable[[tuple[tuple[str, int], ...]], Report | None] | None = field(
        default=None, compare=False, repr=False
    )
    # The same module with masks that hide something, if it asks; the answer is None where that
    # cannot be traced.
    hidden: Callable[[], Report | None] | None = field(default=None, compare=False, repr=False)

    @property
    def budget(self) -> int | None:
        """Bytes that the model may take; None if nothing was said of it."""
        return None if self.limits is None else self.limits.likely

    @property
    def profile(self) -> str:
        """Who runs the model."""
        return self.run.profile


class Report:
    """Everything known of a model: `str(report)` prints it, the attributes hold it as data."""

    def __init__(self, analysis: _core.Analysis, question: Question) -> None:
        self._analysis = analysis
        self.question = question
        self.values = Values(analysis)

    @property
    def ok(self) -> bool:
        """No finding of severity "error"."""
        return self._analysis.ok

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong with the model, in execution order."""
        return tuple(
            Finding(f.code, f.severity, f.message, f.node, dict(f.facts), f.hint)
            for f in self._analysis.findings
        )

    @cached_property
    def contract(self) -> tuple[Constraint, ...]:
        """What the model demands of the sizes of its inputs."""
        return self._constraints(of_branch=False)

    @cached_property
    def domain(self) -> tuple[Constraint, ...]:
        """Where the answers hold: at other sizes a PyTorch module takes another branch."""
        return self._constraints(of_branch=True)

    def _constraints(self, *, of_branch: bool) -> tuple[Constraint, ...]:
        return tuple(
            Constraint(c.text, c.kind, c.lhs, c.rhs, c.node)
            for c in self._analysis.contract
            if (c.code == OTHER_BRANCH) == of_branch
        )

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Where the types that the file declares differ from those inferred, in execution order."""
        return tuple(Difference(*row) for row in self._analysis.differences)

    @cached_property
    def coverage(self) -> Coverage:
        """How much is known of the values that nodes produce."""
        return Coverage(*self._analysis.coverage)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Sizes of the inputs that are left open."""
        return tuple(Symbol(*row) for row in self._analysis.symbols)

    @cached_property
    def graph(self) -> _core.Graph:
        """The graph that was inferred."""
        return self._analysis.graph

    def elements(self, name: str) -> tuple[Any, ...] | None:
        """Known elements of a small tensor in row-major order; None if none are known."""
        try:
            elements = self._analysis.elements(name)
        except KeyError:
            raise unknown_value(name, self.values) from None
        return None if elements is None else tuple(elements)

    def why(self, name: str, axis: int = 0) -> tuple[str, ...]:
        """The chain that gave the size of one axis, nearest cause first."""
        if name not in self.values:
            raise unknown_value(name, self.values)
        shape = self.values[name].shape
        if shape is None:
            return tuple(self._analysis.why(name, axis))
        if not -len(shape) <= axis < len(shape):
            message = f"'{name}' has no axis {axis}: its rank is {len(shape)}"
            facts = {"type": str(self.values[name])}
            raise ShapewrightError(message, code="axis-out-of-range", facts=facts)
        return tuple(self._analysis.why(name, axis % len(shape)))

    @cached_property
    def memory(self) -> _core.MemoryModel:
        """The memory model of the core, built on first use."""
        return _core.MemoryModel(self._analysis, self.question.run.core())

    @cached_property
    def first_memory(self) -> _core.MemoryModel:
        """The same for the first iteration of training, which makes the optimizer's state."""
        return _core.MemoryModel(self._analysis, self.question.run.core(first_iteration=True))

    def place(self, node: str | None) -> str:
        """Where a node stands, for people: ` at encoder.layer.3 (node_MatMul_206)`."""
        if node is None:
            return ""
        scope = self._scopes.get(node)
        return f" at {scope} ({node})" if scope else f" at {node}"

    @cached_property
    def _scopes(self) -> dict[str, str]:
        return {node.name: node.scope for node in self.graph.nodes if node.scope != node.name}

    def formula(self, kind: str) -> Formula:
        """Bytes as an expression of the open sizes: "params", "inputs", "live_peak", ..."""
        return Formula(kind, self.memory.formula(kind), self.domain)

    @property
    def shown_formulas(self) -> tuple[str, ...]:
        """The kinds of formula that are not 0 by their nature."""
        return TRAINING_FORMULAS if self.question.run.trains else SHOWN_FORMULAS

    def at(self, **sizes: int) -> BoundReport:
        """The report at given sizes; raises `ConstraintError` where they break the contract.

        At sizes outside of `domain` the module is traced again, for these alone.
        """
        every = {**self.question.sizes, **sizes}
        with sizes_hinted():
            try:
                return BoundReport(self, self.memory.at(every), every)
            except ConstraintError as error:
                if error.code != OTHER_BRANCH or self.question.elsewhere is None:
                    raise
                other = self.question.elsewhere(tuple(sorted(every.items())))
                if other is None:
                    raise
            return BoundReport(other, other.memory.at({}), every)

    @property
    def analysis(self) -> _core.Analysis:
        """What the core inferred."""
        return self._analysis

    def what_if(self, *, ranks: int = 8, **sizes: int) -> WhatIf:
        """What would change the memory of a PyTorch module at given sizes, ranked by what it saves.

        Each row is simulated anew: halves, kernels of attention, checkpoints, optimizers,
        micro-batches, settings of the allocator, and sharding over `ranks` GPUs.
        """
        from shapewright.what_if import what_if

        return what_if(self, {**self.question.sizes, **sizes}, ranks)

    def __str__(self) -> str:
        from shapewright.report.text import report_text

        return report_text(self)

    def __repr__(self) -> str:
        errors = sum(finding.severity == "error" for finding in self.findings)
        return f"<Report of {self.question.source or 'a graph'}: {errors} errors, {self.coverage}>"

    def _repr_html_(self) -> str:
        from shapewright.report.html import report_fragment

        return report_fragment(self)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data, as `docs/report.schema.json` describes it."""
        from shapewright.report.data import report_dict

        return report_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text."""
        import json

        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_html(self, path: str | Path) -> None:
        """Writes the report as one page that opens offline."""
        from pathlib import Path

        from shapewright.report.html import report_page

        Path(path).write_text(report_page(self), encoding="utf-8")
