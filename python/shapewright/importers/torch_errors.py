"""An error inside a model, told in its own terms: the module, both shapes, the number that fits."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapewright._core import Dim
from shapewright.errors import ShapewrightError
from shapewright.importers.torch_graph import Notice
from shapewright.importers.torch_inputs import likely_type
from shapewright.importers.torch_intercept import REFUSED
from shapewright.importers.torch_scope import is_machinery
from shapewright.importers.torch_trace import Traced, tensors_in
from shapewright.importers.torch_types import dim_text, dtype_name

_LARGEST_SOLVED = 2048
_MOST_SHOWN = 6  # tensors of a call
_DATA_DEPENDENT = ("DataDependent", "GuardOnDataDependent", "UnsupportedFakeTensor")

# Where the size of an input has to be that of the module: attribute, and the axis of the input.
_SIZED_BY = {
    "Linear": ("in_features", -1),
    "Bilinear": ("in1_features", -1),
    "Conv1d": ("in_channels", 1),
    "Conv2d": ("in_channels", 1),
    "Conv3d": ("in_channels", 1),
    "ConvTranspose1d": ("in_channels", 1),
    "ConvTranspose2d": ("in_channels", 1),
    "ConvTranspose3d": ("in_channels", 1),
    "BatchNorm1d": ("num_features", 1),
    "BatchNorm2d": ("num_features", 1),
    "BatchNorm3d": ("num_features", 1),
    "GroupNorm": ("num_channels", 1),
    "LayerNorm": ("normalized_shape", -1),
    "RNN": ("input_size", -1),
    "LSTM": ("input_size", -1),
    "GRU": ("input_size", -1),
}
_RANKS = {"Conv1d": 3, "Conv2d": 4, "Conv3d": 5, "BatchNorm2d": 4, "BatchNorm3d": 5}


@dataclass(frozen=True)
class Place:
    """The module and the line in which an error was raised, and the tensor that came in."""

    path: str
    module: Any
    line: str
    given: Any
    is_own: bool = False  # a line of the model raised it, and not one of PyTorch


def is_data_dependent(error: BaseException) -> bool:
    """The model reads elements of a tensor, which no trace has."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        text = f"{type(cause).__name__} {cause}"
        if any(word in text for word in _DATA_DEPENDENT) or "data-dependent" in text.lower():
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def notice_of(error: BaseException, root: Any, traced: Traced, names: Mapping[Any, str]) -> Notice:
    """The finding for an error that ended a trace."""
    if isinstance(error, ShapewrightError):
        message = spelled_with(error.message, names)
        return Notice(error.code, "error", message, tuple(error.facts.items()), error.hint)
    if traced.is_returned:
        return _of_loss(error, root, names)
    place = place_of(error, root)
    spelled = spelled_with(str(error), names)
    first = next((line for line in spelled.splitlines() if line.strip()), type(error).__name__)
    at = place.path or type(root).__name__
    facts = [("module", f"{at} ({type(place.module).__name__})")]
    if place.line:
        facts.append(("line", place.line))
    hint = _ungiven(root, traced, str(error))
    kind, base = type(place.module).__name__, _sized_base(place.module)
    if base not in _SIZED_BY:
        facts += _refused_call(error, traced, names)
    elif hasattr(place.given, "shape"):
        attribute, axis = _SIZED_BY[base]
        shape = [_size(dim, names) for dim in place.given.shape]
        facts.append(("input", _described(place.given, traced, names)))
        weight = dict(place.module.named_parameters(recurse=False)).get("weight")
        if weight is not None:
            sizes = ", ".join(str(int(size)) for size in weight.shape)
            facts.append(("weight", f"{dtype_name(weight.dtype)}[{sizes}]  parameter {at}.weight"))
        rank = _RANKS.get(base)
        if rank is not None and rank != len(shape):
            hint = f"{at} takes {rank} axes, not {len(shape)}: give the model an input of that rank"
        else:
            hint = _fit(place.module, attribute, at, shape, axis)
    said = first.strip()[:200]
    if base == "Linear" and "reduction dim" in said:
        said = "mat1 and mat2 shapes cannot be multiplied"  # as it says where it runs
    if "on the same device" in said:
        hint = _strays(root) or hint
    facts.append(("said", first.strip()[:300]))
    if place.is_own:
        facts.append(("raised by", "the model"))
    message = f"{at} ({kind}) cannot be called: {said}"
    return Notice(
        code="trace-failed",
        severity="error",
        message=message,
        facts=tuple(facts),
        hint=hint,
        module=place.path,
    )


def solving_sizes(
    error: BaseException, root: Any, traced: Traced, names: Mapping[Any, str]
) -> dict[str, int]:
    """The sizes, all equal, at which the input of a module has the size that the module takes.

    Of `8*H*W` where 6272 features are taken: H and W of 28.
    """
    place = place_of(error, root)
    attribute, axis = _SIZED_BY.get(_sized_base(place.module), ("", 0))
    wanted = getattr(place.module, attribute, None) if attribute else None
    shape = getattr(place.given, "shape", ())
    if not isinstance(wanted, int) or not -len(shape) <= axis < len(shape):
        return {}
    text = _size(shape[axis], names)
    if text == "?" or text.isdigit():
        return {}
    size = Dim(text)
    if isinstance(size, int):
        return {}
    for value in range(1, _LARGEST_SOLVED + 1):
        sizes = dict.fromkeys(size.symbols, value)
        if size.bind(**sizes) == wanted:
            return sizes
    return {}


