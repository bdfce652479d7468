"""What a trace found out about the open sizes: the domain in which its graph stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shapewright.importers.torch_inputs import Call
from shapewright.importers.torch_scope import is_machinery, source_line
from shapewright.importers.torch_trace import Traced
from shapewright.importers.torch_types import dim_text

# Below this a bound comes of PyTorch's own special treatment of sizes 0 and 1.
_LEAST_LOWER = 4
_MODULO = {"Mod", "PythonMod"}
# Operators that refuse a result of no elements along the axes they slide over.
_SLIDING = ("conv1d", "conv2d", "conv3d", "convolution", "max_pool", "avg_pool")


@dataclass(frozen=True)
class Demanded:
    """left == right, left <= right, or left divides right: `relation` names which."""

    relation: str
    left: str
    right: str
    line: str  # of the model, "" if not known
    node: str = ""  # of the trace, "" if not known
    is_own: bool = False  # asked by the model, not by PyTorch
    is_branch: bool = False  # where it does not hold, the model runs another way


def symbol_names(traced: Traced, call: Call) -> dict[Any, str]:
    """The caller's spelling of each symbol of the trace; none where it had not begun."""
    names: dict[Any, str] = {}
    for dims, type in zip(traced.input_dims, call.types, strict=False):
        for expr, dim in zip(dims, type.shape or (), strict=True):
            if getattr(expr, "is_Symbol", False):
                text = str(dim)
                names.setdefault(expr, text if text.isidentifier() else f"({text})")
    return names


def demands(traced: Traced, names: Mapping[Any, str]) -> list[Demanded]:
    """The conditions on the caller's sizes, each once."""
    if traced.env is None:
        return []
    asked = {guard.expr: (_line(guard), _is_own(guard)) for guard in traced.env.guards}
    found: dict[tuple[str, str, str], Demanded] = {}
    for relation, left, right, expr in _relations(traced, names):
        line, is_own = asked.get(expr) or next(
            (at for guard, at in asked.items() if at[0] and guard.has(expr)), ("", False)
        )
        demanded = Demanded(relation, left, right, line, is_own=is_own)
        found.setdefault((relation, left, right), demanded)
    for demanded in _windows(traced, names):
        found.setdefault(("at-most", "1", demanded.right), demanded)
    return list(found.values())


def _windows(traced: Traced, names: Mapping[Any, str]) -> Iterator[Demanded]:
    """That windows fit into the image, which a trace takes for granted."""
    assert traced.env is not None
    for node in traced.graph.nodes if traced.graph else ():
        name = getattr(node.target, "__name__", "")
        if not name.startswith(_SLIDING):
            continue
        value = node.meta.get("val")
        value = value[0] if isinstance(value, (list, tuple)) else value
        for size in getattr(value, "shape", ())[2:]:
            if isinstance(size, int):
                continue
            expr = traced.env.replace(size.node._expr)
            text = dim_text(expr, names)
            if text is not None and not expr.is_Symbol and expr.free_symbols <= names.keys():
                line = source_line(node.meta.get("stack_trace") or "")
                yield Demanded("at-most", "1", text, line, node.name)


def specialised(traced: Traced, names: Mapping[Any, str]) -> dict[str, tuple[int, str]]:
    """Symbols of the caller that the trace made constant: the value, and the line that did."""
    if traced.env is None:
        return {}
    found = {}
    for symbol, name in names.items():
        value = traced.env.replace(symbol)
        if value.is_Integer and name.isidentifier():
            lines = [_line(g) for g in traced.env.guards if g.expr.has(symbol)]
            found[name] = (int(value), next((line for line in lines if line), ""))
    return found


def _relations(traced: Traced, names: Mapping[Any, str]) -> Iterator[tuple[str, str, str, Any]]:
    env = traced.env
    for symbol, name in names.items():
        now = env.replace(symbol)
        text = dim_text(now, names)
        if now != symbol and text is not None and text != name:
            yield "equal", name, text, symbol
            continue
        # A lower bound mostly says that no size on the way is 1: H >= 17 of four strides.
        bounds = env.var_to_range.get(symbol)
        if bounds is not None and bounds.upper.is_Integer and bounds.upper < 2**62:
            yield "at-most", name, str(int(bounds.upper)), symbol
    for guard in sorted(env.guards, key=lambda guard: len(guard.expr.free_symbols)):
        expr = env.replace(guard.expr)
        row = _relation(expr, names) or (_side(expr, env, names) if _is_own(guard) else None)
        if row is not None:
            yield (*row, guard.expr)


