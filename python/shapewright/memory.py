"""Memory at given sizes, in bytes: the peak, what is alive there, the timeline, the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapewright import _core
from shapewright.errors import ConstraintError, ShapewrightError, UnboundSymbolError
from shapewright.spelling import did_you_mean

if TYPE_CHECKING:
    from shapewright.results import Constraint, Report

SHOWN_FORMULAS = ("params", "inputs", "live_peak")  # those of inference that are not always 0
TRAINING_FORMULAS = ("params", "grads", "optimizer", "saved", "inputs", "live_peak")


@dataclass(frozen=True, slots=True)
class Live:
    """A tensor alive at the peak; `why` says what keeps it."""

    value: str
    bytes: int
    why: str


@dataclass(frozen=True)
class Peak:
    """The most memory that is alive at once, in bytes, and where.

    `lower` and `upper` bound `live`, and `why_bounds` says why they differ: a size depends on the
    values of data, libraries of a GPU take workspaces that nothing fixes, or a PyTorch module takes
    another branch where a mask hides something. `upper` is None where nothing bounds it.
    """

    live: int
    phase: str
    node: str | None
    step: int
    core: _core.Peak = field(repr=False, compare=False)
    profile: str = field(repr=False, compare=False)
    rows: Iterable[tuple[str, int, str]] | None = field(default=None, repr=False, compare=False)
    # The peak where masks hide something, if the module asks: None where that cannot be traced.
    hidden: Callable[[], Peak | None] | None = field(default=None, repr=False, compare=False)

    @property
    def lower(self) -> int:
        """The least that `live` can be, whatever the data."""
        return self._bounds[0]

    @property
    def upper(self) -> int | None:
        """The most that `live` can be, whatever the data; None where nothing bounds it."""
        return self._bounds[1]

    @property
    def why_bounds(self) -> str:
        """Why `lower` and `upper` differ; "" if they are equal."""
        return self._bounds[2]

    @cached_property
    def _bounds(self) -> tuple[int, int | None, str]:
        own = (self.core.lower, self.core.upper, self.core.why_bounds)
        if self.hidden is None:
            return own
        why = [*filter(None, [own[2]]), "the model asks whether masks hide something"]
        other = self._other
        if other is None:
            return own[0], None, "; ".join([*why, "the branch where they do cannot be traced"])
        lower, upper = min(own[0], other.lower), larger(own[1], other.upper)
        return own if (lower, upper) == own[:2] else (lower, upper, "; ".join(why))

    @cached_property
    def _other(self) -> Peak | None:
        return None if self.hidden is None else self.hidden()

    @property
    def on_gpu(self) -> bool:
        """Whether PyTorch's caching allocator decides what runs."""
        return self.profile == "torch-cuda"

    @cached_property
    def _memory(self) -> tuple[int | None, ...]:
        return self.core.profile(self.profile) or (None,) * 5

    @property
    def capacity(self) -> int | None:
        """The least device memory with which the profile's allocator gets through.

        It was replayed to run. None for a profile without an allocator, or a size that is unknown.
        """
        return self._memory[0]

    @property
    def capacity_lower(self) -> int | None:
        """What is proved of `capacity`: with less it does not run; equal to it where exact."""
        return self._memory[1]

    @property
    def reserved(self) -> int | None:
        """What the profile's allocator takes of the device if nothing is refused."""
        return self._memory[2]

    @property
    def capacity_upper(self) -> int | None:
        """`capacity` where libraries take the most that they may."""
        if self.hidden is None:
            return self._memory[3]
        return larger(self._memory[3], None if self._other is None else self._other.capacity_upper)

    @property
    def reserved_upper(self) -> int | None:
        """`reserved` where libraries take the most that they may."""
        if self.hidden is None:
            return self._memory[4]
        return larger(self._memory[4], None if self._other is None else self._other.reserved_upper)

    def runs_in(self, capacity: int, *, safe: bool = False) -> bool:
        """Whether so many bytes of device memory are enough; `safe`: whatever libraries may take.

        On a GPU this is a replay in PyTorch's allocator, elsewhere `upper` must fit.
        """
        if not self.core.runs(capacity, safe):
            return False
        if self.hidden is None or (self.on_gpu and not safe):
            return True
        return self._other is not None and self._other.runs_in(capacity, safe=safe)

    @cached_property
    def live_set(self) -> tuple[Live, ...]:
        """Every tensor alive at the peak, largest first."""
        return tuple(Live(*row) for row in (self.core.live_set if self.rows is None else self.rows))

    @property
    def exact(self) -> bool:
        """Whether `live` is the number itself and no bound."""
        return self.lower == self.upper

    def to_dict(self) -> dict[str, Any]:
        """The peak as JSON-ready data."""
        return {
            "live": self.live,
            "lower": self.lower,
            "upper": self.upper,
            "why_bounds": self.why_bounds or None,
            "capacity": self.capacity,
            "capacity_lower": self.capacity_lower,
            "reserved": self.reserved,
            "capacity_upper": self.capacity_upper,
            "reserved_upper": self.reserved_upper,
            "phase": self.phase,
            "node": self.node,
            "step": self.step,
            "live_set": [
                {"value": tensor.value, "bytes": tensor.bytes, "why": tensor.why}
                for tensor in self.live_set
            ],
        }