def _refused_call(
    error: BaseException, traced: Traced, names: Mapping[Any, str]
) -> list[tuple[str, str]]:
    """The function that PyTorch refused, and what came into it."""
    func, args, kwargs = error.__dict__.get(REFUSED, (None, (), {}))
    name = getattr(func, "__name__", "")
    if not name:
        return []
    tensors = [*tensors_in([*args, *kwargs.values()])][:_MOST_SHOWN]
    facts = [(f"input {i}", _described(t, traced, names)) for i, t in enumerate(tensors)]
    return [("call", name), *facts]


def _described(tensor: Any, traced: Traced, names: Mapping[Any, str]) -> str:
    shape = ", ".join(_size(dim, names) for dim in tensor.shape)
    return f"{dtype_name(tensor.dtype)}[{shape}]{_origin(tensor, traced)}"


def _sized_base(module: Any) -> str:
    """The name of the class that says which size is taken: a Linear, also by inheritance."""
    names = (kind.__name__ for kind in type(module).__mro__)
    return next((name for name in names if name in _SIZED_BY), "")


def _of_loss(error: BaseException, root: Any, names: Mapping[Any, str]) -> Notice:
    said = spelled_with(str(error), names).strip().partition("\n")[0][:200]
    place = place_of(error, root)
    return Notice(
        code="loss-failed",
        severity="error",
        message=f"the loss cannot be computed from what the model returns: {said}",
        facts=(("line", place.line), ("said", said)),
        hint="loss= is called with the output of the model and returns a scalar tensor",
    )


def _ungiven(root: Any, traced: Traced, message: str) -> str:
    """An input that the message names and that was not given."""
    given = {name.partition(".")[0] for name, _, _ in traced.inputs}
    for name, parameter in inspect.signature(root.forward).parameters.items():
        is_named = parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        if is_named and name not in given and re.search(rf"\b{re.escape(name)}\b", message):
            return f'add "{name}": "{likely_type(name)}" to inputs'
    return ""


def _strays(root: Any) -> str:
    """What of a module does not lie where most of it does, as `torch.FloatTensor` on `meta`."""
    held = [*root.named_parameters(), *root.named_buffers()]
    counts = Counter(str(tensor.device) for _, tensor in held)
    if len(counts) < 2:
        return ""
    device, _ = counts.most_common(1)[0]
    name, other = next((n, t.device) for n, t in held if str(t.device) != device)
    several = len(held) - counts[device]
    more = f" and {several - 1} more lie" if several > 1 else " lies"
    return f"{name}{more} on {other}, the rest on {device}: give the model after .to('{device}')"


def spelled_with(text: str, names: Mapping[Any, str]) -> str:
    """PyTorch's symbols in a message as the caller names them."""
    spelling = {str(symbol): name for symbol, name in names.items()}
    return re.sub(r"\bs\d+\b", lambda m: spelling.get(m[0], m[0]), text)


def place_of(error: BaseException, root: Any) -> Place:
    """The innermost module of `root` on the way to where the error was raised."""
    paths = {id(vars(part)): (name, part) for name, part in root.named_modules()}
    found, line, given = ("", root), "", None
    trace = error.__traceback__
    is_own = False
    while trace is not None:
        frame = trace.tb_frame
        of_module = frame.f_code.co_name in {"forward", "_conv_forward"}
        first = frame.f_code.co_varnames[0] if of_module and frame.f_code.co_argcount else "self"
        owner = frame.f_locals.get(first)
        known = paths.get(id(getattr(owner, "__dict__", None)))
        if known is not None and of_module:
            found = known
            given = _first_tensor(frame.f_locals)
        is_own = not is_machinery(frame.f_code.co_filename)
        if is_own:
            line = f"{frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return Place(found[0], found[1], line, given, is_own)


def _first_tensor(variables: Mapping[str, Any]) -> Any:
    named = [variables.get(name) for name in ("input", "x")]
    return next((v for v in [*named, *variables.values()] if hasattr(v, "untyped_storage")), None)


def _size(dim: Any, names: Mapping[Any, str]) -> str:
    if isinstance(dim, int):
        return str(dim)
    return dim_text(dim.node.expr, names) or "?"


def _origin(tensor: Any, traced: Traced) -> str:
    """Which operation of the graph made a tensor."""
    tracker = getattr(traced, "tracker", None)
    proxy = None if tracker is None else tracker.get(tensor)
    if proxy is None:
        return ""
    node = proxy.proxy.node
    named = next((name for name, given, _ in traced.inputs if given is node), "")
    if named:
        return f"  input {named}"
    state = (name for name, _, nodes in [*traced.params, *traced.buffers] if node in nodes)
    held = next(state, "")
    return f"  parameter {held}" if held else f"  from {node.name}"


def _fit(module: Any, attribute: str, at: str, shape: list[str], axis: int) -> str:
    if not -len(shape) <= axis < len(shape):
        return ""
    wanted, have = shape[axis], getattr(module, attribute, None)
    if isinstance(have, (tuple, list)):
        have = have[-1] if have else None
    if wanted == str(have):
        return ""
    if not wanted.lstrip("-").isdigit():
        return f"{at}.{attribute} is {have}: choose sizes so that {wanted} == {have}"
    return f"set {at}.{attribute}={wanted}"
