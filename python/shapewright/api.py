"""The three calls: `load` a graph, `check` it, `fit` a size to a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from weakref import ref

from shapewright import _core
from shapewright.errors import ShapewrightError
from shapewright.fit import Fit, refuse_faulty, solve_fit
from shapewright.graph import Graph
from shapewright.inputs import symbol_bounds
from shapewright.load import Asked, is_module, read_model, traced_halves
from shapewright.options import (
    AskedOptions,
    budget_of,
    check_declared,
    check_options,
    check_patterns,
    run_of,
    with_units,
)
from shapewright.results import Question, Report
from shapewright.rules import registered_rule
from shapewright.sharding import Sharding


def load(source: Any, inputs: Any = None) -> Graph:
    """Reads a model into a `Graph`; weights are skipped.

    `source` is a path to an .onnx file, its bytes, an `onnx.ModelProto`, a `torch.nn.Module`, or a
    `Graph`. `inputs` replaces declared input types, as in `check`; a module needs them.
    """
    graph, name, given = read_model(source, Asked(inputs))
    return Graph.of_core(graph, name, given)


def check(
    source: Any,
    inputs: Any = None,
    *,
    dims: Mapping[str, Any] | None = None,
    mode: str = "infer",
    optimizer: Any = None,
    precision: str = "fp32",
    device: str | None = None,
    budget: str | int | None = None,
    profile: str | None = None,
    loss: Any = None,
    strict: bool = False,
    checkpoint: Any = (),
    accumulate: int = 1,
    settings: str = "",
    zero_grad: str = "after-step",
    sharding: Sharding | None = None,
    attention: str | None = None,
    outputs: str = "dropped",
    declared: str = "refine",
    batch: str | None = None,
) -> Report:
    """Infers every shape of a model, what it demands of its inputs and how much memory it takes.

    >>> g = Graph()
    >>> x = g.input("x", "f32[N, 784]")
    >>> w = g.param("w", "f32[784, 10]")
    >>> g.output(g.add("MatMul", x, w, name="scores"))
    >>> report = check(g)
    >>> print(report.values["scores"])
    f32[N, 10]
    >>> report.at(N=32).peak.live
    132992

    What is wrong with the model is in `report.findings`, all of it at once; the call raises only
    where the model cannot be read or the call itself is wrong. `dims` gives symbols bounds `{"N":
    (1, 256)}` or values `{"N": 8}`.

    `mode="train"` counts a steady iteration of a PyTorch module: forward, backward, the step of
    `optimizer` (a name, an `Optimizer`, one of torch.optim), gradients set to None; `mode="infer"`
    one call under `torch.no_grad()`.
    `checkpoint` names modules that are run again in backward (`"layers.*"`, or `"layers.*:4"` for
    four at a time), `accumulate` the passes before a step, `zero_grad` whether gradients go
    `"after-step"` or `"before-backward"`, `outputs` whether the caller has `"dropped"` what a call
    returned before the next one, or it is `"kept"` until that has returned, as in a loop over
    `out = model(x)`. `settings` are those of PyTorch's allocator on a GPU,
    written as PYTORCH_CUDA_ALLOC_CONF; `device` also decides which kernels PyTorch would choose,
    and `attention` (`"flash"`, `"efficient"`, `"cudnn"`, `"math"`) asks for one where it can run.
    `sharding=Sharding("fsdp2", ranks=8)` counts what one of several GPUs takes.

    `declared` says what the types are worth that a file gives its results: `"refine"` fills with
    them what inference leaves open, and warns where a size contradicts; `"check"` does the same,
    and a contradiction is an error; `"trust"` puts them in place of what inference finds;
    `"ignore"` does not read them. `report.differences` lists where the two part.

    `batch="N"` asks how a model of a fixed batch takes others: `N` stands for the first axis of
    the inputs, and findings name the nodes that fix it.
    """
    if hasattr(optimizer, "param_groups"):
        from shapewright.importers.torch_optimizer import known_optimizer

        optimizer = known_optimizer(optimizer)
    options = AskedOptions(
        mode,
        optimizer,
        precision,
        profile,
        loss,
        checkpoint,
        accumulate,
        settings,
        device,
        zero_grad,
        sharding,
        attention,
        outputs,
    )
    check_options(options)
    check_declared(declared, batch)
    symbols = symbol_bounds(dims)
    trains = mode.startswith("train")
    halves = traced_halves(source, precision)
    autocast = precision.endswith("-amp")
    asked = Asked(inputs, symbols, trains, loss, trains, halves, autocast)
    graph, name, given = read_model(source, asked)
    run = run_of(options, is_eager=_core.is_eager(graph), is_cast=halves is not None)
    run = with_units(run, graph)
    analysis = _core.infer(graph, given, symbols, strict, registered_rule(), declared, batch or "")
    question = Question(
        source=name,
        run=run,
        device=device,
        limits=budget_of(device, budget, on_gpu=run.on_gpu),
        strict=strict,
        sizes={symbol: low for symbol, low, high in symbols if low == high},
        in_halves=_in_halves(source, asked, strict=strict),
    )
    if is_module(source):
        _ask_again(source, asked, question, graph)
    report = Report(analysis, question)
    if run.checkpoint and report.ok:
        check_patterns(graph, run.checkpoint)
    return report


def _in_halves(
    source: Any, asked: Asked, *, strict: bool
) -> Callable[[], _core.Analysis | None] | None:
    """Reads a module once more in bfloat16, as long as its owner keeps it; the answer is kept."""
    if asked.halves is not None or not is_module(source):
        return None
    held = ref(source)

    @cache
    def again() -> _core.Analysis | None:
        module = held()
        if module is None or traced_halves(module, "bf16") is None:
            return None
        graph, _, given = read_model(module, replace(asked, halves="bf16"))
        return _core.infer(graph, given, asked.bounds, strict, registered_rule(), "refine", "")

    return again


def _ask_again(source: Any, asked: Asked, question: Question, graph: _core.Graph) -> None:
    """Lets a question trace a module once more, as long as its owner keeps it; answers are kept."""
    held = ref(source)

    def report_on(graph: _core.Graph, asked: Asked) -> Report:
        rule = registered_rule()
        analysis = _core.infer(graph, [], asked.bounds, question.strict, rule, "refine", "")
        other = replace(question, in_halves=None, elsewhere=None, hidden=None)
        if asked.at is not None:
            other.sizes = {}
        return Report(analysis, other)

    def report_of(asked: Asked) -> Report | None:
        module = held()
        if module is None:
            return None
        graph, _, _ = read_model(module, asked)
        report = report_on(graph, asked)
        _ask_again(module, asked, report.question, graph)
        return report

    @cache
    def hidden() -> Report | None:
        report = report_of(replace(asked, hides=True))
        if report is None or report.ok:
            return report
        errors = [found for found in report.findings if found.severity == "error"]
        # A model that refuses such masks itself runs with the others alone.
        refuses = all("raised by" in found.facts for found in errors)
        return report_on(graph, asked) if refuses else None

    @cache
    def elsewhere(sizes: tuple[tuple[str, int], ...]) -> Report | None:
        report = report_of(replace(asked, at=dict(sizes), bounds=[]))
        if report is not None and not report.ok:
            refuse_faulty(report)
        return report

    if not asked.hides and any(map(_assumes_all, graph.faults)):
        question.hidden = hidden
    if asked.at is None:
        question.elsewhere = elsewhere


def _assumes_all(fault: Any) -> bool:
    """Whether a finding says that a mask was taken to hide nothing."""
    is_read = fault["code"] == "element-read"
    return is_read and ("taken to be", "True") in map(tuple, fault["facts"])


def fit(
    source: Any,
    inputs: Any = None,
    *,
    solve: str = "N",
    where: Mapping[str, int] | None = None,
    tie: Mapping[str, str] | None = None,
    multiple_of: int = 1,
    headroom: str | int | float = 0,
    safe: bool = False,
    **options: Any,
) -> Fit:
    """Finds the largest size of one symbol with which the model stays within a budget.

    `where` gives the other symbols their sizes, `tie={"W": "H"}` makes one follow another,
    `headroom` keeps part of the budget free: `"10%"`, a fraction, or bytes. On a GPU a size fits if
    PyTorch's allocator gets through; with `safe`, whatever cuDNN, cuBLAS and the CUDA context may
    take. The other options are those of `check`. Given a `Report`, only `budget` or `device` may be
    named anew.
    """
    if isinstance(source, Report):
        report = source
        named = options.pop("device", None), options.pop("budget", None)
        limits = budget_of(*named, on_gpu=report.question.run.on_gpu)
        refused = [*options, *(["inputs"] if inputs is not None else [])]
        if refused:
            message = f"the report was made without {', '.join(refused)}: they belong to check"
            raise ShapewrightError(message, code="option-conflict", hint="fit the model itself")
    else:
        if is_module(source) and where:  # traced on the branch that is asked for
            others = {name: size for name, size in where.items() if name != solve}
            options["dims"] = {**others, **(options.get("dims") or {})}
        report = check(source, inputs, **options)
        limits = None
    return solve_fit(
        report,
        limits=report.question.limits if limits is None else limits,
        safe=safe,
        solve=solve,
        where=dict(where or {}),
        tie=dict(tie or {}),
        multiple_of=multiple_of,
        headroom=headroom,
    )
