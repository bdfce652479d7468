"""What is predicted of published rows, beside what was measured and what other tools said."""

import statistics
import time
from dataclasses import replace

import torch
import transformers
from models import on_meta
from torch.nn import functional as F

import shapewright as sw
from shapewright import _core
from shapewright.devices import find_device

from .public_rows import LADDER, MIB, ROWS

PROFILE = {"mode": "train", "profile": "torch-cuda"}
TEXTS = {"gpt_neo_125m", "cerebras_gpt_111m", "distilgpt2", "t5_small"}


def class_loss(out):
    """Cross entropy with some class; of a model of `transformers` its own."""
    if getattr(out, "loss", None) is not None:
        return out.loss
    return F.cross_entropy(out, torch.zeros(out.shape[0], dtype=torch.long, device=out.device))


def inputs_of(row):
    if row.network == "bert_large":
        return {"input_ids": f"i64[N, {row.size}]", "labels": "i64[N]"}
    if row.network in TEXTS:
        names = ("input_ids", "attention_mask", "labels")
        return dict.fromkeys(names, f"i64[N, {row.size}]")
    return {"x": f"f32[N, 3, {row.size}, {row.size}]"}


def optimizer_of(name):
    """`-loop` as optimizers ran before PyTorch 2 made them run over all parameters at once."""
    plain = name.removesuffix("-loop")
    return sw.Optimizer(plain, update="loop") if plain != name else plain


class Reports:
    """One import a network, size and precision, the batch left open."""

    def __init__(self):
        self.known, self.seconds = {}, 0.0

    def of(self, row):
        key = (row.network, row.size, row.precision, row.optimizer, row.accumulate, row.device)
        key = (*key, row.zero_grad, row.outputs)
        if key not in self.known:
            start = time.perf_counter()
            report = sw.check(
                on_meta(row.network),
                inputs_of(row),
                optimizer=optimizer_of(row.optimizer),
                precision=row.precision,
                device=row.device,
                accumulate=row.accumulate,
                zero_grad=row.zero_grad,
                outputs=row.outputs,
                sharding=row.sharding,
                loss=class_loss,
                **PROFILE,
            )
            if not row.has_workspace:
                run = replace(report.question.run, workspace=0)
                report = sw.Report(report.analysis, replace(report.question, run=run))
            self.known[key] = report
            self.seconds = time.perf_counter() - start
        return self.known[key]


def reserved_within(report, row, capacity):
    """What the allocator holds at most where the device refuses more; None where it runs out."""
    requests, beside = report.memory.at({"N": row.batch}).requests
    replay = _core.replay("torch-cuda", requests, "", capacity - beside)
    return replay.reserved_peak + beside if replay.runs else None


def relative(predicted, measured):
    return None if predicted is None else round(predicted / measured - 1, 5)


def beyond(predicted, row, state):
    """The error beyond what the measuring leaves open: runs of the same that differ, and a start
    that may hold what the model is (`state` bytes)."""
    if predicted is None:
        return None
    runs = (row.measured, *row.again)
    low, high = min(runs), max(runs) + (state if row.starts_late else 0)
    return relative(predicted, low if predicted < low else min(predicted, high))


def within(row, peak, estimate):
    """Runs within fractions of the GPU, and what follows of one within our own estimate.

    A run that got by with less gets by with more, and one that failed fails with less. What was
    measured is what it took of the whole GPU: within as much nothing is refused that was not then.
    """
    total = find_device(row.device).usable
    caps = [(round(row.tools[tool] / total, 2), ran) for tool, ran in row.ran.items()]
    capped = [
        {"fraction": share, "ran": ran, "predicted": peak.runs_in(int(share * total))}
        for share, ran in dict(caps).items()
    ]
    caps.append((row.measured / total, True))
    ours = round((estimate or 0) / total, 2)
    outcome = "open"
    if any(ran and ours >= share for share, ran in caps):
        outcome = "runs"
    elif any(not ran and ours <= share for share, ran in caps):
        outcome = "fails"
    return {"capped": capped, "at_estimate": outcome}


