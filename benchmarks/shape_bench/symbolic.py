"""Symbolic rows of tests/ops: inferred once, bound to four sets of sizes, held to real runs.

Each row is a model of one operator whose operands have symbolic sizes. The same model goes to the
rivals; what they write as a size is evaluated at the same sets.

Not every result has a type that is a function of the operands' sizes. A row is *open* where runs
show that it has none: elements of an operand decide a size (two runs at the same sizes give
different ones), the rank is another at other sizes, the elements of a sequence differ in size, or
the runtime gives another size than the specification. Of an open row nothing may be said but what
holds of all those runs.
"""

import contextlib
import io
import itertools
import math
from collections import Counter

import shapewright as sw
from case_rows import CASES, as_onnx
from ops.conftest import Runtime
from ops.test_cases import FILLS, at, feeds_of, holds, sized, symbols_of
from shapewright.testing import graph_of, run_op

from .judged import admits

SETS = 4
SIZES = (2, 3, 5, 4, 6, 8, 7, 9, 12, 16, 1, 24, 32)
MAX_TRIES = 4000
VERDICTS = ("exact", "partial", "unsound", "error")
OPEN_VERDICTS = ("sound", "unsound", "error")
DRAWS = 60  # of elements, in search of two runs that differ


def four_sets(row):
    """Sizes of the row's symbols that its contract admits."""
    names = symbols_of(row)
    if row.bind is not None:
        yield dict(row.bind)
        return
    report = sw.check(graph_of(row))
    distinct = itertools.permutations(SIZES[: max(5, len(names))], len(names))
    every = itertools.chain(distinct, itertools.product(SIZES, repeat=len(names)))
    found = 0
    for sizes in itertools.islice(every, MAX_TRIES):
        binding = dict(zip(names, sizes, strict=True))
        if holds(report, binding):
            yield binding
            found += 1
        if found == SETS:
            return


def real_shapes(row, binding, runtime):
    """(dtype, shape) of each output, None where the runtime has no kernel or refuses."""
    operands = sized(row, binding)
    try:
        answer = runtime.ask(as_onnx(row, operands).SerializeToString(), feeds_of(operands), FILLS)
    except BaseException as error:  # pytest's Skipped: no array can be made
        if isinstance(error, KeyboardInterrupt):
            raise
        return None
    return answer.outputs if answer.verdict == "ran" else None


def ours(row):
    """For each output a function from sizes to its shape; None in it where it is open."""
    result = run_op(row)
    stated = [t for t, out in zip(result.types, row.out, strict=True) if out is not None]

    def shape_at(binding):
        return [
            None if t is None or t.shape is None else [at(dim, binding) for dim in t.shape]
            for t in stated
        ]

    return shape_at


def evaluated(text: str, binding):
    """What a rival's size is at a binding; None if it names what the binding does not."""
    words = {
        "floor": math.floor,
        "ceiling": math.ceil,
        "Max": max,
        "Min": min,
        "max": max,
        "min": min,
    }
    try:
        value = eval(text, {"__builtins__": {}}, {**words, **binding})
    except Exception:
        return None
    return int(value)


def of_proto(inferred):
    def shape_at(binding):
        shapes = []
        for value in inferred.graph.output:
            kind = value.type.tensor_type
            if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
                shapes.append(None)
                continue
            shapes.append(
                [
                    dim.dim_value
                    if dim.HasField("dim_value")
                    else evaluated(dim.dim_param, binding)
                    for dim in kind.shape.dim
                ]
            )
        return shapes

    return shape_at


def by_onnx(row):
    import onnx

    model = as_onnx(row, list(row.inputs))
    return of_proto(onnx.shape_inference.infer_shapes(model, data_prop=True))


def by_ort(row):
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    model = as_onnx(row, list(row.inputs))
    with contextlib.redirect_stdout(io.StringIO()):
        return of_proto(SymbolicShapeInference.infer_shapes(model, auto_merge=True))


def by_osi(row):
    import onnx_ir
    import onnx_shape_inference as osi

    model = onnx_ir.serde.deserialize_model(as_onnx(row, list(row.inputs)))
    return of_proto(onnx_ir.serde.serialize_model(osi.infer_symbolic_shapes(model)))


ENGINES = {
    "shapewright": ours,
    "onnx data_prop": by_onnx,
    "ort symbolic_shape_infer": by_ort,
    "onnx-shape-inference": by_osi,
}


def installed():
    names = {"onnx-shape-inference": "onnx_shape_inference", "ort symbolic_shape_infer": "sympy"}
    from importlib.util import find_spec

    return {k: v for k, v in ENGINES.items() if k not in names or find_spec(names[k]) is not None}


def verdict(claims, runs) -> str:
    """The worst that the claims are at any of the sets."""
    worst = "exact"
    for claimed, real in zip(claims, runs, strict=True):
        for shape, output in zip(claimed, real, strict=False):
            if output is None:
                continue
            if output[1] is None:  # elements of a sequence that differ in size
                worst = "partial"
                continue
            if shape is None:
                worst = "partial"
                continue
            if len(shape) != len(output[1]):
                return "unsound"
            for mine, size in zip(shape, output[1], strict=True):
                if not admits(mine, size):
                    return "unsound"
                if not isinstance(mine, int):
                    worst = "partial"
    return worst


