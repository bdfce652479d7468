"""A claimed type held to an actual array."""

from dataclasses import dataclass

import shapewright as sw

from .cases import Array

# TensorProto.DataType as shapewright spells it.
DTYPES = {
    1: "f32", 2: "u8", 3: "i8", 4: "u16", 5: "i16", 6: "i32", 7: "i64", 8: "string", 9: "bool",
    10: "f16", 11: "f64", 12: "u32", 13: "u64", 14: "c64", 15: "c128", 16: "bf16", 17: "f8e4m3",
    18: "f8e4m3fnuz", 19: "f8e5m2", 20: "f8e5m2fnuz", 21: "u4", 22: "i4", 23: "f4e2m1",
    24: "f8e8m0", 25: "u2", 26: "i2", 27: "f6e2m3", 28: "f6e3m2",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """`unsound` says what contradicts the array; dims are counted where the claim is sound."""

    unsound: str = ""
    exact: bool = False
    dims: int = 0
    known: int = 0


def arrays_in(value) -> list[Array]:
    """The tensors of a value: one, those of a sequence, or none."""
    if isinstance(value, Array):
        return [value]
    return [array for element in value or () for array in arrays_in(element)]


def judge(claimed: sw.TensorType, value) -> Verdict:
    """Whether a type admits a value, and how much of what could be said it says.

    A sequence has one type for all its elements: a size they do not share cannot be known.
    """
    arrays = arrays_in(value)
    if not arrays:
        return Verdict(exact=True)
    for array in arrays:
        actual = DTYPES[array.dtype]
        if claimed.dtype not in ("?", actual):
            return Verdict(f"dtype {claimed.dtype}, really {actual}")
        if claimed.shape is None:
            continue
        if len(claimed.shape) != len(array.shape):
            return Verdict(f"{claimed}, really rank {len(array.shape)}")
        for axis, (dim, size) in enumerate(zip(claimed.shape, array.shape, strict=True)):
            if not admits(dim, size):
                return Verdict(f"{claimed}, really {size} on axis {axis}")
    ranks = {len(array.shape) for array in arrays}
    if len(ranks) > 1:
        return Verdict(exact=claimed.dtype != "?")
    shared = [len(set(sizes)) == 1 for sizes in zip(*(a.shape for a in arrays), strict=True)]
    dims = shared.count(True)
    known = 0
    if claimed.shape is not None:
        known = sum(
            isinstance(d, int) for d, same in zip(claimed.shape, shared, strict=True) if same
        )
    has_rank = claimed.shape is not None
    return Verdict("", claimed.dtype != "?" and has_rank and known == dims, dims, known)


def admits(dim, size: int) -> bool:
    if isinstance(dim, sw.Dim):
        low, high = dim.bounds
        return (low is None or low <= size) and (high is None or size <= high)
    return dim is None or dim == size
