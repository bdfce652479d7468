"""Types of elements by name: ours, NumPy's, or a dtype of any framework."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapewright.errors import LayoutError
from shapewright.spelling import did_you_mean


class ItemType(NamedTuple):
    """The type of an element; `element` numbers those that are cast, as cpp/copy/element.h does."""

    name: str
    bytes: int
    element: int | None

    def __str__(self) -> str:
        return self.name


# (ours, NumPy's, bytes); first those that are cast, in the order of `Element`.
ROWS = (
    ("bool", "bool", 1),
    ("u8", "uint8", 1),
    ("i8", "int8", 1),
    ("u16", "uint16", 2),
    ("i16", "int16", 2),
    ("i32", "int32", 4),
    ("i64", "int64", 8),
    ("f16", "float16", 2),
    ("bf16", "bfloat16", 2),
    ("f32", "float32", 4),
    ("f64", "float64", 8),
    ("u32", "uint32", 4),
    ("u64", "uint64", 8),
    ("c64", "complex64", 8),
    ("c128", "complex128", 16),
    ("f8e4m3", "float8_e4m3fn", 1),
    ("f8e5m2", "float8_e5m2", 1),
)
CAST = 11
TYPES = {
    name: ItemType(row[0], row[2], number if number < CAST else None)
    for number, row in enumerate(ROWS)
    for name in row[:2]
}


def item_type(dtype: Any) -> ItemType:
    """The type that a name or a dtype stands for.

    >>> item_type("float32")
    ItemType(name='f32', bytes=4, element=9)
    """
    if isinstance(dtype, str):
        name = dtype
    elif str(dtype).startswith("torch."):
        name = str(dtype).removeprefix("torch.")
    else:
        import numpy as np

        try:
            name = np.dtype(dtype).name
        except TypeError:
            name = str(dtype)
    if name in TYPES:
        return TYPES[name]
    message = f"there is no dtype {name!r}"
    hint = did_you_mean(name, TYPES) or f"there are {', '.join(row[0] for row in ROWS)}"
    raise LayoutError(message, code="dtype-unknown", facts={"dtype": name}, hint=hint)


def element_of(dtype: Any) -> int | None:
    """The number of the element to cast to; None keeps the type there is.

    >>> element_of("bf16"), element_of(None)
    (8, None)
    """
    if dtype is None:
        return None
    found = item_type(dtype)
    if found.element is None:
        message = f"nothing is cast to {found.name}"
        known = ", ".join(row[0] for row in ROWS[:CAST])
        raise LayoutError(message, code="cast-unsupported", hint=f"casts go to {known}")
    return found.element
