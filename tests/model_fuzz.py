"""Random models against ONNX Runtime, and damaged files against nothing but patience."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import shapewright as sw
from random_models import RandomModel
from random_steps import BOOL
from strict_models import with_demand
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


def runs_by(
    model: RandomModel, runs: list[dict[str, Any] | None], node: str
) -> list[dict[str, Any] | None]:
    """Of the runs that succeed those alone that come by the node; all where that cannot be told."""
    trapped = with_trap(model.proto, node)
    if trapped is None:
        return runs
    again = runs_of(model, trapped.SerializeToString())
    return [was if now is None else None for was, now in zip(runs, again, strict=True)]


def leniency(
    model: RandomModel, runs: Sequence[dict[str, Any] | None], node: str, where: str
) -> str:
    """By which leniency at the node all runs that succeed do so; "" by none that is known."""
    strict = with_demand(model.proto, node, where)
    if strict is None:
        return ""
    again = runs_of(model, strict[1].SerializeToString())
    pairs = list(zip(runs, again, strict=True))
    return strict[0] if all(now is None for was, now in pairs if was is not None) else ""


def judged(model: RandomModel) -> tuple[str, str]:
    """Claims about a random model held to two runs of it.

    "ok", "refused" by the runtime, "lenient: ..." where it runs what the specification rules out,
    or "unsound", and why.
    """
    data = model.proto.SerializeToString()
    runs = runs_of(model, data)
    report = sw.check(data)
    if all(values is None for values in runs):
        return "refused", ""
    excused = ""
    for error in report.findings:
        if error.severity != "error":
            continue
        node = error.node or ""
        # A fault of a body counts even where no run comes by: the runtime looks at what it runs.
        coming = runs_by(model, runs, node)
        excuse = (
            leniency(model, coming, node, error.message)
            if any(run is not None for run in coming)
            else "fault in a body that does not run"
        )
        if not excuse:
            return "unsound", f"a model that runs is refused: {error}"
        excused = excused or excuse
    if excused:
        return f"lenient: {excused}", ""
    for i, sizes in enumerate(model.sizes):
        values = runs[i]
        if values is None:
            continue
        try:
            report.at(**sizes)
        except sw.ConstraintError as error:
            only = [run if k == i else None for k, run in enumerate(runs)]
            # Several nodes may impose together what none of them does alone.
            where = error.facts.get("where", "")
            nodes = error.facts.get("nodes", error.node or "").split(", ")
            excuse = next(filter(None, (leniency(model, only, n, where) for n in nodes)), "")
            if not excuse:
                return "unsound", f"sizes that run are refused: {error}"
            excused = excused or excuse
            continue
        for name, value in values.items():
            why = contradiction(report.values[name], value, sizes)
            # What a loop stacks has no sizes where there was no pass: the runtime makes some up.
            if why and name.startswith("u") and value.size == 0:
                excused = excused or "sizes of a stack of no pass"
            elif why:
                return "unsound", f"{name} at {sizes}: {why}"
    return (f"lenient: {excused}" if excused else "ok"), ""


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
