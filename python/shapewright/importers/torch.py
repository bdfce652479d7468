"""`torch.nn.Module` as a graph: the operations PyTorch would run, in its own operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shapewright import _core
from shapewright.importers.torch_errors import is_data_dependent, notice_of, spelled_with
from shapewright.importers.torch_graph import Notice, built_graph
from shapewright.importers.torch_guards import symbol_names
from shapewright.importers.torch_hints import first_hints, further_hints
from shapewright.importers.torch_inputs import Call, call_of
from shapewright.importers.torch_loss import scalar_loss
from shapewright.importers.torch_routes import export_route, fake_route, left_alone
from shapewright.importers.torch_trace import Traced

Bounds = Mapping[str, "tuple[int, int | None]"]
Loss = Callable[[Any], Any]


def import_module(
    module: Any,
    inputs: Any,
    *,
    bounds: Bounds | None = None,
    train: bool = False,
    loss: Loss | None = None,
) -> _core.Graph:
    """The graph of one call of a module; `train` records gradients and adds the loss.

    Nothing of the module is moved, cast or changed. What the model refuses is a finding of the
    graph, which then holds what came before.
    """
    import torch

    call = call_of(module, inputs)
    requires_grad = {name: p.requires_grad for name, p in module.named_parameters()}
    wanted = scalar_loss(loss) if train else None
    grad_enabled = train or torch.is_grad_enabled()
    with left_alone(module), torch.set_grad_enabled(grad_enabled):
        traced, notices = _trace(module, call, bounds or {}, wanted)
    return built_graph(
        traced,
        call,
        name=type(module).__name__,
        requires_grad=requires_grad,
        grad_enabled=grad_enabled,
        notices=notices,
    )


def _trace(
    module: Any, call: Call, bounds: Bounds, loss: Loss | None
) -> tuple[Traced, list[Notice]]:
    hints = first_hints(call.symbols, bounds)
    try:
        return export_route(module, call, hints, loss), [_route_note("torch.export")]
    except Exception as error:
        refused = error
    if not is_data_dependent(refused):
        for other in further_hints(call.symbols, bounds, str(refused)):
            try:
                traced = export_route(module, call, other, loss)
            except Exception:  # the first refusal is the one to tell
                continue
            return traced, [_route_note("torch.export")]
    try:
        traced = fake_route(module, call, hints, loss)
    except Exception:
        traced = refused.__dict__.get("shapewright_traced", Traced())
        names = symbol_names(traced, call)
        return traced, [notice_of(refused, module, traced, names)]
    names = symbol_names(traced, call)
    reason = spelled_with(str(refused), names).strip().partition("\n")[0][:200]
    return traced, [_route_note("fake tensors", reason), *_assumptions(traced)]


def _route_note(route: str, reason: str = "") -> Notice:
    message = f"traced by {route}" + (", as torch.export refuses the model" if reason else "")
    facts = (("torch.export said", reason),) if reason else ()
    return Notice(code="torch-route", severity="note", message=message, facts=facts)


def _assumptions(traced: Traced) -> list[Notice]:
    by_line: dict[str, tuple[str, str]] = {}
    for what, answer, line in traced.assumed:
        by_line.setdefault(line, (what, answer))
    return [
        Notice(
            code="element-read",
            severity="warning",
            message=f"the model reads an element of a tensor at {line or 'a line unknown'}: "
            f"{what} is taken to be {answer}, so that another branch or size is not counted",
            facts=(("line", line), ("read by", what), ("taken to be", answer)),
            hint="the memory is a lower bound; pass what decides as an argument of forward",
        )
        for line, (what, answer) in by_line.items()
    ]
