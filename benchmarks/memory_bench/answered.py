"""What shapewright says of each model, from the module and the texts of its inputs alone."""

import time

import shapewright as sw

PROFILE = "torch-cpu"


def options_of(row, optimizer, precision="fp32"):
    if optimizer is None:
        return {"mode": "infer", "profile": PROFILE}
    return {
        "mode": "train",
        "optimizer": optimizer,
        "profile": PROFILE,
        "loss": row.loss,
        "precision": precision,
    }


def report_of(model, inputs, options):
    """The report, and the milliseconds it took."""
    start = time.perf_counter()
    report = sw.check(model, inputs, **options)
    return report, 1e3 * (time.perf_counter() - start)


def at_sizes(inputs, sizes):
    """The texts with the sizes put in, as a user without symbols writes them."""
    texts = {}
    for name, text in inputs.items():
        dtype, _, dims = text.rstrip("]").partition("[")
        values = [str(bound(sw.Dim(dim.strip()), sizes)) for dim in dims.split(",") if dim.strip()]
        texts[name] = f"{dtype}[{', '.join(values)}]"
    return texts


def bound(dim, sizes):
    return dim.bind(**{name: sizes[name] for name in dim.symbols})


def live_of(report, sizes):
    """The peak at a binding, with the module path of its node."""
    peak = report.at(**sizes).peak
    scopes = {node.name: node.scope for node in report.graph.nodes}
    node = peak.node or ""
    return {"peak": peak.live, "phase": peak.phase, "module": scopes.get(node, node), "node": node}


def saved_of(report, sizes):
    return int(report.formula("saved")(**sizes))


def faults_of(report):
    return [f"{f.severity} {f.code}: {f.message}"[:160] for f in report.findings]
