"""What shapewright says of each model, from the module and the texts of its inputs alone."""

import time

import shapewright as sw

PROFILE = "torch-cpu"


def report_of(row, model, inputs, optimizer):
    """The report, and the milliseconds it took."""
    start = time.perf_counter()
    if optimizer is None:
        report = sw.check(model, inputs, mode="infer", profile=PROFILE)
    else:
        report = sw.check(
            model, inputs, mode="train", optimizer=optimizer, profile=PROFILE, loss=row.loss
        )
    return report, 1e3 * (time.perf_counter() - start)


def at_sizes(inputs, sizes):
    """The texts with the sizes put in, as a user without symbols writes them."""
    texts = {}
    for name, text in inputs.items():
        dtype, _, dims = text.rstrip("]").partition("[")
        values = [str(sw.Dim(dim.strip()).bind(**used(dim, sizes))) for dim in dims.split(",")]
        texts[name] = f"{dtype}[{', '.join(values)}]"
    return texts


def used(dim, sizes):
    return {name: sizes[name] for name in sw.Dim(dim.strip()).symbols}


def live_of(report, sizes):
    """The peak at a binding, and where it lies."""
    bound = report.at(**{name: sizes[name] for name in report_symbols(report, sizes)})
    peak = bound.peak
    return {"peak": peak.live, "phase": peak.phase, "module": module_of(peak.node), "node": str(peak.node)}


def saved_of(report, sizes):
    formula = report.formula("saved")
    return int(formula(**{name: sizes[name] for name in formula.symbols}))


def report_symbols(report, sizes):
    return sizes


def module_of(node):
    return node
