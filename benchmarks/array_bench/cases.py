"""What is moved: sets of transposes and strided views, as rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
SETS_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "transpose_sets.json"

# bf16 has no type in NumPy; a copy knows its bytes alone.
NUMPY_NAMES = {
    "u8": "u1", "u16": "u2", "i16": "i2", "f16": "f2", "bf16": "u2", "i32": "i4", "f32": "f4",
    "f64": "f8", "c64": "c8", "c128": "c16",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    set: str
    name: str
    dtype: str
    shape: tuple[int, ...]  # of the source
    axes: tuple[int, ...] | None = None  # None: VIEWS[name] is copied

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return np.dtype(NUMPY_NAMES[self.dtype])

    def moved(self, x: Array) -> Array:
        """The source as the result sees it: same shape, other strides."""
        return VIEWS[self.name].of(x) if self.axes is None else x.transpose(self.axes)

    @property
    def out_shape(self) -> tuple[int, ...]:
        one = np.broadcast_to(np.zeros((), self.numpy_dtype), self.shape)
        return self.moved(one).shape

    @property
    def src_bytes(self) -> int:
        return prod(self.shape) * self.numpy_dtype.itemsize

    @property
    def out_bytes(self) -> int:
        return prod(self.out_shape) * self.numpy_dtype.itemsize


@dataclass(frozen=True)
class View:
    shape: tuple[int, ...]
    dtypes: tuple[str, ...]
    of: Callable[[Array], Array]


def _windows(x: Array) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, 64)[::16]


VIEWS = {
    "x[::2].T": View((8192, 4096), ("f32", "f64"), lambda x: x[::2].T),
    "x[:, ::2]": View((8192, 8192), ("u8", "f32"), lambda x: x[:, ::2]),
    "x[:, ::-1]": View((8192, 8192), ("u8", "f32"), lambda x: x[:, ::-1]),
    "x[::-1].T": View((8192, 8192), ("f32",), lambda x: x[::-1].T),
    "bgr hwc -> rgb chw": View((2160, 3840, 3), ("u8",), lambda x: x[..., ::-1].transpose(2, 0, 1)),
    "x[3:-5, 7:-9].T": View((8192, 8192), ("f32",), lambda x: x[3:-5, 7:-9].T),
    "a row, 4096 times": View((1, 8192), ("f32",), lambda x: np.broadcast_to(x, (4096, 8192))),
    "a column, 4096 times": View((8192, 1), ("f32",), lambda x: np.broadcast_to(x, (8192, 4096))),
    "x[..., 1] of hwc": View((2160, 3840, 3), ("u8",), lambda x: x[..., 1]),
    "windows of 64, step 16": View((10_000_000,), ("f32",), _windows),
}  # fmt: skip

# TTC's 57 cases: one permutation, three shapes; column-major, index 0 has stride 1 and axis i of
# the result is axis perm[i] of the source.
TTC = (
    ((1, 0), ((7248, 7248), (43408, 1216), (1216, 43408))),
    ((0, 2, 1), ((368, 384, 384), (2144, 64, 384), (368, 64, 2307))),
    ((1, 0, 2), ((384, 384, 355), (2320, 384, 59), (384, 2320, 59))),
    ((2, 1, 0), ((384, 355, 384), (2320, 59, 384), (384, 59, 2320))),
    ((0, 3, 2, 1), ((80, 96, 75, 96), (464, 16, 75, 96), (80, 16, 75, 582))),
    ((2, 1, 3, 0), ((96, 75, 96, 75), (608, 12, 96, 75), (96, 12, 608, 75))),
    ((2, 0, 3, 1), ((96, 75, 96, 75), (608, 12, 96, 75), (96, 12, 608, 75))),
    ((1, 0, 3, 2), ((96, 96, 75, 75), (608, 96, 12, 75), (96, 608, 12, 75))),
    ((3, 2, 1, 0), ((96, 75, 75, 96), (608, 12, 75, 96), (96, 12, 75, 608))),
    ((0, 4, 2, 1, 3), ((32, 48, 28, 28, 48), (176, 8, 28, 28, 48), (32, 8, 28, 28, 298))),
    ((3, 2, 1, 4, 0), ((48, 28, 28, 48, 28), (352, 4, 28, 48, 28), (48, 4, 28, 352, 28))),
    ((2, 0, 4, 1, 3), ((48, 28, 48, 28, 28), (352, 4, 48, 28, 28), (48, 4, 352, 28, 28))),
    ((1, 3, 0, 4, 2), ((48, 48, 28, 28, 28), (352, 48, 4, 28, 28), (48, 352, 4, 28, 28))),
    ((4, 3, 2, 1, 0), ((48, 28, 28, 28, 48), (352, 4, 28, 28, 48), (48, 4, 28, 28, 352))),
    (
        (0, 3, 2, 5, 4, 1),
        ((16, 32, 15, 32, 15, 15), (48, 10, 15, 32, 15, 15), (16, 10, 15, 103, 15, 15)),
    ),
    (
        (3, 2, 0, 5, 1, 4),
        ((32, 15, 15, 32, 15, 15), (112, 5, 15, 32, 15, 15), (32, 5, 15, 112, 15, 15)),
    ),
    (
        (2, 0, 4, 1, 5, 3),
        ((32, 15, 32, 15, 15, 15), (112, 5, 32, 15, 15, 15), (32, 5, 112, 15, 15, 15)),
    ),
    (
        (3, 2, 5, 1, 0, 4),
        ((32, 15, 15, 32, 15, 15), (112, 5, 15, 32, 15, 15), (32, 5, 15, 112, 15, 15)),
    ),
    (
        (5, 4, 3, 2, 1, 0),
        ((32, 15, 15, 15, 15, 32), (112, 5, 15, 15, 15, 32), (32, 5, 15, 15, 15, 112)),
    ),
)
POWERS = ("sq4096", "sq8192", "sq16384", "tf27383_2p22", "qubit_swap_24")
FOUR = ("f32", "f64", "u8", "u16")
# Rows of a set: name, shape, axes, dtypes. Those of the file stand in their place where it is.
BUILT_IN: dict[str, list[dict[str, Any]]] = {
    "real_nets": [
        {"id": "bert_base_heads", "shape": [32, 512, 12, 64], "axes": [0, 2, 1, 3],
         "dtypes": ["f16", "f32"]},
        {"id": "resnet50_nchw2nhwc_3x224", "shape": [32, 3, 224, 224], "axes": [0, 2, 3, 1],
         "dtypes": ["u8", "f16", "f32"]},
        {"id": "resnet50_nhwc2nchw_256x56", "shape": [32, 56, 56, 256], "axes": [0, 3, 1, 2],
         "dtypes": ["u8", "f16", "f32"]},
        {"id": "vit_patchify_nchw", "shape": [64, 3, 14, 16, 14, 16], "axes": [0, 2, 4, 1, 3, 5],
         "dtypes": ["f16", "f32"]},
        {"id": "swin_win_part_s1", "shape": [64, 8, 7, 8, 7, 96], "axes": [0, 1, 3, 2, 4, 5],
         "dtypes": ["f16", "f32"]},
        {"id": "pixel_shuffle_r2", "shape": [16, 64, 2, 2, 128, 128], "axes": [0, 1, 4, 2, 5, 3],
         "dtypes": ["f16", "f32"]},
        {"id": "img_hwc2chw_4k", "shape": [1, 2160, 3840, 3], "axes": [0, 3, 1, 2],
         "dtypes": ["u8"]},
    ],
    "powers": [
        *({"id": f"sq{n}", "shape": [n, n], "axes": [1, 0], "dtypes": list(FOUR)}
          for n in (4096, 8192, 16384)),
        {"id": "tf27383_2p22", "shape": [2] * 22,
         "axes": [*range(0, 22, 2), *range(1, 22, 2)], "dtypes": ["f64"]},
        {"id": "qubit_swap_24", "shape": [2] * 24,
         "axes": [0, 1, 2, 20, *range(4, 20), 3, 21, 22, 23], "dtypes": ["c64"]},
    ],
    "xla_pjrt": [
        {"id": "256x256x256 210", "shape": [256] * 3, "axes": [2, 1, 0], "dtypes": ["u8", "f32"]},
    ],
    "adversarial": [
        {"id": "rect3x8000000", "shape": [3, 8_000_000], "axes": [1, 0], "dtypes": ["u8", "f32"]},
        {"id": "numpy32672_5d", "shape": [23, 21, 25, 27, 29], "axes": [4, 3, 2, 1, 0],
         "dtypes": ["f64"]},
    ],
}  # fmt: skip
SETS = ("ttc57", "ttc57_odd", "real_nets", "powers", "xla_pjrt", "adversarial", "strided_views")


def ttc_rows(*, odd: bool) -> Iterator[dict[str, Any]]:
    number = 0
    for perm, shapes in TTC:
        for shape in shapes:
            number += 1
            sizes = [size - (odd and axis in (0, perm[0])) for axis, size in enumerate(shape)]
            last = len(perm) - 1
            axes = [last - perm[last - axis] for axis in range(len(perm))]
            name = f"ttc{number:02}" + "o" * odd
            yield {"id": name, "shape": sizes[::-1], "axes": axes}


def all_rows() -> dict[str, list[dict[str, Any]]]:
    rows = {"ttc57": list(ttc_rows(odd=False)), "ttc57_odd": list(ttc_rows(odd=True))} | BUILT_IN
    if SETS_FILE.exists():
        stored = json.loads(SETS_FILE.read_text())["sets"]
        named = {name: stored[name]["cases"] for name in ("real_nets", "xla_pjrt", "adversarial")}
        both = named["real_nets"] + named["adversarial"]
        rows |= {
            name: [row for row in cases if row["id"] not in POWERS] for name, cases in named.items()
        }
        rows["powers"] = [row for row in both if row["id"] in POWERS]
    return rows


def dtypes_of(set_name: str, row: dict[str, Any], all_dtypes: bool) -> Sequence[str]:
    """f32 and f64 of ttc57, f32 of its odd twin; all own ones of networks; else the usual ones."""
    if set_name == "ttc57":
        return FOUR if all_dtypes else ("f32", "f64")
    if set_name == "ttc57_odd":
        return FOUR if all_dtypes else ("f32",)
    own: list[str] = row["dtypes"]
    if set_name == "real_nets":  # bf16 and f16 are the same copy
        return [dtype for dtype in own if dtype != "bf16" or "f16" not in own]
    usual = [dtype for dtype in own if dtype in FOUR]
    return usual if usual and not all_dtypes else own


def cases(set_name: str, *, all_dtypes: bool = False) -> list[Case]:
    """The cases of a set, one a dtype.

    >>> [(case.name, case.dtype) for case in cases("ttc57_odd")][:2]
    [('ttc01o', 'f32'), ('ttc02o', 'f32')]
    """
    if set_name == "strided_views":
        return [
            Case(set_name, name, dtype, view.shape)
            for name, view in VIEWS.items()
            for dtype in view.dtypes
        ]
    return [
        Case(set_name, row["id"], dtype, tuple(row["shape"]), tuple(row["axes"]))
        for row in all_rows()[set_name]
        for dtype in dtypes_of(set_name, row, all_dtypes)
    ]


def thinned(found: Sequence[Case], count: int | None) -> list[Case]:
    """`count` cases, evenly spaced."""
    if count is None or count >= len(found):
        return list(found)
    return [found[(2 * i + 1) * len(found) // (2 * count)] for i in range(count)]
