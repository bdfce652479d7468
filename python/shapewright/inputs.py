"""The `inputs` and `dims` of a call, in the forms people have at hand, as the core reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapewright.errors import ShapewrightError

InputTexts = list[tuple[str, str]]
SymbolBounds = list[tuple[str, int, "int | None"]]


def input_texts(inputs: Any) -> InputTexts:
    """Pairs of input name and type text; the name "" stands for the only input.

    >>> input_texts({"x": "f32[N,3]", "mask": ("bool", ["N", 7])})
    [('x', 'f32[N,3]'), ('mask', 'bool[N, 7]')]
    """
    if inputs is None:
        return []
    if not isinstance(inputs, Mapping):
        return [("", type_text("the input", inputs))]
    for name in inputs:
        if not isinstance(name, str):
            msg = f"inputs maps names to types, and {name!r} is no name"
            raise _refused(msg)
    return [(name, type_text(f"input '{name}'", spec)) for name, spec in inputs.items()]


def type_text(what: str, spec: Any) -> str:
    """The type of one tensor as text: of a text itself, a pair (dtype, shape), or an array."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Sequence) and len(spec) == 2:
        dtype, shape = spec
    elif hasattr(spec, "shape") and hasattr(spec, "dtype"):
        dtype, shape = spec.dtype, spec.shape
    else:
        msg = f"the type of {what} is not understood: {_short(spec)}"
        raise _refused(msg)
    if isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__"):
        msg = f"the shape of {what} is a sequence of sizes, not {_short(shape)}"
        raise _refused(msg)
    dims = ("?" if dim is None else str(dim) for dim in shape)
    return f"{_dtype_name(dtype)}[{', '.join(dims)}]"


def _dtype_name(dtype: Any) -> str:
    """`float32` for numpy.float32, numpy.dtype("float32"), torch.float32 and "float32"."""
    name = dtype.__name__ if isinstance(dtype, type) else getattr(dtype, "name", None) or str(dtype)
    name = name.removeprefix("torch.")
    return "string" if name in {"object", "str"} or name.startswith("str") else name


def symbol_bounds(dims: Mapping[str, Any] | None) -> SymbolBounds:
    """Triples of symbol, lower and upper bound; a number fixes the symbol.

    >>> symbol_bounds({"N": (1, 256), "L": 512, "S": (16, None)})
    [('N', 1, 256), ('L', 512, 512), ('S', 16, None)]
    """
    if dims is None:
        return []
    if not isinstance(dims, Mapping):
        message = f"dims maps symbols to sizes, and {_short(dims)} does not"
        raise _refused(message, code="dims-form")
    return [_bounds_of(name, size) for name, size in dims.items()]


def _bounds_of(name: Any, size: Any) -> tuple[str, int, int | None]:
    if not isinstance(name, str):
        msg = f"dims maps symbols to sizes, and {name!r} is no name"
        raise _refused(msg, code="dims-form")
    if _is_size(size):
        return name, int(size), int(size)
    if isinstance(size, (tuple, list)) and len(size) == 2:
        low, high = size
        if _is_size(low) and (high is None or _is_size(high)):
            return name, int(low), None if high is None else int(high)
    message = f"the size of '{name}' is a number or a pair (lower, upper), not {_short(size)}"
    raise _refused(message, code="dims-form")


def _is_size(size: Any) -> bool:
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        return False
    if not -(2**63) <= int(size) < 2**63:
        message = f"{size} does not fit in a 64-bit size"
        raise ShapewrightError(message, code="size-type")
    return True


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _refused(message: str, code: str = "inputs-form") -> ShapewrightError:
    if code == "dims-form":
        hint = 'dims={"N": (1, 256), "L": 512}'
    else:
        hint = 'inputs={"x": "f32[N,3,224,224]"}, a pair (dtype, shape), or an array'
    return ShapewrightError(message, code=code, hint=hint)


def nested_shape(values: Any) -> list[int]:
    """Dims of nested lists, read along the first elements.

    >>> nested_shape([[1, 2, 3], [4, 5, 6]]), nested_shape(7), nested_shape([])
    ([2, 3], [], [0])
    """
    dims: list[int] = []
    while isinstance(values, (list, tuple)):
        dims.append(len(values))
        if not values:
            break
        values = values[0]
    return dims


def flatten(values: Any) -> list[Any]:
    """Elements of nested lists in row-major order."""
    if not isinstance(values, (list, tuple)):
        return [values]
    return [leaf for value in values for leaf in flatten(value)]
