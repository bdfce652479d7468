"""Faults of tests/ops, each a broken model beside a sound one, shown to checkers that run nothing.

All are faults that ONNX Runtime refuses when it loads or runs the model. A checker has found one if
it refuses the broken model, or says that it is wrong; refusing the sound one is a false alarm, and
then it has found nothing. Checkers run in a process of their own: some end with a signal, which
counts as nothing found.
"""

import contextlib
import io
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec

import shapewright as sw
from case_rows import as_onnx, load_rows
from ops.conftest import Runtime
from ops.defective_graphs import DEFECTS as GRAPHS
from ops.test_defective_graphs import build


def models():
    """(name, sound, broken) of every row that the onnx package can write."""
    for parameter in load_rows("defects"):
        (row,) = parameter.values
        try:
            pair = [as_onnx(case, list(case.inputs)) for case in (row.sound, row.broken)]
        except (TypeError, ValueError):
            continue
        yield str(row), *pair
    for row in GRAPHS:
        yield str(row), build(row.sound, row.opset), build(row.broken, row.opset)


def by_shapewright(model):
    return any(f.severity == "error" for f in sw.check(model.SerializeToString()).findings)


def raises(check, model):
    """Whether a checker that raises on what it finds wrong does."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            check(model)
    except Exception:
        return True
    return False


def check_with_onnx(model):
    import onnx

    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def check_with_ort_tool(model):
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    SymbolicShapeInference.infer_shapes(model, auto_merge=True)


def check_with_osi(model):
    import onnx_ir
    import onnx_shape_inference as osi

    osi.infer_symbolic_shapes(
        onnx_ir.serde.deserialize_model(model), policy="strict", warn_on_missing=False
    )


class Apart:
    """Runs a function in a process that is started again where it dies."""

    def __init__(self):
        self.pool = None

    def run(self, function, *arguments):
        """What it returns; None if the process ends instead."""
        if self.pool is None:
            context = multiprocessing.get_context("fork")
            self.pool = ProcessPoolExecutor(max_workers=1, mp_context=context)
        try:
            return self.pool.submit(function, *arguments).result()
        except BrokenProcessPool:
            self.pool = None
            return None


ORT = "ONNX Runtime, load"
ENGINES = {
    "shapewright": (by_shapewright, None),
    "onnx infer_shapes, strict": (check_with_onnx, "onnx"),
    ORT: (None, "onnxruntime"),
    "ort symbolic_shape_infer": (check_with_ort_tool, "sympy"),
    "onnx-shape-inference, strict": (check_with_osi, "onnx_shape_inference"),
}


def measure():
    """Counts by checker, and the rows that ours does not settle."""
    engines = {
        name: engine
        for name, (engine, needs) in ENGINES.items()
        if needs is None or find_spec(needs) is not None
    }
    counts, faults, runtime = {name: Counter() for name in engines}, [], Runtime()
    apart = Apart()

    def refused(name, model):
        if name == ORT:
            return runtime.ask(model.SerializeToString(), (), ()).verdict == "refused"
        if name == "shapewright":
            return by_shapewright(model)
        answer = apart.run(raises, engines[name], model)
        counts[name]["crashes"] += answer is None
        return bool(answer)

    for title, sound, broken in models():
        for name in engines:
            is_alarmed, is_found = refused(name, sound), refused(name, broken)
            counts[name]["rows"] += 1
            counts[name]["false alarms"] += is_alarmed
            counts[name]["found"] += is_found and not is_alarmed
            if name == "shapewright" and (is_alarmed or not is_found):
                faults.append(title[:200])
    runtime.close()
    rows = [
        {
            "checker": name,
            "rows": c["rows"],
            "found": c["found"],
            "share": round(c["found"] / c["rows"], 4),
            "false alarms": c["false alarms"],
            "crashes": c["crashes"],
        }
        for name, c in counts.items()
    ]
    return rows, faults