def bytes_row(row, report):
    """`predicted` and `safe`: with what the source counts of the context; within the GPU."""
    device = find_device(row.device)
    peak = report.at(N=row.batch).peak
    context = device.context if row.context is None else row.context
    if row.kind == "allocated":
        predicted = {"predicted": peak.live, "safe": peak.upper}
    elif row.kind == "slope":
        double = report.at(N=2 * row.batch).peak
        predicted = {"predicted": (double.reserved - peak.reserved) // row.batch}
    else:
        held = reserved_within(report, row, device.usable - (context or device.context))
        predicted = {
            "predicted": None if held is None else held + context,
            "safe": peak.reserved_upper + context,
        }
        if row.ran:
            predicted |= within(row, peak, predicted["predicted"])
    return {
        "live": peak.live,
        "capacity": peak.capacity,
        **predicted,
        "error": relative(predicted["predicted"], row.measured),
        "beyond": beyond(predicted["predicted"], row, report.formula("params")()),
        "tools": {tool: relative(said, row.measured) for tool, said in row.tools.items()},
        "tools_failed": [tool for tool, ran in row.ran.items() if not ran],
    }


def largest_row(row, report):
    """The largest step of the ladder that runs; `safe`: whatever libraries and the context take."""
    device = find_device(row.device)
    found = {}
    for name, context, safe in (
        ("predicted", device.context if row.context is None else row.context, False),
        ("safe", max(device.most_context, row.context or 0), True),
    ):
        budget = device.usable - context
        runs = (b for b in LADDER if report.at(N=b).peak.runs_in(budget, safe=safe))
        found[name] = next(runs, 0)
    steps = {b: k for k, b in enumerate((*LADDER, 0))}
    return {
        **found,
        "steps": steps[row.measured] - steps[found["predicted"]],
        "safe_steps": steps[row.measured] - steps[found["safe"]],
    }


def answered(row, reports):
    head = {
        "source": row.source,
        "network": row.network,
        "size": row.size,
        "batch": row.batch,
        "optimizer": row.optimizer,
        "precision": row.precision,
        "accumulate": row.accumulate,
        "device": row.device,
        "kind": row.kind,
        "measured": row.measured,
    }
    start = time.perf_counter()
    reports.seconds = 0.0
    try:
        report = reports.of(row)
        said = largest_row(row, report) if row.kind == "largest" else bytes_row(row, report)
    except Exception as error:
        return {**head, "failed": f"{type(error).__name__}: {error}"[:300]}
    if row.network in TEXTS:
        said["transformers"] = transformers.__version__
    import_seconds = round(reports.seconds, 2)
    answer_seconds = round(time.perf_counter() - start - reports.seconds, 3)
    return {**head, **said, "import_s": import_seconds, "answer_s": answer_seconds}


def share(flags):
    flags = list(flags)
    return round(sum(flags) / len(flags), 4) if flags else None


def middle(errors):
    errors = [abs(e) for e in errors if e is not None]
    return round(statistics.median(errors), 5) if errors else None


def failures(rows, tools):
    """Of training within an estimate: how much failed, of what is known and at most.

    An under-estimate that fails is one that runs out of memory within it. `refuted`: runs within at
    least what was measured of the whole GPU that failed all the same, which would be none.
    """
    rows = [r for r in rows if "at_estimate" in r]
    if not rows:
        return {}
    capped = [c for r in rows for c in r["capped"]]
    outcomes = [r["at_estimate"] for r in rows]
    unsure = sum(outcome != "runs" for outcome in outcomes)
    return {
        "failed": share(outcome == "fails" for outcome in outcomes if outcome != "open"),
        "failed_at_most": round(unsure / len(outcomes), 4),
        "refuted": sum(
            not c["ran"]
            for r in rows
            for c in r["capped"]
            if c["fraction"] * find_device(r["device"]).usable >= r["measured"]
        ),
        "capped_runs": len(capped),
        "capped_right": share(c["ran"] == c["predicted"] for c in capped),
        "promised_in_vain": share(c["predicted"] and not c["ran"] for c in capped),
        "at_estimate": {which: outcomes.count(which) for which in ("runs", "fails", "open")},
        **{f"{tool}_failed": share(tool in r["tools_failed"] for r in rows) for tool in tools},
    }


def summary(rows):
    """By source; an under-estimate is a prediction below what was measured, or none at all."""
    out = {"failed": [f"{r['source']} {r['network']} {r['batch']}" for r in rows if "failed" in r]}
    rows = [r for r in rows if "failed" not in r]
    for source in dict.fromkeys(r["source"] for r in rows):
        own = [r for r in rows if r["source"] == source]
        if own[0]["kind"] == "largest":
            out[source] = {
                "rows": len(own),
                "right": share(r["steps"] == 0 for r in own),
                "right_or_one_low": share(r["steps"] in (0, -1) for r in own),
                "high": share(r["steps"] > 0 for r in own),
                "safe_high": share(r["safe_steps"] > 0 for r in own),
                "safe_right_or_one_low": share(r["safe_steps"] in (0, -1) for r in own),
            }
            continue
        tools = dict.fromkeys(tool for r in own for tool in r["tools"])
        out[source] = {
            "rows": len(own),
            "kind": own[0]["kind"],
            "median": middle(r["error"] for r in own),
            "median_beyond": middle(r["beyond"] for r in own),
            "within_1%": share(r["error"] is not None and abs(r["error"]) <= 0.01 for r in own),
            "under": share(r["error"] is None or r["error"] < 0 for r in own),
            "safe_under": share(
                r["safe"] is None or r["safe"] < r["measured"] for r in own if "safe" in r
            ),
            **{f"{tool}_median": middle(r["tools"].get(tool) for r in own) for tool in tools},
            **{
                f"{tool}_under": share(r["tools"][tool] < 0 for r in own if tool in r["tools"])
                for tool in tools
            },
            **failures(own, tools),
        }
    return out


def line(row):
    name = f"{row['source']:14}{row['network']:24}{row['optimizer']:13}{row['batch']:>4}  "
    if "failed" in row:
        return name + row["failed"][:90]
    if row["kind"] == "largest":
        return (
            f"{name}largest {row['measured']:>4}  ours {row['predicted']:>4}  safe {row['safe']:>4}"
        )
    ours = "fails" if row["error"] is None else f"{100 * row['error']:+6.2f}%"
    tools = "  ".join(f"{tool} {100 * e:+6.2f}%" for tool, e in row["tools"].items())
    return f"{name}{row['kind']} {row['measured'] / MIB:9.1f} MiB  ours {ours}  {tools}"


def key_of(row):
    """What tells rows apart, of one to be asked or one that was answered."""
    told = row if isinstance(row, dict) else vars(row)
    names = ("source", "network", "size", "batch", "optimizer", "measured")
    return tuple(told[name] for name in names)


def public(keep, names=(), before=()):
    """All rows, or those of some networks; `keep` is called with what there is after each.

    `before`: rows answered earlier, which stand where a row is not asked again.
    """
    reports, known = Reports(), {key_of(row): row for row in before}

    def answers():
        rows = [known[key_of(row)] for row in ROWS if key_of(row) in known]
        return {"summary": summary(rows), "rows": rows}

    for row in ROWS:
        if names and row.network not in names:
            continue
        known[key_of(row)] = answered(row, reports)
        print(line(known[key_of(row)]), flush=True)
        keep(answers())
    return answers()
