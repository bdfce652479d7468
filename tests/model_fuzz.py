"""Random models against ONNX Runtime, and damaged files against nothing but patience."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import shapewright as sw
from random_models import RandomModel
from random_steps import BOOL
from trapped_bodies import with_trap

SLOW_S = 2.0
NAMES = {
    "float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "bool": "bool",
    "uint8": "u8",
}  # fmt: skip


def feeds_of(model: RandomModel, sizes: dict[str, int], flag: bool) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    feeds: dict[str, Any] = {}
    for name, dtype, dims in model.inputs:
        shape = [sizes[d] if isinstance(d, str) else d for d in dims]
        feeds[name] = np.array(flag) if dtype == BOOL else rng.random(shape, np.float32)
    return feeds


def session_of(data: bytes) -> Any | None:
    """The model in the runtime, None where it refuses to load it."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return ort.InferenceSession(data, options)
    except Exception:
        return None


def runs_of(model: RandomModel, data: bytes) -> list[dict[str, Any] | None]:
    """What the runtime gives at each of the model's sizes, None where it refuses."""
    session = session_of(data)
    if session is None:
        return [None, None]
    names = [output.name for output in session.get_outputs()]
    out: list[dict[str, Any] | None] = []
    for sizes, flag in zip(model.sizes, (True, False), strict=True):
        try:
            values = session.run(names, feeds_of(model, sizes, flag))
        except Exception:
            out.append(None)
        else:
            out.append(dict(zip(names, values, strict=True)))
    return out


def is_passed_by(model: RandomModel, runs: list[dict[str, Any] | None], node: str) -> bool:
    """Whether the runs that succeed do so because none comes by the node."""
    trapped = with_trap(model.proto, node)
    if trapped is None:
        return False
    again = runs_of(model, trapped.SerializeToString())
    return all(now is not None for was, now in zip(runs, again, strict=True) if was is not None)


def is_of_nothing(message: str, types: Iterable[str]) -> bool:
    """Whether a Concat joins a tensor without elements: the runtime ignores its sizes."""
    return message.startswith("Concat") and any(re.search(r"[\[ ]0[,\]]", t) for t in types)


def judged(model: RandomModel) -> tuple[str, str]:
    """Claims about a random model held to two runs of it.

    "ok", "refused" by the runtime, "lenient" where it runs what the specification rules out, or
    "unsound", and why.
    """
    data = model.proto.SerializeToString()
    runs = runs_of(model, data)
    report = sw.check(data)
    errors = [f for f in report.findings if f.severity == "error"]
    if all(values is None for values in runs):
        return "refused", ""
    if errors:
        # A fault of a body counts even where no run comes by: the runtime looks at what it runs.
        for error in errors:
            if not is_of_nothing(error.message, error.facts.values()) and not is_passed_by(
                model, runs, error.node or ""
            ):
                return "unsound", f"a model that runs is refused: {error}"
        return "lenient", ""
    for values, sizes in zip(runs, model.sizes, strict=True):
        if values is None:
            continue
        try:
            report.at(**sizes)
        except sw.ConstraintError as error:
            # A window past the end, by less than a stride, is one to the runtime; a computed size 0
            # of a Reshape is an axis to copy, which no model means.
            if re.search("kernel|^1 within entry", error.facts.get("where", "")):
                return "lenient", ""
            nodes = {node.name: node for node in model.proto.graph.node}
            operands = nodes[error.node].input if error.node in nodes else []
            types = [str(list(values[name].shape)) for name in operands if name in values]
            if is_of_nothing(error.message, types):
                return "lenient", ""
            return "unsound", f"sizes that run are refused: {error}"
        for name, value in values.items():
            # What a loop stacks has no sizes where there was no pass: the runtime makes some up.
            is_stack_of_none = name.startswith("u") and value.size == 0
            why = contradiction(report.values[name], value, sizes)
            if why and not is_stack_of_none:
                return "unsound", f"{name} at {sizes}: {why}"
    return "ok", ""


def contradiction(claimed: sw.TensorType, value: Any, sizes: dict[str, int]) -> str:
    """Why an array is not of the claimed type; "" if it is."""
    real = f"{NAMES[value.dtype.name]}{list(value.shape)}"
    if claimed.dtype not in ("?", NAMES[value.dtype.name]):
        return f"{claimed}, really {real}"
    if claimed.shape is None:
        return ""
    if len(claimed.shape) != len(value.shape):
        return f"{claimed}, really {real}"
    for dim, size in zip(claimed.shape, value.shape, strict=True):
        bound = dim
        if isinstance(dim, sw.Dim):
            bound = dim.bind(**{n: s for n, s in sizes.items() if n in dim.symbols})
        if isinstance(bound, sw.Dim):
            low, high = bound.bounds
            if (low is not None and size < low) or (high is not None and size > high):
                return f"{claimed}, really {real}"
        elif bound is not None and bound != size:
            return f"{claimed}, really {real}"
    return ""


def damage(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, cut out, put in, or replaced by what makes a number large."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not out:
            break
        at = rng.randrange(len(out))
        length = rng.randint(1, 64)
        kind = rng.randrange(12)
        if kind < 4:
            out[at] = rng.randrange(64)
        elif kind == 4:
            out[at] = rng.randrange(256)
        elif kind == 5:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 6:
            out[at] = (out[at] + rng.choice((1, 255))) & 0xFF
        elif kind == 7:
            del out[at:]
        elif kind == 8:
            del out[at : at + length]
        elif kind == 9:
            start = rng.randrange(len(out))
            out[at:at] = out[start : start + length]
        elif kind == 10:
            out[at : at + 9] = b"\xff" * 9 + b"\x01"
        elif other:
            start = rng.randrange(len(other))
            out[at:at] = other[start : start + length]
    return bytes(out)


def survived(seed: int, corpus: Sequence[bytes]) -> str:
    """ "answered", "refused", or what went wrong with one damaged file of the corpus."""
    rng = random.Random(seed)
    data = damage(rng.choice(corpus), rng.choice(corpus), rng)
    start = time.process_time()
    verdict = "answered"
    try:
        report = sw.check(data)
        names = [symbol.name for symbol in report.symbols]
        if report.ok:
            report.at(**{name: rng.randint(0, 9) for name in names}).peak  # noqa: B018
    except sw.ShapewrightError:
        verdict = "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seconds = time.process_time() - start
    return verdict if seconds < SLOW_S else f"{seconds:.1f} s"
