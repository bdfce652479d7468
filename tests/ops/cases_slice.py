"""Slice: exact lengths, also for symbolic sizes."""

from typing import Any

from shapewright.testing import Case, Const, case, const

INT32_MAX, INT64_MAX, INT64_MIN = 2**31 - 1, 2**63 - 1, -(2**63)


def sliced(
    data: str | Const,
    starts: Any,
    ends: Any,
    axes: Any = None,
    steps: Any = None,
    **rest: Any,
) -> Case:
    lists = [starts, ends] + [v for v in (axes, steps) if v is not None]
    return case("Slice", [data, *(const(v) for v in lists)], **rest)


CASES = [
    # forward, from the start
    sliced("f32[N, L]", [0], [6], [1], out=["f32[N, min(6, L)]"]),
    sliced("f32[N, L]", [0], [INT64_MAX], [1], out=["f32[N, L]"]),
    sliced("f32[N, L]", [0], [INT32_MAX], [1], out=["f32[N, L]"]),
    sliced("f32[N, L]", [2], [INT64_MAX], [1], out=["f32[N, max(0, L - 2)]"]),
    sliced("f32[N, L]", [1], [INT64_MAX], [1], out=["f32[N, L - 1]"]),
    sliced("f32[N, L]", [0], [-1], [1], out=["f32[N, L - 1]"]),
    sliced("f32[N, L]", [0], [-4], [1], out=["f32[N, max(0, L - 4)]"]),
    sliced("f32[N, L]", [2], [6], [1], out=["f32[N, max(0, min(4, L - 2))]"]),
    sliced("f32[N, L]", [6], [2], [1], out=["f32[N, 0]"]),
    # from the end
    sliced("f32[N, L]", [-4], [INT64_MAX], [1], out=["f32[N, min(4, L)]"]),
    sliced("f32[N, L]", [-1], [INT64_MAX], [1], out=["f32[N, 1]"]),
    sliced("f32[N, L]", [-4], [-1], [1], out=["f32[N, min(3, L - 1)]"]),
    sliced("f32[N, L]", [INT64_MIN], [INT64_MAX], [1], out=["f32[N, L]"]),
    # steps
    sliced("f32[N, L]", [0], [INT64_MAX], [1], [2], out=["f32[N, (L + 1)//2]"]),
    sliced("f32[N, L]", [1], [INT64_MAX], [1], [2], out=["f32[N, L//2]"]),
    sliced("f32[N, L]", [-1], [INT64_MIN], [1], [-1], out=["f32[N, L]"]),
    sliced("f32[N, L]", [-1], [INT32_MAX], [1], [-1], out=["f32[N, L]"]),
    sliced("f32[N, L]", [-1], [INT64_MIN], [1], [-3], out=["f32[N, (L + 2)//3]"]),
    sliced("f32[N, L]", [4], [0], [1], [-1], out=["f32[N, min(4, L - 1)]"]),
    sliced("f32[N, 10]", [8], [2], [1], [-3], out=["f32[N, 2]"]),
    sliced("f32[5]", [-10], [-20], [0], [-1], out=["f32[1]"]),
    sliced("f32[5]", [0], [5], [0], [INT64_MAX], out=["f32[1]"]),
    sliced("f32[5]", [-1], [INT64_MIN], [0], [INT64_MIN], out=["f32[1]"]),
    sliced("f32[0, N]", [-1], [INT64_MIN], [0], [-1], out=["f32[0, N]"]),
    # several axes, and none named
    sliced("f32[N, 10, L]", [1, 0], [3, -1], [1, -1], out=["f32[N, 2, L - 1]"]),
    sliced("f32[8, 10]", [1], [3], out=["f32[2, 10]"], opset=10),
    sliced("f32[8, 10]", [1, 2], [3, 100], out=["f32[2, 8]"], opset=13),
    case("Slice", ["f32[N, 10]"], starts=[1], ends=[-1], axes=[1], out=["f32[N, 8]"], opset=7),
    case("Slice", ["f32[8, 10]"], starts=[1, 1], ends=[3, 4], out=["f32[2, 3]"], opset=9),
    # elements
    sliced(const([1, 2, 3, 4]), [1], [3], out=["i64[2]"], elements=[[2, 3]]),
    sliced(const([1, 2, 3, 4]), [-1], [INT64_MIN], [0], [-2], out=["i64[2]"], elements=[[4, 2]]),
    sliced(
        const([[1, 2, 3], [4, 5, 6]]), [1], [3], [1], out=["i64[2, 2]"], elements=[[2, 3, 5, 6]]
    ),
    # what is not known
    case("Slice", ["f32[N, L]", "i64[1]", "i64[1]", const([1])], out=["f32[N, slice]"]),
    case("Slice", ["f32[N, L]", const([0]), const([2]), "i64[1]"], out=["f32[slice, slice_2]"]),
    case("Slice", ["f32[N, L]", "i64[...]", "i64[...]"], out=["f32[slice, slice_2]"]),
    case("Slice", ["f32[...]", const([0]), const([2])], out=["f32[...]"]),
    # what it refuses
    sliced("f32[N, L]", [0], [2], [2], error="axis-out-of-range"),
    sliced("f32[8]", [0, 0], [2, 2], error="axis-out-of-range"),
    sliced("f32[8, 8]", [0, 0], [2, 2], [0, -2], error="axis-repeated"),
    sliced("f32[8, 8]", [0], [2], [0], [0], error="strides-invalid"),
    sliced("f32[8, 8]", [0], [2, 3], error="slice-lists"),
    sliced("f32[8, 8]", [0], [2], [0, 1], error="slice-lists"),
    sliced("f32[]", [0], [2], [0], error="rank-mismatch"),
    case("Slice", ["f32[8]", const(0), const(2)], error="rank-mismatch"),
    case("Slice", ["f32[8]", const([0.0], "f32"), const([2.0], "f32")], error="dtype-unsupported"),
    case("Slice", ["f32[8]", const([0]), const([2], "i32")], error="dtype-mismatch"),
    case("Slice", ["f32[8, 8]"], starts=[0], ends=[2, 3], error="slice-lists", opset=7),
    case("Slice", ["f32[8]"], starts=[0], error="attr-missing", opset=7),
]
