"""`torch.nn.Module` as a graph: the operations PyTorch would run, in its own operators."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from shapewright import _core
from shapewright.importers.torch_branches import told_apart
from shapewright.importers.torch_errors import (
    is_data_dependent,
    notice_of,
    solving_sizes,
    spelled_with,
)
from shapewright.importers.torch_fit import fitted_rows, values_near
from shapewright.importers.torch_functions import FunctionCall
from shapewright.importers.torch_graph import Notice, Run, built_graph, read_run
from shapewright.importers.torch_guards import demands, specialised, symbol_names
from shapewright.importers.torch_halves import recast
from shapewright.importers.torch_hints import first_hints, further_hints, told_sizes
from shapewright.importers.torch_inputs import Call, call_of
from shapewright.importers.torch_loops import Looping
from shapewright.importers.torch_loss import scalar_loss
from shapewright.importers.torch_moves import idle_moves
from shapewright.importers.torch_routes import export_route, fake_route, left_alone
from shapewright.importers.torch_trace import Traced
from shapewright.importers.torch_wrappers import unwrapped

Bounds = Mapping[str, "tuple[int, int | None]"]
Loss = Callable[[Any], Any]
_ONE_TRACE = threading.RLock()


def import_module(
    module: Any,
    inputs: Any,
    *,
    bounds: Bounds | None = None,
    train: bool = False,
    loss: Loss | None = None,
    records: bool = True,
    halves: str | None = None,
    autocast: bool = False,
    at: Mapping[str, int] | None = None,
    hides: bool = False,
) -> _core.Graph:
    """The graph of one call of a module; `train` adds the loss, `records` turns gradients on.

    `halves` is the dtype that it runs in, if that is not its own; `autocast` says that it runs
    under `torch.autocast`. `at` gives every symbol its size: the graph is of these sizes alone.
    With `hides`, masks do not hold everywhere where the model asks whether they do.

    Nothing of the module is moved, cast or changed. What the model refuses is a finding of the
    graph, which then holds what came before. One thread traces at a time: PyTorch's tracers, and
    what is set aside while they run, are of the process.
    """
    wanted = scalar_loss(loss) if train else None
    module, wrappers = unwrapped(module)
    with _ONE_TRACE:
        call = replace(call_of(module, inputs), autocast=autocast, hides=hides)
        if at is not None:
            call = call.at(at)
        return _imported(module, wrappers, call, bounds or {}, wanted, records, halves)


def _imported(
    module: Any,
    wrappers: list[str],
    call: Call,
    bounds: Bounds,
    wanted: Loss | None,
    records: bool,
    halves: str | None,
) -> _core.Graph:
    import torch

    requires_grad = {name: p.requires_grad for name, p in module.named_parameters()}
    with left_alone(module), idle_moves(), torch.set_grad_enabled(records):
        if halves is not None:
            recast(module, call, halves)
        traced, notices = _trace(module, call, bounds, wanted)
        notices += [*map(_wrapper_note, wrappers), *_assumptions(traced), *_functions(traced)]
        notices += [_nested_note(*item) for item in traced.nested.lines.items()]
        if wanted is not None and traced.checkpoints:
            notices.append(_checkpoint_note(traced.checkpoints[0]))
        run = read_run(traced, call, requires_grad, records)
        fitted = ""
        fixed = specialised(traced, run.names) if traced.is_complete else {}
        if len(fixed) == 1 and not traced.loops:
            ((symbol, (value, line)),) = fixed.items()

            def read_at(size: int) -> Run:
                hints = {**first_hints(call.symbols, bounds), symbol: size}
                other = export_route(module, call, hints, wanted)
                return read_run(other, call, requires_grad, records)

            if _fit(run, symbol, value, read_at):
                fitted = symbol
                notices.append(_fitted_note(symbol, value, line))
        found = [d for d in demands(traced, run.names) if d.left != fitted]
        if traced.is_complete:
            found = told_apart(found, traced.hints, bounds, _runner(module, call, wanted))
    return built_graph(
        run, call, name=type(module).__name__, notices=notices, demanded=found, fitted=fitted
    )


def _runner(
    module: Any, call: Call, loss: Loss | None
) -> Callable[[Mapping[str, int]], bool | None]:
    """Tells whether the model runs at given sizes; None where that depends on data."""

    def runs_at(sizes: Mapping[str, int]) -> bool | None:
        try:
            with left_alone(module):
                return fake_route(module, call.at(sizes), {}, loss).is_complete
        except Exception as error:
            return None if is_data_dependent(error) else False

    return runs_at


def _fit(run: Run, symbol: str, value: int, read_at: Callable[[int], Run]) -> bool:
    """Frees the symbol that the run made a constant; False if other runs do not tell how."""
    values = values_near(value)
    rows = [run.reader.rows]
    try:
        for size in values[1:]:
            rows.append(read_at(size).reader.rows)
            if len(rows[-1]) != len(rows[0]):  # a loop over the symbol: no more long traces
                return False
        run.reader.rows = fitted_rows(symbol, values, rows)
    except Exception:  # the model takes no other size, or its operations depend on it
        return False
    return True


def _fitted_note(symbol: str, value: int, line: str) -> Notice:
    at = f" ({line})" if line else ""
    points = ", ".join(map(str, values_near(value)))
    message = f"the model reads {symbol} as a number{at}: sizes are fitted to traces at {points}"
    return Notice(code="symbol-fitted", severity="note", message=message)


def _trace(
    module: Any, call: Call, bounds: Bounds, loss: Loss | None
) -> tuple[Traced, list[Notice]]:
    hints = first_hints(call.symbols, bounds)
    try:
        return _first_trace(module, call, hints, bounds, loss), [_route_note("torch.export")]
    except Exception as error:
        refused = error
    is_of_data = is_data_dependent(refused)
    # What says a size is refused at that size either way.
    is_of_sizes = not is_of_data and bool(told_sizes(str(refused)))
    if not is_of_sizes and (exported := _as_exported(module, call, hints, loss)):
        return exported, [_route_note("torch.export")]
    if not is_of_data:
        for other in _other_hints(module, call, bounds, refused):
            try:
                traced = export_route(module, call, other, loss)
            except Exception:
                continue
            traced = _below_table(module, call, other, loss, traced)
            return traced, [_route_note("torch.export")]
    if is_of_sizes and (exported := _as_exported(module, call, hints, loss)):
        return exported, [_route_note("torch.export")]
    try:
        traced = fake_route(module, call, hints, loss)
    except Exception:
        traced = refused.__dict__.get("shapewright_traced", Traced())
        names = symbol_names(traced, call)
        return traced, [notice_of(refused, module, traced, names)]
    names = symbol_names(traced, call)
    reason = spelled_with(str(refused), names).strip().partition("\n")[0][:200]
    return traced, [_route_note("fake tensors", reason)]


def _first_trace(
    module: Any, call: Call, hints: dict[str, int], bounds: Bounds, loss: Loss | None
) -> Traced:
    """The trace at the first sizes, or at smaller ones of those that the model loops over."""
    try:
        return export_route(module, call, hints, loss, gives_up=True)
    except Looping as loop:
        shorter = {**hints, **loop.shortened(bounds)}
    try:
        traced = export_route(module, call, shorter, loss)
        traced.loops = True
        return traced
    except Exception:  # a model that takes no small size
        return export_route(module, call, hints, loss)


def _as_exported(
    module: Any, call: Call, hints: dict[str, int], loss: Loss | None
) -> Traced | None:
    """The model as it behaves where it knows that it is exported; None where that is refused."""
    try:
        return export_route(module, call, hints, loss, runs=False)
    except Exception:  # the first refusal is the one to tell
        return None


def _below_table(
    module: Any, call: Call, hints: dict[str, int], loss: Loss | None, traced: Traced
) -> Traced:
    """A trace at a smaller size, if that does not fix it: a table of 64 positions takes any below,
    but its slice at 64 is all of it."""
    fixed = specialised(traced, symbol_names(traced, call))
    smaller = {name: value - value // 4 for name, (value, _) in fixed.items() if name in hints}
    if not smaller:
        return traced
    try:
        other = export_route(module, call, {**hints, **smaller}, loss)
    except Exception:
        return traced
    return traced if specialised(other, symbol_names(other, call)) else other


def _other_hints(
    module: Any, call: Call, bounds: Bounds, refused: Exception
) -> Iterator[dict[str, int]]:
    traced = refused.__dict__.get("shapewright_traced", Traced())
    solved = solving_sizes(refused, module, traced, symbol_names(traced, call))
    if solved:
        yield {**first_hints(call.symbols, bounds), **solved}
    yield from further_hints(call.symbols, bounds, str(refused))


def _wrapper_note(name: str) -> Notice:
    message = f"the model is wrapped in {name}: what is counted is the module inside, run eagerly"
    return Notice(code="module-wrapped", severity="note", message=message)


def _route_note(route: str, reason: str = "") -> Notice:
    message = f"traced by {route}" + (", as torch.export refuses the model" if reason else "")
    facts = (("torch.export said", reason),) if reason else ()
    return Notice(code="torch-route", severity="note", message=message, facts=facts)


def _checkpoint_note(line: str) -> Notice:
    return Notice(
        code="checkpoint-inside",
        severity="warning",
        message=f"the model runs segments again in backward ({line}), which is not counted: "
        "what it keeps is an upper bound",
        facts=(("line", line),),
        hint="turn it off in the model, and give the option checkpoint a pattern of its modules",
    )


def _functions(traced: Traced) -> list[Notice]:
    first: dict[str, FunctionCall] = {}
    for call in traced.functions:
        known = first.setdefault(call.name, call)
        if known.end is not None and call.end is None:
            first[call.name] = call
    return [_function_note(call) for call in first.values()]


def _function_note(call: FunctionCall) -> Notice:
    what = f"{call.name} ({call.line}) is an autograd function of the model's own"
    facts = (("line", call.line),)
    if call.end is not None:
        message = f"{what}: its forward and backward are counted as they were traced"
        return Notice("custom-function", "note", message, facts)
    return Notice(
        code="custom-function",
        severity="warning",
        message=f"{what}, whose backward cannot be traced: the memory is a lower bound",
        facts=(*facts, ("its backward said", call.why)),
        hint="write its backward in operators that run on meta tensors",
    )


def _nested_note(symbol: str, line: str) -> Notice:
    return Notice(
        code="rows-unpadded",
        severity="note",
        message=f"an encoder drops what its padding mask hides ({line}): the length of the longest "
        f"row left, {symbol}, is known in a run alone, and the peak lies between none and all",
        facts=(("line", line), ("symbol", symbol)),
        hint="nn.TransformerEncoder(..., enable_nested_tensor=False) keeps rows padded",
    )


_READ = {"__bool__": "the truth of a tensor", "tolist": "the elements of a tensor"}


def _assumptions(traced: Traced) -> list[Notice]:
    by_line: dict[str, tuple[str, str]] = {}
    for what, answer, line in traced.assumed:
        by_line.setdefault(line, (what, answer))
    return [_read_note(line, *read) for line, read in by_line.items()]


def _read_note(line: str, what: str, answer: str) -> Notice:
    is_mask = answer == "True"
    beside = "peak.upper counts the other branch" if is_mask else "another branch is not counted"
    bounds = "the rest is of this branch alone" if is_mask else "the memory is a lower bound"
    return Notice(
        code="element-read",
        severity="warning",
        message=f"the model reads {_READ.get(what, 'an element of a tensor')} at "
        f"{line or 'a line unknown'}: taken to be {answer}, {beside}",
        facts=(("line", line), ("read by", what), ("taken to be", answer)),
        hint=f"{bounds}; pass what decides as an argument of forward",
    )
