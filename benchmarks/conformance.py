"""Shapes that are inferred, held to the arrays that models really gave.

    python benchmarks/conformance.py [--suites node,simple] [--only NAME] [--json FILE]

Every backend test of the onnx package, in three modes (shape_bench/modes.py): A inputs as
constants, B inputs by their sizes, C inputs by their rank, sizes bound after inference. Types that
a model declares of its results are taken out first.

exact      every output has the dtype and shape of the array
unsound    the claim contradicts the array, or a valid model or size is refused
declined   refused because the model imports an opset before 7, which is said
dims       share of the outputs' sizes that are numbers; "static" leaves out models in which
           elements of an input decide a size (shape_bench/data_operands.py)

A second table holds the types of all values beside those of `onnx.shape_inference.infer_shapes`, a
third the symbolic rows of tests/ops, inferred once and bound to four sets of sizes, beside rivals
(shape_bench/symbolic.py), a fourth the defect rows of tests/ops, found or not by checkers that run
nothing (shape_bench/defects.py).
"""

import argparse
import json
import platform
import sys
from collections import Counter
from pathlib import Path

import shapewright as sw

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tests"))

from shape_bench.cases import all_models
from shape_bench.data_operands import depends_on_data
from shape_bench.defects import measure as defect_rows
from shape_bench.judged import judge
from shape_bench.modes import MODES
from shape_bench.symbolic import measure as symbolic_rows
from shape_bench.upstream import agreement


def judged_run(mode, model, run):
    """What came of one run of one model: counts, and the fault if there is one."""
    answer = MODES[mode](model, run)
    if answer.crash:
        return {"crash": answer.refused}
    if answer.code == "op-version" and is_older_than(model, 7):
        return {"declined": answer.refused}
    if answer.refused:
        return {"unsound": answer.refused}
    verdicts = {name: judge(answer.types[name], value) for name, value in run.outputs.items()}
    wrong = [f"{name}: {v.unsound}" for name, v in verdicts.items() if v.unsound]
    if wrong:
        return {"unsound": wrong[0]}
    inexact = [name for name, v in verdicts.items() if not v.exact]
    return {
        "inexact": ", ".join(f"{name} {answer.types[name]}" for name in inexact),
        "dims": sum(v.dims for v in verdicts.values()),
        "known": sum(v.known for v in verdicts.values()),
    }


def is_older_than(model, version):
    return any(not opset.domain and opset.version < version for opset in model.proto.opset_import)


def measure(models):
    """Counts by suite and mode, and a list of everything that is not exact or not sound."""
    graphs = {(model.suite, model.name): model.proto.graph for model in models}
    counts, faults = {}, []
    for model in models:
        # The body of a function is judged by the operator that it stands for.
        whole = graphs.get((model.suite, model.name.removesuffix("_expanded")), model.proto.graph)
        is_static = not depends_on_data(whole)
        for mode in MODES:
            row = counts.setdefault((model.suite, mode), Counter())
            for i, run in enumerate(model.runs):
                found = judged_run(mode, model, run)
                kind = next(
                    (k for k in ("crash", "unsound", "declined", "inexact") if found.get(k)),
                    "exact",
                )
                row["runs"] += 1
                row[kind] += 1
                row["dims"] += found.get("dims", 0)
                row["known"] += found.get("known", 0)
                if is_static:
                    row["static dims"] += found.get("dims", 0)
                    row["static known"] += found.get("known", 0)
                if kind != "exact":
                    faults.append(
                        {
                            "model": model.name,
                            "run": i,
                            "mode": mode,
                            "what": kind,
                            "why": found[kind],
                            "static": is_static,
                        }
                    )
    return counts, faults


def share(part, whole):
    return round(part / whole, 4) if whole else None


def rows_of(counts):
    return [
        {
            "suite": suite,
            "mode": mode,
            "runs": row["runs"],
            "exact": row["exact"],
            "exact share": share(row["exact"], row["runs"] - row["declined"]),
            "unsound": row["unsound"],
            "crashes": row["crash"],
            "declined": row["declined"],
            "dims known": share(row["known"], row["dims"]),
            "static dims known": share(row["static known"], row["static dims"]),
        }
        for (suite, mode), row in counts.items()
    ]


def agreements(models):
    """Our types of all values beside those of `onnx.shape_inference`, by suite."""
    counts, faults = {}, []
    for model in models:
        found = agreement(model)
        row = counts.setdefault(model.suite, Counter())
        row["models"] += 1
        row["they refuse"] += bool(found.failed)
        for key in ("values", "equal", "refined", "missed"):
            row[key] += getattr(found, key)
        if found.contradiction and not is_older_than(model, 7):
            row["contradictions"] += 1
            faults.append({"model": model.name, "why": found.contradiction})
    keys = ("models", "they refuse", "values", "equal", "refined", "missed", "contradictions")
    return [{"suite": s, **{key: row[key] for key in keys}} for s, row in counts.items()], faults


def print_table(title, rows):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for key, value in rows[0].items():
        table.add_column(key, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*["" if cell is None else str(cell) for cell in row.values()])
    Console(width=140).print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", default="", help="of models; rows: those of tests/ops")
    parser.add_argument("--only", default="", help="part of a model's name")
    parser.add_argument("--faults", action="store_true", help="list what is not exact")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    suites = set(filter(None, options.suites.split(",")))
    models = [
        model
        for model in all_models()
        if options.only in model.name and (not suites or model.suite in suites)
    ]
    counts, faults = measure(models)
    rows = rows_of(counts)
    if rows:
        print_table("Outputs against arrays", rows)
    for fault in faults:
        if options.faults or fault["what"] in ("crash", "unsound"):
            print(f"{fault['mode']} {fault['model']}: {fault['what']}: {fault['why']}")
    agreed, contradictions = agreements(models)
    if agreed:
        print_table("All values beside onnx.shape_inference (strict, data_prop)", agreed)
    for fault in contradictions:
        print(f"{fault['model']}: {fault['why']}")
    with_rows = not options.only and (not suites or "rows" in suites)
    symbolic, sets, inexact = symbolic_rows() if with_rows else ([], 0, [])
    defects, missed = defect_rows() if with_rows else ([], [])
    if with_rows:
        print_table(f"Symbolic rows at {sets} sets of sizes", symbolic)
        print_table("Defect rows, each beside a sound model", defects)
    for row in missed:
        print(f"not settled: {row}")
    if options.json:
        import onnx

        results = {
            "machine": {
                "python": platform.python_version(),
                "shapewright": sw.__version__,
                "onnx": onnx.__version__,
            },
            "outputs": rows,
            "not exact": faults,
            "agreement": agreed,
            "contradictions": contradictions,
            "symbolic rows": symbolic,
            "symbolic sets": sets,
            "symbolic rows not exact": inexact,
            "defect rows": defects,
            "defect rows not settled": missed,
        }
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