def _side(expr: Any, env: Any, names: Mapping[Any, str]) -> tuple[str, str, str] | None:
    """Of an inequality that the model asked for, `S != 512` or `S % 8 != 0`: the side it ran on."""
    if type(expr).__name__ != "Unequality" or not expr.free_symbols <= names.keys():
        return None
    left, right = expr.args
    texts = [dim_text(part, names) for part in (left, right)]
    hints = {symbol: env.backed_var_to_val[symbol] for symbol in expr.free_symbols}
    values = [part.xreplace(hints) for part in (left, right)]
    if None in texts or not all(value.is_Integer for value in values):
        return None
    below, above = (f"({text})" for text in texts)
    if values[0] > values[1]:
        below, above = above, below
    return "at-most", f"({below} + 1)", above


def _relation(expr: Any, names: Mapping[Any, str]) -> tuple[str, str, str] | None:
    """Of a guard that says something of the model; those of contiguity and the like do not."""
    kind = type(expr).__name__
    if kind not in {"Equality", "LessThan", "GreaterThan", "StrictLessThan", "StrictGreaterThan"}:
        return None
    left, right = expr.args
    if kind == "Equality" and right == 0 and type(left).__name__ in _MODULO:
        size, divisor = left.args
        if not (divisor.is_Integer and _is_polynomial(size)):
            return None
        return "divides", str(int(divisor)), str(dim_text(size, names))
    said = _is_polynomial(left) and _is_polynomial(right)
    # Of several symbols it is mostly what a reshape asks, whose sizes are stated elsewhere.
    is_bound = left.is_Integer or right.is_Integer
    if not said and not ((kind == "Equality" or is_bound) and _is_divided(expr)):
        return None
    texts = [dim_text(part, names) for part in (left, right)]
    if None in texts:
        return None
    below, above = (str(text) for text in texts)
    if kind == "Equality":
        return "equal", below, above
    if kind in {"GreaterThan", "StrictGreaterThan"}:
        left, right, below, above = right, left, above, below
    if kind.startswith("Strict"):
        below = f"({below} + 1)"
    if left.is_Integer and left < _LEAST_LOWER:
        return None
    return "at-most", below, above


def _is_divided(expr: Any) -> bool:
    """Of one symbol, and of its quotients by numbers."""
    floors = expr.find(lambda part: type(part).__name__ == "FloorDiv")
    return (
        len(expr.free_symbols) == 1
        and all(floor.args[1].is_Integer for floor in floors)
        and all(_is_polynomial(part, floors) for part in expr.args)
    )


def _is_polynomial(expr: Any, atoms: Collection[Any] = ()) -> bool:
    if expr.is_Symbol or expr.is_Integer or expr in atoms:
        return True
    if not (expr.is_Add or expr.is_Mul or expr.is_Pow):
        return False
    return all(_is_polynomial(part, atoms) for part in expr.args)


def _is_own(guard: Any) -> bool:
    """Whether a line of the model asked, and not one of PyTorch that it called."""
    path = getattr(getattr(getattr(guard, "sloc", None), "framework_loc", None), "filename", "")
    return bool(path) and not is_machinery(path)


def _line(guard: Any) -> str:
    """Where the model asked: `model.py:12`."""
    where = getattr(guard, "sloc", None)
    frame = getattr(where, "framework_loc", None)
    path, line = getattr(frame, "filename", ""), getattr(frame, "lineno", "")
    if not path or is_machinery(path):
        path, _, rest = str(getattr(where, "maybe_user_loc", None) or "").rpartition(":")
        line = rest.partition(" ")[0]
    return f"{PurePath(path).name}:{line}" if path else ""
