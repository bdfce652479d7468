"""
The C++ core of shapewright.
"""

from __future__ import annotations
import collections.abc
import os
import typing

__all__: list[str] = [
    "Analysis",
    "ArrayList",
    "BlockRef",
    "BoundMemory",
    "Capacity",
    "Constraint",
    "DenseArray",
    "Dim",
    "FILL",
    "Finding",
    "Fit",
    "Formula",
    "Graph",
    "GraphBuilder",
    "KnownCalls",
    "Launch",
    "MANY",
    "MemoryModel",
    "NodeView",
    "OffsetPlan",
    "Op",
    "Peak",
    "Replay",
    "Requests",
    "RowBook",
    "TensorData",
    "ValueView",
    "View",
    "all_ops",
    "allocators",
    "check_plan",
    "copy",
    "count_units",
    "default_threads",
    "explain_view",
    "heuristic_offsets",
    "infer",
    "is_eager",
    "layout_of",
    "least_capacity",
    "pad_stack",
    "pattern_axes",
    "pattern_inverse",
    "pattern_view",
    "permute",
    "permute_file",
    "plan_file",
    "plan_inplace",
    "plan_offsets",
    "pool_bytes",
    "prove_eq",
    "prove_le",
    "read_onnx",
    "read_onnx_file",
    "rearrange",
    "rearrange_many",
    "replay",
    "run_view",
    "set_default_threads",
    "transpose_inplace",
    "trim_pool",
    "unmatched_patterns",
    "unpad_stack",
]