def shapes_of(run):
    return [None if output is None else output[1] for output in run]


def drawn_runs(row, binding, runtime):
    """Runs at the same sizes with other elements, until two of them differ."""
    operands = sized(row, binding)
    model, runs = as_onnx(row, operands).SerializeToString(), []
    for seed in range(DRAWS):
        answer = runtime.ask(model, feeds_of(operands), (f"random:{seed}",))
        if answer.verdict != "ran":
            continue
        runs.append(answer.outputs)
        if shapes_of(runs[0]) != shapes_of(runs[-1]):
            return [runs[0], runs[-1]]
    return runs


def run_of_other_rank(row, pairs, runtime):
    """A run, at sizes that the runtime takes, whose results have other ranks than `pairs`."""
    if all(t is None or t.shape is not None for t in run_op(row).types):
        return None
    ranks = [len(shape) for shape in shapes_of(pairs[0][1])]
    names = symbols_of(row)
    for sizes in itertools.product((1, 2, 3), repeat=len(names)):
        binding = dict(zip(names, sizes, strict=True))
        run = real_shapes(row, binding, runtime)
        shapes = [None] if run is None else shapes_of(run)
        if None not in shapes and [len(shape) for shape in shapes] != ranks:
            return binding, run
    return None


def contradicts_specification(row, pairs):
    """Whether `onnx.shape_inference` gives other numbers than the runtime at the same sizes."""
    import onnx

    for binding, run in pairs:
        model = as_onnx(row, sized(row, binding))
        stated = of_proto(onnx.shape_inference.infer_shapes(model))(binding)
        for shape, output in zip(stated, run, strict=False):
            if shape is None or output is None or output[1] is None:
                continue
            if any(s is not None and s != r for s, r in zip(shape, output[1], strict=True)):
                return True
    return False


def open_reason(row, pairs, runtime):
    """Why no type of the row's results is a function of sizes, and runs that show it."""
    shapes = [shape for _, run in pairs for shape in shapes_of(run)]
    if None in shapes:
        return "elements of a sequence differ", pairs
    ranks = {tuple(len(shape) for shape in shapes_of(run)) for _, run in pairs}
    if len(ranks) > 1:
        return "the rank is another at other sizes", pairs
    other = run_of_other_rank(row, pairs, runtime)
    if other:
        return "the rank is another at other sizes", [pairs[0], other]
    for binding in (pairs[0][0], dict.fromkeys(symbols_of(row), 1)):
        drawn = drawn_runs(row, binding, runtime)
        if len(drawn) == 2 and shapes_of(drawn[0]) != shapes_of(drawn[1]):
            return "elements of an operand decide", [(binding, run) for run in drawn]
    if contradicts_specification(row, pairs):
        return "the runtime gives another size than the specification", pairs
    return None, pairs


def judged(engine, row, pairs) -> str:
    try:
        shape_at = engine(row)
        return verdict([shape_at(b) for b, _ in pairs], [r for _, r in pairs])
    except Exception:
        return "error"


def measure():
    """Counts by engine, and what is open or, of ours, not exact."""
    engines, runtime = installed(), Runtime()
    counts = {name: Counter() for name in engines}
    faults, sets = [], 0
    for row in CASES:
        if row.error is not None or row.skip_ort or row.out is None or not symbols_of(row):
            continue
        bindings = list(four_sets(row))
        runs = [real_shapes(row, binding, runtime) for binding in bindings]
        pairs = [(b, r) for b, r in zip(bindings, runs, strict=True) if r is not None]
        if not pairs or (len(pairs) < SETS and row.bind is None and len(symbols_of(row)) > 1):
            continue
        sets += len(pairs)
        found = {name: judged(engine, row, pairs) for name, engine in engines.items()}
        reason = None
        if found["shapewright"] == "partial":
            reason, shown = open_reason(row, pairs, runtime)
            if reason:
                more = [pair for pair in shown if pair not in pairs]
                found = {
                    name: judged(engine, row, pairs + more) for name, engine in engines.items()
                }
        for name, kind in found.items():
            if reason:
                kind = kind if kind in ("unsound", "error") else "sound"
            counts[name]["open " + kind if reason else kind] += 1
        if reason or found["shapewright"] != "exact":
            witness = [[b, shapes_of(r)] for b, r in (shown if reason else [])]
            what = f"open: {reason}" if reason else found["shapewright"]
            faults.append({"row": str(row)[:200], "what": what, "runs": witness})
    runtime.close()
    rows = [
        {
            "engine": name,
            "rows": sum(c[v] for v in VERDICTS),
            **{v: c[v] for v in VERDICTS},
            "open rows": sum(c["open " + v] for v in OPEN_VERDICTS),
            **{"open: " + v: c["open " + v] for v in OPEN_VERDICTS},
        }
        for name, c in counts.items()
    ]
    return rows, sets, faults