def larger(one: int | None, other: int | None) -> int | None:
    """The larger of two upper bounds; None where nothing bounds one of them."""
    return None if one is None or other is None else max(one, other)


def needed_of(peak: Peak, *, safe: bool) -> int | None:
    """The memory that a peak needs: what the allocator of a GPU has to get, else what is alive."""
    if not peak.on_gpu:
        return peak.live
    return peak.capacity_upper if safe else peak.capacity


@dataclass(frozen=True, slots=True)
class Event:
    """One change of what is alive; `live` counts after it. Step -1 comes before the first node."""

    step: int
    phase: str
    node: str | None
    action: str
    buffer: str
    bytes: int
    live: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every allocation and release, in order."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One node as a row of the table: bytes, floating-point operations, share of the peak (0 to 1).

    `flops` is None where the operator only moves bytes, or the number is not known. `kernel` is the
    one that PyTorch chooses for an operator that has several, such as `"flash"` of attention.
    """

    path: str
    op: str
    kernel: str
    output: str
    params: int
    saved: int
    flops: int | None
    share_of_peak: float

    def to_dict(self) -> dict[str, Any]:
        """The layer as JSON-ready data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Offset:
    """Where a tensor lies in the arena, in bytes."""

    value: str
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class BufferPlan:
    """A plan of one arena of `height` bytes; none lower than `lower_bound` holds everything."""

    offsets: tuple[Offset, ...]
    height: int
    lower_bound: int
    method: str

    @property
    def is_optimal(self) -> bool:
        """Whether no plan is lower."""
        return self.height == self.lower_bound


class Formula:
    """Bytes of one kind, as an expression of the sizes that are left open.

    Call it with sizes to get a number: `report.formula("live_peak")(N=8)`.
    """

    def __init__(self, kind: str, core: _core.Formula, domain: Iterable[Constraint] = ()) -> None:
        self.kind = kind
        self._core = core
        self._domain = tuple(domain)

    def __str__(self) -> str:
        return str(self._core)

    @property
    def is_lower_bound(self) -> bool:
        """Whether values of unknown size are left out."""
        return self._core.num_unknown > 0

    def __repr__(self) -> str:
        return f"<Formula {self.kind} = {self}>"

    def latex(self) -> str:
        """The formula as LaTeX, without dollar signs."""
        return self._core.latex()

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __call__(self, **sizes: int) -> int:
        self._is_within(sizes)
        with sizes_hinted():
            return self._core.evaluate(sizes)

    def range(self, **sizes: int) -> tuple[int, int | None]:
        """The least and the most it can be; None if nothing bounds it.

        A size that is not given may be any within the bounds of its symbol. Nothing is known where
        that may be outside of the report's domain.
        """
        return self._core.range(sizes) if self._is_within(sizes) else (0, None)

    def _is_within(self, sizes: Mapping[str, int]) -> bool:
        """Whether all sizes are those of the branch that was traced; raises where one is not."""
        kept = [constraint.holds(sizes) for constraint in self._domain]
        if False in kept:
            text = self._domain[kept.index(False)].text
            message = f"the formula holds for {text}: elsewhere the model takes another branch"
            facts = {"constraint": text, "bindings": str(dict(sizes))}
            hint = "report.at traces the model at these sizes"
            raise ConstraintError(message, code="model-branches", facts=facts, hint=hint)
        return None not in kept


