"""A process that runs models in ONNX Runtime: one pickled request in, one pickled answer out.

It stands apart because a runtime may end with a signal on input that it should refuse. Request:
model bytes, feeds as (name, dtype, shape, length of a sequence or None), and the ways to fill
inputs, tried until one works: "ones", "zeros", "random" of integers, "random:SEED" of all. Without
a way the model is only loaded. Answer: a verdict of "ran", "refused" or "no-kernel", the outputs as
(dtype, shape) or None, and the reason.
"""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

Feed = tuple[str, str, tuple[int, ...], "int | None"]
Described = tuple[str, tuple[int, ...] | None] | None
Answer = tuple[str, tuple[Described, ...], str]

NUMPY_NAMES = {
    "f64": "float64", "f32": "float32", "f16": "float16", "i64": "int64", "i32": "int32",
    "i16": "int16", "i8": "int8", "u64": "uint64", "u32": "uint32", "u16": "uint16", "u8": "uint8",
    "bool": "bool", "string": "object", "c64": "complex64", "c128": "complex128",
}  # fmt: skip
FROM_ORT = {
    "double": "f64", "float": "f32", "float16": "f16", "bfloat16": "bf16", "int64": "i64",
    "int32": "i32", "int16": "i16", "int8": "i8", "uint64": "u64", "uint32": "u32", "uint16": "u16",
    "uint8": "u8", "bool": "bool", "string": "string", "complex64": "c64", "complex128": "c128",
}  # fmt: skip
# What the runtime says of types that it knows by name alone.
NOT_YET = (
    "under development and support for this is limited",
    "is not currently registered or supported",
)


def main() -> None:
    warnings.simplefilter("ignore")  # overflow while making random numbers is no news
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the runtime prints must not end up between answers
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(run(*request), answers)
        answers.flush()


def run(model: bytes, feeds: Sequence[Feed], fills: Sequence[str]) -> Answer:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except state.NotImplemented as error:
        return "no-kernel", (), str(error)
    except Exception as error:
        text = str(error)
        if any(phrase in text for phrase in NOT_YET):
            return "no-kernel", (), text
        return "refused", (), text
    if not fills:
        return "ran", (), ""
    types = {value.name: value.type for value in session.get_outputs()}
    reason = ""
    for fill in fills:
        try:
            arrays = {feed[0]: make_feed(*feed, fill) for feed in feeds}
        except KeyError as error:
            return "no-kernel", (), f"numpy has no dtype for {error}"
        try:
            values = session.run(list(types), arrays)
        except state.NotImplemented as error:
            return "no-kernel", (), str(error)
        except Exception as error:
            reason = str(error)
            continue
        described = (describe(types[name], v) for name, v in zip(types, values, strict=True))
        return "ran", tuple(described), ""
    return "refused", (), reason


def make_feed(name: str, dtype: str, shape: tuple[int, ...], length: int | None, fill: str) -> Any:
    array = make_array(name, dtype, shape, fill)
    return array if length is None else [array] * length


def make_array(name: str, dtype: str, shape: tuple[int, ...], fill: str) -> Any:
    numpy_dtype = np.dtype(NUMPY_NAMES[dtype])
    seed = fill.partition(":")[2]
    rng = np.random.default_rng([int(seed), *name.encode()] if seed else len(name) + sum(shape))
    if dtype == "string" and seed:
        return np.array(["", "a", "a b", "b c d"], dtype=object)[rng.integers(0, 4, shape)]
    if dtype == "string":
        return np.full(shape, "a", dtype=object)
    if numpy_dtype.kind in "fc":
        if seed and int(seed) % 2:
            return rng.random(shape).astype(numpy_dtype)
        drawn = rng.integers(0, 4, shape) if seed else rng.uniform(0.5, 1.5, shape)
        return drawn.astype(numpy_dtype)
    if fill.startswith("random"):
        return rng.integers(0, 2 if dtype == "bool" else 4, shape).astype(numpy_dtype)
    return np.full(shape, fill == "ones", dtype=numpy_dtype)


def describe(type_name: str, value: Any) -> Described:
    """`("f32", (2, 3))`; of a sequence the shape that its elements share, None if they differ."""
    if value is None:
        return None
    inner = type_name[type_name.rindex("(") + 1 :].rstrip(")")
    dtype = FROM_ORT.get(inner, inner)
    if isinstance(value, list):
        shapes = {tuple(element.shape) for element in value}
        return dtype, shapes.pop() if len(shapes) == 1 else None
    return dtype, tuple(value.shape)


if __name__ == "__main__":
    main()
