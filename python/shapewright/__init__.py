"""Symbolic tensor shapes and memory of neural networks, without running them.

>>> import shapewright as sw
>>> g = sw.Graph()
>>> x = g.input("x", "f32[N, 3, H, W]")
>>> w = g.param("w", "f32[64, 3, 7, 7]")
>>> g.output(g.add("Conv", x, w, strides=[2, 2], pads=[3, 3, 3, 3], name="stem"))
>>> print(sw.check(g).values["stem"])
f32[N, 64, (H - 1)//2 + 1, (W - 1)//2 + 1]
"""

from shapewright import errors
from shapewright._core import Dim, __version__, prove_eq, prove_le
from shapewright.api import check, fit, load
from shapewright.arrays import (
    Lazy,
    RearrangePlan,
    copy,
    lazy,
    lazy_concat,
    normalize_images,
    pad_stack,
    permute,
    permute_large,
    plan_rearrange,
    rearrange,
    rearrange_many,
    transpose_inplace,
    unpad_stack,
)
from shapewright.errors import (
    ConstraintError,
    DimError,
    DimOverflowError,
    FormatError,
    InconclusiveError,
    LayoutError,
    LimitExceeded,
    ModelError,
    OverlapError,
    PatternError,
    ShapeError,
    ShapewrightError,
    UnboundSymbolError,
    UnsupportedOpError,
    WillNotFit,
)
from shapewright.fit import Fit
from shapewright.graph import Graph, Node, Value
from shapewright.guard import guard
from shapewright.memory import BoundReport, Event, Formula, Layer, Live, Peak, Timeline
from shapewright.options import Optimizer
from shapewright.results import Constraint, Coverage, Difference, Finding, Report, Symbol
from shapewright.rules import register_op, unregister_op
from shapewright.sharding import Sharding
from shapewright.types import TensorType
from shapewright.what_if import WhatIf

__all__ = [
    "BoundReport",
    "Constraint",
    "ConstraintError",
    "Coverage",
    "Difference",
    "Dim",
    "DimError",
    "DimOverflowError",
    "Event",
    "Finding",
    "Fit",
    "FormatError",
    "Formula",
    "Graph",
    "InconclusiveError",
    "Layer",
    "LayoutError",
    "Lazy",
    "LimitExceeded",
    "Live",
    "ModelError",
    "Node",
    "Optimizer",
    "OverlapError",
    "PatternError",
    "Peak",
    "RearrangePlan",
    "Report",
    "ShapeError",
    "ShapewrightError",
    "Sharding",
    "Symbol",
    "TensorType",
    "Timeline",
    "UnboundSymbolError",
    "UnsupportedOpError",
    "Value",
    "WhatIf",
    "WillNotFit",
    "__version__",
    "check",
    "copy",
    "errors",
    "fit",
    "guard",
    "lazy",
    "lazy_concat",
    "load",
    "normalize_images",
    "pad_stack",
    "permute",
    "permute_large",
    "plan_rearrange",
    "prove_eq",
    "prove_le",
    "rearrange",
    "rearrange_many",
    "register_op",
    "transpose_inplace",
    "unpad_stack",
    "unregister_op",
]