class Dim:
    """
    A size made of symbols, canonical: equal expressions are equal objects.

    >>> Dim('2*N + N') == Dim('3*N')
    True

    `//` and `%` have floor semantics; int64 overflow raises.
    """
    @staticmethod
    def ceildiv(
        a: Dim | typing.SupportsInt | typing.SupportsIndex | int,
        b: Dim | typing.SupportsInt | typing.SupportsIndex | int,
    ) -> Dim:
        """
        a / b rounded up.
        """
    @staticmethod
    def max(
        a: Dim | typing.SupportsInt | typing.SupportsIndex | int,
        b: Dim | typing.SupportsInt | typing.SupportsIndex | int,
    ) -> Dim:
        """
        The larger of two sizes.
        """
    @staticmethod
    def min(
        a: Dim | typing.SupportsInt | typing.SupportsIndex | int,
        b: Dim | typing.SupportsInt | typing.SupportsIndex | int,
    ) -> Dim:
        """
        The smaller of two sizes.
        """
    def __add__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __bool__(self) -> bool: ...
    def __eq__(self, other: typing.Any) -> bool: ...
    def __floordiv__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __ge__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> bool: ...
    def __getstate__(self) -> str: ...
    def __gt__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> bool: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    @typing.overload
    def __init__(self, text: str) -> None: ...
    @typing.overload
    def __init__(self, value: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> None: ...
    def __int__(self) -> int: ...
    def __le__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> bool: ...
    def __lt__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> bool: ...
    def __mod__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __mul__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __neg__(self) -> Dim: ...
    def __radd__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __repr__(self) -> str: ...
    def __rfloordiv__(
        self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int
    ) -> Dim: ...
    def __rmod__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __rmul__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __rsub__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def __setstate__(self, arg0: str) -> None: ...
    def __str__(self) -> str: ...
    def __sub__(self, other: Dim | typing.SupportsInt | typing.SupportsIndex | int) -> Dim: ...
    def _repr_latex_(self) -> str: ...
    def bind(self, **kwargs: Dim | int) -> Dim | int:
        """
        Puts sizes in for symbols: a Dim, or an int once nothing is left free.
        """
    def latex(self) -> str:
        """
        The size as LaTeX, without dollar signs.
        """
    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """
        (lower, upper); None where there is no bound.
        """
    @property
    def symbols(self) -> frozenset:
        """
        Names of the symbols, as a frozenset.
        """

class TensorData:
    """
    A constant: dtype, dims and, if it is small, its bytes.
    """
    def __init__(
        self,
        dtype: str,
        dims: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        data: bytes | None = None,
    ) -> None: ...
    def __repr__(self) -> str: ...
    def ints(self) -> list[int]: ...
    def reals(self) -> list[float]: ...
    @property
    def data(self) -> typing.Any:
        """
        Little-endian, packed; None if not kept.
        """
    @property
    def dims(self) -> list[int]: ...
    @property
    def dtype(self) -> str: ...

class BlockRef:
    """
    A body of If, Loop or Scan, by its index in the graph.
    """
    def __init__(self, index: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    @property
    def index(self) -> int: ...

class NodeView:
    @property
    def attrs(self) -> dict: ...
    @property
    def block(self) -> int: ...
    @property
    def byte_offset(self) -> int: ...
    @property
    def display_name(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def grad_enabled(self) -> bool: ...
    @property
    def id(self) -> int: ...
    @property
    def index(self) -> int: ...
    @property
    def inputs(self) -> list: ...
    @property
    def name(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def origin(self) -> str | None: ...
    @property
    def outputs(self) -> list: ...
    @property
    def scope(self) -> str: ...
    @property
    def version(self) -> int: ...

class ValueView:
    @property
    def block(self) -> int: ...
    @property
    def constant(self) -> TensorData | None: ...
    @property
    def declared(self) -> str | None: ...
    @property
    def id(self) -> int: ...
    @property
    def is_buffer(self) -> bool: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def producer(self) -> NodeView | None: ...
    @property
    def requires_grad(self) -> bool: ...

class Graph:
    """
    A network as data: values, nodes, blocks.
    """
    def block_inputs(self, block: BlockRef) -> list: ...
    def block_nodes(self, block: typing.SupportsInt | typing.SupportsIndex) -> list: ...
    def block_outputs(self, block: BlockRef) -> list: ...
    def find(self, name: str) -> typing.Any: ...
    @property
    def faults(self) -> list: ...
    @property
    def inputs(self) -> list: ...
    @property
    def ir_version(self) -> int: ...
    @property
    def loss(self) -> typing.Any: ...
    @property
    def name(self) -> str: ...
    @property
    def nodes(self) -> list:
        """
        Of the main block, in execution order.
        """
    @property
    def num_blocks(self) -> int: ...
    @property
    def num_nodes(self) -> int: ...
    @property
    def num_values(self) -> int: ...
    @property
    def opsets(self) -> list[tuple[str, int]]: ...
    @property
    def outputs(self) -> list: ...
    @property
    def producer(self) -> str: ...
    @property
    def released_after(self) -> list[int]:
        """
        By value: the number of the node after which the program has no name for it.
        """
    @property
    def source(self) -> str: ...
    @property
    def values(self) -> list:
        """
        Of all blocks.
        """

class GraphBuilder:
    """
    Builds a graph by hand; values are numbers.
    """
    def __init__(self, opset: typing.SupportsInt | typing.SupportsIndex = 20) -> None: ...
    def add(
        self,
        op: str,
        inputs: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex | None],
        attrs: dict = {},
        name: str = "",
        num_outputs: typing.SupportsInt | typing.SupportsIndex = 1,
        domain: str = "",
    ) -> list[int]:
        """
        Adds a node; the numbers of its outputs.
        """
    def add_many(self, domain: str, rows: list) -> int:
        """
        Adds nodes (op, inputs, attrs, name, module, origin, grad_enabled, types of outputs); an input is the number of a value, -1 for none. The number of the first output.
        """
    def begin_block(self) -> BlockRef: ...
    def call_it(self, name: str, producer: str) -> None: ...
    def constant(self, name: str, data: TensorData) -> int: ...
    def demand(
        self,
        relation: str,
        left: str,
        right: str,
        node: typing.SupportsInt | typing.SupportsIndex,
        is_branch: bool = False,
    ) -> None: ...
    def end_block(self) -> None: ...
    def fault(
        self,
        code: str,
        severity: str,
        message: str,
        facts: collections.abc.Sequence[tuple[str, str]],
        hint: str = "",
        node: typing.SupportsInt | typing.SupportsIndex | None = None,
    ) -> None: ...
    def held(
        self, values: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ) -> None:
        """
        Values that the model itself holds on to after the call.
        """
    def input(self, name: str, type: str) -> int: ...
    def loss(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def name_of(self, value: typing.SupportsInt | typing.SupportsIndex) -> str: ...
    def opset(self, domain: str, version: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def output(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def param(self, name: str, type: str) -> int: ...
    def released_after(
        self, nodes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ) -> None:
        """
        By value: the node after which it has no name, -1 for never.
        """
    def require_grad(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def snapshot(self) -> Graph:
        """
        The graph as it is now; what is added later does not change it.
        """
    def state(self, rows: list) -> int:
        """
        Adds params (name, dtype, dims, requires_grad, is_buffer); the number of the first.
        """
    def symbol_range(
        self,
        name: str,
        lower: typing.SupportsInt | typing.SupportsIndex,
        upper: typing.SupportsInt | typing.SupportsIndex | None,
    ) -> None: ...
    @property
    def num_values(self) -> int: ...

class Op:
    """
    One row of the table of operators.
    """
    def __repr__(self) -> str: ...
    @property
    def attrs(self) -> list[tuple[str, str, bool]]:
        """
        (name, kind, required) of each attribute.
        """
    @property
    def domain(self) -> str:
        """
        "" is ai.onnx.
        """
    @property
    def has_alias(self) -> bool: ...
    @property
    def has_flops(self) -> bool: ...
    @property
    def has_values(self) -> bool: ...
    @property
    def inputs_max(self) -> int: ...
    @property
    def inputs_min(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def operands(self) -> str:
        """
        Names of the inputs, spaced.
        """
    @property
    def outputs_max(self) -> int: ...
    @property
    def outputs_min(self) -> int: ...
    @property
    def since(self) -> int:
        """
        The first opset version that the row describes.
        """

class Finding:
    @property
    def code(self) -> str: ...
    @property
    def facts(self) -> list: ...
    @property
    def hint(self) -> typing.Any: ...
    @property
    def index(self) -> typing.Any: ...
    @property
    def message(self) -> typing.Any: ...
    @property
    def node(self) -> typing.Any: ...
    @property
    def op(self) -> typing.Any: ...
    @property
    def severity(self) -> str: ...

class Constraint:
    @property
    def code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def lhs(self) -> typing.Any: ...
    @property
    def node(self) -> typing.Any: ...
    @property
    def rhs(self) -> typing.Any: ...
    @property
    def text(self) -> typing.Any: ...

class Analysis:
    def describe(self, name: str) -> str: ...
    def elements(self, name: str) -> typing.Any: ...
    def producer(self, name: str) -> typing.Any: ...
    def value_names(self) -> list: ...
    def value_type(self, name: str) -> tuple: ...
    def why(self, name: str, axis: typing.SupportsInt | typing.SupportsIndex) -> list: ...
    @property
    def batch_symbol(self) -> str | None:
        """
        The symbol of the first axis of the first input that has one.
        """
    @property
    def contract(self) -> list: ...
    @property
    def coverage(self) -> tuple[int, int, int, int, typing.Any]: ...
    @property
    def differences(self) -> list: ...
    @property
    def findings(self) -> list: ...
    @property
    def graph(self) -> Graph: ...
    @property
    def ok(self) -> bool: ...
    @property
    def symbols(self) -> list[tuple[str, str, int, int | None]]: ...

class Requests:
    """
    What an allocator is asked for, in order.
    """
    def __init__(self, events: collections.abc.Iterable) -> None:
        """
        (kind, name, bytes, stream) each; kind: alloc, free, free_requested, free_completed, empty_cache.
        """
    def __len__(self) -> int: ...

class Replay:
    """
    What an allocator does with requests; sizes in bytes.
    """
    @property
    def active(self) -> int: ...
    @property
    def active_peak(self) -> int: ...
    @property
    def allocated(self) -> int: ...
    @property
    def allocated_peak(self) -> int: ...
    @property
    def blocks(self) -> list[tuple[int, int, str]]:
        """
        (address, bytes, use) at the end.
        """
    @property
    def failed_bytes(self) -> int: ...
    @property
    def failed_free_bytes(self) -> int: ...
    @property
    def failed_request(self) -> int | None: ...
    @property
    def num_device_allocs(self) -> int: ...
    @property
    def num_device_frees(self) -> int: ...
    @property
    def num_retries(self) -> int: ...
    @property
    def peak_request(self) -> int | None: ...
    @property
    def placements(self) -> list[tuple[int, int]]:
        """
        (address, bytes) by allocation.
        """
    @property
    def requested(self) -> int: ...
    @property
    def requested_peak(self) -> int: ...
    @property
    def reserved(self) -> int: ...
    @property
    def reserved_peak(self) -> int: ...
    @property
    def runs(self) -> bool: ...
    @property
    def window(self) -> tuple[int, int]:
        """
        Capacities [from, below) with which all is the same.
        """

class Capacity:
    """
    The least device memory that runs, in bytes.
    """
    @property
    def free_running(self) -> int: ...
    @property
    def is_exact(self) -> bool: ...
    @property
    def least(self) -> int: ...
    @property
    def least_lower(self) -> int: ...
    @property
    def num_replays(self) -> int: ...
    @property
    def steady(self) -> int: ...

class OffsetPlan:
    """
    Offsets in one arena, in bytes.
    """
    @property
    def height(self) -> int: ...
    @property
    def is_optimal(self) -> bool: ...
    @property
    def lower_bound(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def nodes(self) -> int: ...
    @property
    def offsets(self) -> list[int]: ...

class Formula:
    """
    Bytes as an expression of the symbols: the largest of a few sums.
    """
    def __str__(self) -> str: ...
    def evaluate(self, sizes: dict) -> int: ...
    def latex(self) -> str: ...
    def range(self, sizes: dict) -> tuple[int, int | None]:
        """
        Least and most over the bounds of what has no size; None: no most.
        """
    @property
    def num_arms(self) -> int: ...
    @property
    def num_unknown(self) -> int:
        """
        Values of unknown size; if there are any, the formula is a lower bound.
        """
    @property
    def symbols(self) -> list[str]: ...

class Peak:
    """
    The most bytes alive at once.
    """
    def failure(
        self, capacity: typing.SupportsInt | typing.SupportsIndex, with_most: bool = False
    ) -> typing.Any:
        """
        (node, phase, asked_bytes, free_bytes, live_set) where a GPU refuses; None if not.
        """
    def profile(self, profile: str) -> typing.Any:
        """
        (capacity, its lower bound, reserved, capacity_upper, reserved_upper) in bytes; None without an allocator.
        """
    def runs(
        self, capacity: typing.SupportsInt | typing.SupportsIndex, with_most: bool = False
    ) -> bool:
        """
        Whether so much memory is enough; with_most: whatever libraries may take.
        """
    @property
    def live(self) -> int: ...
    @property
    def live_set(self) -> list:
        """
        (value, bytes, why) of what is alive, largest first.
        """
    @property
    def lower(self) -> int: ...
    @property
    def node(self) -> typing.Any: ...
    @property
    def phase(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def upper(self) -> int | None: ...
    @property
    def why_bounds(self) -> str: ...

class BoundMemory:
    """
    The memory of a model at given sizes.
    """
    def plan(
        self,
        alignment: typing.SupportsInt | typing.SupportsIndex = 64,
        max_nodes: typing.SupportsInt | typing.SupportsIndex = 200000,
    ) -> tuple:
        """
        ((value, offset, bytes) of what nodes make, the plan).
        """
    def shape(self, name: str) -> typing.Any: ...
    def shape_bounds(self, name: str) -> typing.Any: ...
    @property
    def layers(self) -> list:
        """
        (path, op, output, params, saved, flops, share_of_peak) of every node.
        """
    @property
    def peak(self) -> Peak: ...
    @property
    def requests(self) -> tuple:
        """
        (requests of what nodes make, bytes of parameters and inputs); on a GPU those of three iterations, nothing beside them.
        """
    @property
    def shapes(self) -> dict:
        """
        Of every value of the main block.
        """
    @property
    def timeline(self) -> list:
        """
        (step, phase, node, action, buffer, bytes, live) of every event.
        """

class Fit:
    """
    The largest size that fits.
    """
    @property
    def evaluations(self) -> int: ...
    @property
    def next(self) -> Peak | None: ...
    @property
    def next_value(self) -> int | None: ...
    @property
    def num_untried(self) -> int: ...
    @property
    def peak(self) -> Peak | None: ...
    @property
    def slack(self) -> int: ...
    @property
    def value(self) -> int: ...

class MemoryModel:
    """
    The memory of an analysis; built on first use.
    """
    def __init__(self, analysis: Analysis, run: dict = {}) -> None:
        """
        `run`: how an eager framework runs the model, by the names of its options.
        """
    def at(self, sizes: dict) -> BoundMemory: ...
    def fit(
        self,
        solve: str,
        sizes: dict,
        tie: dict,
        multiple_of: typing.SupportsInt | typing.SupportsIndex,
        budget_bytes: typing.SupportsInt | typing.SupportsIndex,
        with_most: bool = False,
    ) -> Fit: ...
    def formula(self, kind: str) -> Formula: ...
    @property
    def buffers(self) -> list:
        """
        (value, kind, bytes, is_known, views) of every buffer.
        """

class View:
    """
    A chain of reshapes and the like, before anything moves.
    """
    @staticmethod
    def concatenate(
        views: collections.abc.Sequence[View], axis: typing.SupportsInt | typing.SupportsIndex
    ) -> View: ...
    @staticmethod
    def dense(
        shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        item_bytes: typing.SupportsInt | typing.SupportsIndex,
    ) -> View: ...
    @staticmethod
    def stack(
        views: collections.abc.Sequence[View], axis: typing.SupportsInt | typing.SupportsIndex
    ) -> View: ...
    def __init__(
        self,
        shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        strides_bytes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    ) -> None: ...
    def expand(
        self, shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ) -> View: ...
    def explain(
        self,
        item_bytes: typing.SupportsInt | typing.SupportsIndex,
        *,
        dst_item_bytes: typing.SupportsInt | typing.SupportsIndex | None = None,
    ) -> str: ...
    def flip(self, axis: typing.SupportsInt | typing.SupportsIndex) -> View: ...
    def inverse(self, item_bytes: typing.SupportsInt | typing.SupportsIndex) -> View: ...
    def lower(
        self,
        item_bytes: typing.SupportsInt | typing.SupportsIndex,
        *,
        dst_item_bytes: typing.SupportsInt | typing.SupportsIndex | None = None,
        strides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [],
        params: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [],
    ) -> tuple[
        list[int],
        list[tuple[int, list[tuple[int, int, int, int, list[tuple[int, int, int, int]]]]]],
        str,
    ]:
        """
        (shape, passes, why); a pass is (scratch bytes, pieces), a piece (source, src, dst and param offset, digits), a digit (size, src, dst and param stride).
        """
    def pad(
        self,
        before_after: collections.abc.Sequence[
            tuple[
                typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
            ]
        ],
    ) -> View: ...
    def permute(
        self, perm: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ) -> View: ...
    def rearrange(self, pattern: str, sizes: dict = {}) -> View: ...
    def reshape(
        self, shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ) -> View: ...
    def roll(
        self,
        axis: typing.SupportsInt | typing.SupportsIndex,
        shift: typing.SupportsInt | typing.SupportsIndex,
    ) -> View: ...
    def select(
        self,
        axis: typing.SupportsInt | typing.SupportsIndex,
        index: typing.SupportsInt | typing.SupportsIndex,
    ) -> View: ...
    def slice(
        self,
        axis: typing.SupportsInt | typing.SupportsIndex,
        start: typing.SupportsInt | typing.SupportsIndex | None = None,
        stop: typing.SupportsInt | typing.SupportsIndex | None = None,
        step: typing.SupportsInt | typing.SupportsIndex = 1,
    ) -> View: ...
    @property
    def shape(self) -> list[int]: ...
    @property
    def sources(self) -> list[list[int]]:
        """
        Shapes of the arrays read.
        """

class DenseArray:
    """
    A result on its way into a framework that takes it by DLPack.
    """
    def __dlpack__(
        self,
        *,
        stream: typing.Any = None,
        max_version: typing.Any = None,
        dl_device: typing.Any = None,
        copy: typing.Any = None,
    ) -> typing.Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

class ArrayList:
    """
    Tensors of a GPU, read together.
    """
    @property
    def addresses(self) -> bytes: ...
    @property
    def firsts(self) -> bytes: ...
    @property
    def groups(self) -> bytes: ...
    @property
    def most(self) -> typing.Any:
        """
        The largest sizes; None where types, devices or ranks differ.
        """

class RowBook:
    """
    Rows of batches that were worked out before.
    """
    def __init__(self) -> None: ...
    def add(
        self,
        tag: typing.Any,
        arrays: ArrayList,
        group: typing.SupportsInt | typing.SupportsIndex,
        dst_phase: typing.SupportsInt | typing.SupportsIndex,
        rows: collections.abc.Sequence[
            tuple[
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                bool,
                bytes,
            ]
        ],
    ) -> None: ...
    def plan(
        self,
        tag: typing.Any,
        arrays: ArrayList,
        first: typing.SupportsInt | typing.SupportsIndex,
        step: typing.SupportsInt | typing.SupportsIndex,
        fill: typing.SupportsInt | typing.SupportsIndex,
    ) -> typing.Any: ...

class Launch:
    """
    A kernel with all but its pointers.
    """
    def __call__(
        self,
        stream: typing.SupportsInt | typing.SupportsIndex,
        pointers: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    ) -> int:
        """
        The driver's status, 0 for success.
        """
    def __init__(
        self,
        enqueue: typing.SupportsInt | typing.SupportsIndex,
        function: typing.SupportsInt | typing.SupportsIndex,
        blocks: typing.SupportsInt | typing.SupportsIndex,
        threads: typing.SupportsInt | typing.SupportsIndex,
        numbers: bytes,
        offsets: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    ) -> None: ...

class KnownCalls:
    """
    Moves that were planned before, found by what decides them.
    """
    def __init__(self, device_type: typing.SupportsInt | typing.SupportsIndex = 2) -> None: ...
    def read(self, xs: collections.abc.Sequence) -> ArrayList:
        """
        Arrays as they lie in memory; None if one of them cannot be read so.
        """
    def remember(
        self,
        tag: typing.Any,
        x: typing.Any,
        out: typing.Any,
        launches: collections.abc.Sequence[
            tuple[
                Launch,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
            ]
        ],
        src_range: tuple[
            typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
        ],
        dst_range: tuple[
            typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
        ],
        held: typing.Any = None,
    ) -> None: ...
    def remember_new(self, tag: typing.Any, x: typing.Any, make: typing.Any) -> None:
        """
        `make` makes the results of such calls.
        """
    def run(self, tag: typing.Any, x: typing.Any, out: typing.Any) -> bool:
        """
        Whether the call was known, and is enqueued.
        """
    def run_new(self, tag: typing.Any, x: typing.Any) -> typing.Any:
        """
        The result of a call without `out` that was known, and is enqueued; else None.
        """

def all_ops() -> list[Op]:
    """
    Every row, in table order.
    """

def allocators() -> list:
    """
    (name, summary, settings) of each.
    """

def check_plan(
    intervals: collections.abc.Sequence[
        tuple[
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
        ]
    ],
    plan: OffsetPlan,
    alignment: typing.SupportsInt | typing.SupportsIndex = 64,
) -> str:
    """
    What is wrong with a plan; empty if nothing is.
    """

def copy(src: typing.Any, out: typing.Any, threads: int | None) -> None:
    """
    Copies any strides to any strides, casts between any two elements.
    """

def count_units(graph: Graph, patterns: collections.abc.Sequence[str]) -> int:
    """
    How many modules of the graph the patterns match.
    """

def default_threads() -> int:
    """
    How many threads a call takes unless it says so.
    """

def explain_view(
    view: View,
    item_bytes: typing.SupportsInt | typing.SupportsIndex,
    cast: tuple[
        typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
    ]
    | None,
) -> str:
    """
    Passes and pieces, and what the engine makes of each; `cast` two numbers of Element.
    """

def heuristic_offsets(
    intervals: collections.abc.Sequence[
        tuple[
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
        ]
    ],
    alignment: typing.SupportsInt | typing.SupportsIndex = 64,
) -> dict:
    """
    Offsets by each heuristic.
    """

def infer(
    graph: Graph,
    inputs: collections.abc.Sequence[tuple[str, str]],
    symbols: collections.abc.Sequence[
        tuple[
            str,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex | None,
        ]
    ],
    strict: bool,
    user_rule: typing.Any,
    declared: str = "refine",
    batch: str = "",
) -> Analysis: ...
def is_eager(graph: Graph) -> bool:
    """
    Whether the graph is one that an eager framework runs: of domain 'aten'.
    """

def layout_of(x: typing.Any) -> tuple[list[int], list[int], int, str]:
    """
    (shape, strides in bytes, bytes of an element, name of its type) of any array.
    """

def least_capacity(
    allocator: str,
    requests: Requests,
    settings: str = "",
    total: typing.SupportsInt | typing.SupportsIndex = 0,
    max_replays: typing.SupportsInt | typing.SupportsIndex = 256,
) -> Capacity: ...
def pad_stack(
    xs: collections.abc.Sequence[typing.Any],
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] | None,
    fill: typing.Any,
    out: typing.Any,
    threads: typing.Any,
) -> typing.Any: ...
def pattern_axes(
    pattern: str,
    sizes: dict,
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
) -> list[tuple[str, int]]:
    """
    (name, size) of each elementary axis, in the order of the left side.
    """

def pattern_inverse(
    pattern: str,
    sizes: dict,
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
) -> tuple[str, list[tuple[str, int]]]:
    """
    The pattern that undoes it, and sizes for all its axes.
    """

def pattern_view(
    pattern: str,
    sizes: dict,
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    strides_bytes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
) -> View: ...
def permute(x: typing.Any, axes: typing.Any, out: typing.Any, threads: int | None) -> typing.Any:
    """
    A dense copy of an array with its axes in a new order.
    """

def permute_file(
    src: tuple[
        typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
    ],
    dst: tuple[
        typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
    ],
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    axes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    item_bytes: typing.SupportsInt | typing.SupportsIndex,
    budget: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.Any,
) -> tuple[int, int, int, int]:
    """
    Writes a dense array of one open file into another with its axes in a new order; a file is (descriptor, offset).
    """

def plan_file(
    shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    axes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    item_bytes: typing.SupportsInt | typing.SupportsIndex,
    budget: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[int, int, int, int]:
    """
    Blocks of permute_file, and bytes of a block, of a run read and of a run written.
    """

def plan_inplace(
    count: typing.SupportsInt | typing.SupportsIndex,
    rows: typing.SupportsInt | typing.SupportsIndex,
    cols: typing.SupportsInt | typing.SupportsIndex,
    item_bytes: typing.SupportsInt | typing.SupportsIndex,
    max_scratch: typing.SupportsInt | typing.SupportsIndex | None = None,
    threads: typing.SupportsInt | typing.SupportsIndex = 0,
) -> tuple[str, int, int]:
    """
    Method, passes and bytes of scratch of transpose_inplace, without moving anything.
    """

def plan_offsets(
    intervals: collections.abc.Sequence[
        tuple[
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
        ]
    ],
    alignment: typing.SupportsInt | typing.SupportsIndex = 64,
    max_nodes: typing.SupportsInt | typing.SupportsIndex = 200000,
) -> OffsetPlan:
    """
    Intervals are (begin, end, bytes).
    """

def pool_bytes() -> tuple[int, int, int]:
    """
    Memory of results: in use, kept for the next ones, and the bound of what is kept.
    """

def prove_eq(
    a: Dim | typing.SupportsInt | typing.SupportsIndex | int,
    b: Dim | typing.SupportsInt | typing.SupportsIndex | int,
) -> bool | None:
    """
    Is a == b for every size of the symbols? None if it depends.
    """

def prove_le(
    a: Dim | typing.SupportsInt | typing.SupportsIndex | int,
    b: Dim | typing.SupportsInt | typing.SupportsIndex | int,
) -> bool | None:
    """
    Is a <= b for every size of the symbols? None if it depends.
    """

def read_onnx(data: bytes, name: str = "", directory: str = "") -> Graph: ...
def read_onnx_file(path: os.PathLike | str | bytes) -> Graph: ...
def rearrange(
    x: typing.Any,
    pattern: str,
    sizes: dict,
    out: typing.Any,
    element: int | None,
    scale: typing.Any,
    bias: typing.Any,
    normalize: bool,
    threads: int | None,
) -> typing.Any:
    """
    A dense copy of an array as a pattern of einops says, cast and scaled on its way.
    """

def rearrange_many(
    xs: collections.abc.Sequence[typing.Any],
    pattern: str,
    sizes: dict,
    outs: collections.abc.Sequence[typing.Any] | None,
    element: typing.Any,
    threads: typing.Any,
) -> list[typing.Any]: ...
def replay(
    allocator: str,
    requests: Requests,
    settings: str = "",
    capacity: typing.SupportsInt | typing.SupportsIndex | None = None,
    total: typing.SupportsInt | typing.SupportsIndex = 0,
    blocks: bool = False,
) -> Replay: ...
def run_view(
    view: View,
    xs: collections.abc.Sequence[typing.Any],
    fill: typing.Any,
    out: typing.Any,
    element: typing.Any,
    scale: typing.Any,
    bias: typing.Any,
    threads: typing.Any,
) -> typing.Any:
    """
    Writes what a view describes, read from `xs`.
    """

def set_default_threads(threads: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Sets them for this process; 0 goes back to the processors there are.
    """

def transpose_inplace(
    x: typing.Any,
    max_scratch: typing.SupportsInt | typing.SupportsIndex | None,
    threads: typing.Any,
) -> tuple[int, int]:
    """
    Swaps the last two axes of a dense array in its memory; gives passes and bytes of scratch.
    """

def trim_pool() -> None:
    """
    Gives the memory that is kept back to the system.
    """

def unmatched_patterns(graph: Graph, patterns: collections.abc.Sequence[str]) -> list[str]:
    """
    The patterns of module paths that match no module of the graph.
    """

def unpad_stack(
    b: typing.Any,
    lengths: collections.abc.Sequence[
        collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
    ],
    threads: typing.Any,
) -> list[typing.Any]: ...

FILL: int = -1
MANY: int = 1048576
__version__: str = "0.1.0"
