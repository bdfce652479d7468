"""What PyTorch says of a tensor as the texts of shapewright: dtypes and symbolic sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {
    "float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16",
    "float8_e4m3fn": "f8e4m3", "float8_e5m2": "f8e5m2",
    "float8_e4m3fnuz": "f8e4m3fnuz", "float8_e5m2fnuz": "f8e5m2fnuz",
    "float8_e8m0fnu": "f8e8m0",
    "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8",
    "uint64": "u64", "uint32": "u32", "uint16": "u16", "uint8": "u8", "bool": "bool",
    "complex64": "c64", "complex128": "c128",
}  # fmt: skip


def dtype_name(dtype: Any) -> str:
    """`f32` for torch.float32; PyTorch's own name where shapewright has none."""
    return short_name(str(dtype).removeprefix("torch."))


def short_name(name: str) -> str:
    """`f32` for `float32`; the name itself where it is none of PyTorch's."""
    return _NAMES.get(name, name)


def torch_dtype(name: str) -> Any:
    """torch.float32 for `f32`; None for a name that PyTorch has no dtype for."""
    import torch

    spelled = next((long for long, short in _NAMES.items() if short == name), None)
    return None if spelled is None else getattr(torch, spelled, None)


def dim_text(expr: Any, names: Mapping[Any, str]) -> str | None:
    """A SymPy expression in the grammar of `Dim`; None where it has no spelling there.

    `names` gives the symbols of the trace the spelling of the caller.
    """
    kind = type(expr).__name__
    if expr.is_Symbol:
        return names.get(expr, str(expr))
    if expr.is_Integer:
        return str(int(expr)) if expr >= 0 else f"({int(expr)})"
    if kind in _TO_INT:
        return _rounded(expr.args[0], names)
    parts = [dim_text(part, names) for part in expr.args]
    if not parts or any(part is None for part in parts):
        return None
    texts = [part for part in parts if part is not None]
    if kind in _INFIX:
        return "(" + _INFIX[kind].join(texts) + ")"
    if kind == "Pow" and expr.args[1].is_Integer and expr.args[1] > 0:
        return f"({texts[0]}**{int(expr.args[1])})"
    if kind in _CALLS:
        return f"{_CALLS[kind]}({', '.join(texts)})"
    if kind == "ModularIndexing":
        return f"(({texts[0]}//{texts[1]})%{texts[2]})"
    return texts[0] if kind in {"Identity", "ToFloat"} else None


_INFIX = {
    "Add": " + ", "Mul": "*", "FloorDiv": "//", "CleanDiv": "//", "Mod": "%", "PythonMod": "%",
}  # fmt: skip
_CALLS = {"Max": "max", "Min": "min", "CeilDiv": "ceildiv"}
_TO_INT = {"TruncToInt", "FloorToInt"}


def _rounded(expr: Any, names: Mapping[Any, str]) -> str | None:
    """The floor of an expression of floats: of a quotient, or of a size times a scale."""
    if type(expr).__name__ in {"IntTrueDiv", "FloatTrueDiv"}:
        above, below = (dim_text(_without_float(part), names) for part in expr.args)
        return None if above is None or below is None else f"({above}//{below})"
    scale, rest = 1.0, None
    for part in expr.args if expr.is_Mul else (expr,):
        if part.is_Float or part.is_Integer:
            scale *= float(part)
        elif rest is None:
            rest = dim_text(_without_float(part), names)
        else:
            return None
    if rest is None or scale <= 0:
        return None
    if scale.is_integer():
        return f"({int(scale)}*{rest})"
    inverse = 1 / scale
    return f"({rest}//{int(inverse)})" if inverse.is_integer() else None


def _without_float(expr: Any) -> Any:
    return expr.args[0] if type(expr).__name__ == "ToFloat" else expr