def unknown_value(name: str, names: Iterable[str]) -> ShapewrightError:
    """An error for a tensor that the model does not have."""
    message = f"the model has no value named '{name}'"
    return ShapewrightError(message, code="value-unknown", hint=did_you_mean(name, names))


class sizes_hinted:
    """A context that says how to give the sizes that the core finds missing."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, UnboundSymbolError):
            return
        names = error.facts.get("missing", "").split(", ")
        flags = " ".join(f"--dim {name}=8" for name in names)
        error.hint = f"give a size: {', '.join(f'{name}=8' for name in names)}, or {flags}"


def make_peak(
    core: _core.Peak, profile: str, hidden: Callable[[], Peak | None] | None = None
) -> Peak:
    """A peak of the core as data; `profile` says whose allocator is replayed."""
    return Peak(
        live=core.live,
        phase=core.phase,
        node=core.node,
        step=core.step,
        core=core,
        profile=profile,
        hidden=hidden,
    )


class BoundReport:
    """A report at given sizes: every shape is a number, and so is the memory."""

    def __init__(self, report: Report, core: _core.BoundMemory, sizes: Mapping[str, int]) -> None:
        self.report = report
        self.sizes = dict(sizes)
        self._core = core

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """The shape of a value; None for a size that depends on data, and for unknown rank."""
        try:
            shape: tuple[int | None, ...] | None = self._core.shape(name)
        except KeyError:
            raise unknown_value(name, self.report.values) from None
        return shape

    @cached_property
    def peak(self) -> Peak:
        """The most memory that is alive at once."""
        profile = self.report.question.profile
        return make_peak(self._core.peak, profile, self._hidden("peak"))

    def plan(self, alignment: int = 64, max_nodes: int = 200_000) -> BufferPlan:
        """Offsets in one arena for every tensor that a node makes, in bytes; exported as rows.

        `max_nodes` bounds the search for a plan as low as the lower bound.
        """
        rows, plan = self._core.plan(alignment, max_nodes)
        offsets = tuple(Offset(*row) for row in rows)
        return BufferPlan(offsets, plan.height, plan.lower_bound, plan.method)

    @cached_property
    def first_peak(self) -> Peak:
        """The peak of the first iteration of training, whose step makes the optimizer's state."""
        with sizes_hinted():
            first = self.report.first_memory.at(self._open_sizes)
        return make_peak(first.peak, self.report.question.profile, self._hidden("first_peak"))

    def _hidden(self, name: str) -> Callable[[], Peak | None] | None:
        """The same peak where masks hide something; None if the module does not ask."""
        hidden = self.report.question.hidden
        if hidden is None:
            return None

        def other() -> Peak | None:
            report = hidden()
            if report is None:
                return None
            peak: Peak = getattr(report.at(**self._open_sizes), name)
            return peak

        return other

    @property
    def _open_sizes(self) -> dict[str, int]:
        """What the report leaves open: nothing, if it is of these sizes alone."""
        names = {symbol.name for symbol in self.report.symbols}
        return {name: size for name, size in self.sizes.items() if name in names}

    @cached_property
    def timeline(self) -> Timeline:
        """Every allocation and release, in order."""
        return Timeline(tuple(Event(*row) for row in self._core.timeline))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """One row a node, in execution order."""
        return tuple(Layer(*row) for row in self._core.layers)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        return f"<BoundReport at {sizes or 'fixed sizes'}: peak {self.peak.live} bytes>"
