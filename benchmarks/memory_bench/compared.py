"""One model: its answers beside what was measured."""

from .answered import at_sizes, faults_of, live_of, options_of, report_of, saved_of
from .measured import CONFIGURATIONS, LIVE_BINDINGS, SAVED_VARIANTS, built


def live_row(measured, answered):
    """Bytes of both, their relative difference, and whether they lie at the same place."""
    same_phase = measured["phase"] == answered["phase"]
    return {
        "measured": measured["peak"],
        "answered": answered["peak"],
        "relative": answered["peak"] / measured["peak"] - 1,
        "phase": [measured["phase"], answered["phase"]],
        "module": [measured["module"], answered["module"]],
        "op": [measured["op"], answered["node"]],
        "same_phase": same_phase,
        "same_module": same_phase and measured["module"] == answered["module"],
    }


def saved_rows(row, facts, variants=SAVED_VARIANTS, trained=None):
    """Bytes saved by precision and mode of the module; what PyTorch refuses to run is left out.
    `trained` answers for float32 in training mode, if it is there."""
    rows = []
    for precision, train in variants:
        report = trained if (precision, train) == ("fp32", True) else None
        for binding, sizes in enumerate(row.bindings):
            measured = facts.saved(row, binding, precision, train)
            if "failed" in measured:
                continue
            if report is None:
                options = options_of(row, "adamw", precision)
                report, _ = report_of(built(row).train(train), row.inputs, options)
            rows.append(
                {
                    "precision": precision,
                    "module": "train" if train else "eval",
                    "binding": dict(sizes),
                    "measured": measured["bytes"],
                    "answered": saved_of(report, sizes),
                }
            )
    return rows


def concrete_rows(row, reports):
    """Whether numbers instead of symbols give the same answer, by binding."""
    rows = []
    report = reports["adamw"]
    for sizes in row.bindings:
        inputs = at_sizes(row.inputs, sizes)
        concrete, _ = report_of(built(row), inputs, options_of(row, "adamw"))
        symbolic, numeric = (
            {"saved": saved_of(r, at), "live": live_of(r, at)["peak"]}
            for r, at in ((report, sizes), (concrete, {}))
        )
        rows.append({"binding": dict(sizes), "symbolic": symbolic, "concrete": numeric})
    return rows


def compare(
    row,
    facts,
    *,
    configurations=CONFIGURATIONS,
    bindings=LIVE_BINDINGS,
    variants=SAVED_VARIANTS,
    concrete=True,
):
    """Everything there is to say of one model; `failed` if it could not be imported."""
    reports, milliseconds = {}, {}
    for optimizer in configurations:
        what, options = optimizer or "infer", options_of(row, optimizer)
        if optimizer is not None and reports.keys() - {"infer"}:  # the trace is the same
            known = reports[next(reversed(reports))]
            options.pop("loss")
            reports[what], milliseconds[what] = report_of(known.graph, None, options)
            continue
        model = built(row).train(optimizer is not None)
        reports[what], milliseconds[what] = report_of(model, row.inputs, options)
    any_report = next(reversed(reports.values()), None)
    result = {
        "model": row.name,
        "kind": row.kind,
        "milliseconds": milliseconds,
        "findings": faults_of(any_report) if any_report else [],
        "saved": saved_rows(row, facts, variants, reports.get("adamw")),
        "live": {},
    }
    for what, report in reports.items():
        for binding in range(bindings):
            measured = facts.live(row, binding, None if what == "infer" else what)
            if "failed" not in measured:
                answered = live_of(report, row.bindings[binding])
                result["live"][f"{what} {binding}"] = live_row(measured, answered)
    if concrete and "adamw" in reports:
        result["concrete"] = concrete_rows(row, reports)
    return result
