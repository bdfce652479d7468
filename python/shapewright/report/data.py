"""A report as JSON-ready data, in the form that report.schema.json describes."""

from __future__ import annotations

from typing import Any

from shapewright.report.nominal import Shown, shown_at
from shapewright.report.verdict import check_verdict
from shapewright.results import Report
from shapewright.types import TensorType

SCHEMA_VERSION = 1


def report_dict(report: Report) -> dict[str, Any]:
    """The whole report; sizes are bytes as integers, shapes hold integers, texts and null."""
    shown = shown_at(report) if report.ok else Shown(None, {}, "the model has errors")
    verdict = check_verdict(report, shown)
    coverage = report.coverage
    question = report.question
    return {
        "schema_version": SCHEMA_VERSION,
        "model": question.source,
        "ok": report.ok,
        "verdict": {"status": verdict.status, "text": verdict.text},
        "question": {
            "mode": question.run.mode,
            "optimizer": question.run.optimizer.name if question.run.optimizer else None,
            "precision": question.run.precision,
            "profile": question.profile,
            "device": question.device,
            "budget": question.budget,
            "strict": question.strict,
            "sizes": dict(question.sizes),
        },
        "symbols": [
            {"name": s.name, "kind": s.kind, "lower": s.lower, "upper": s.upper}
            for s in report.symbols
        ],
        "findings": [finding.to_dict() for finding in report.findings],
        "contract": [constraint.to_dict() for constraint in report.contract],
        "domain": [constraint.to_dict() for constraint in report.domain],
        "differences": [difference.to_dict() for difference in report.differences],
        "coverage": {
            "static": coverage.static,
            "symbolic": coverage.symbolic,
            "rank_only": coverage.rank_only,
            "unknown": coverage.unknown,
            "first_unknown": coverage.first_unknown,
        },
        "values": {name: type_dict(report.values[name]) for name in report.values},
        "memory": memory_dict(report, shown) if report.ok else None,
    }


def type_dict(tensor: TensorType) -> dict[str, Any]:
    """`{"dtype": "f32", "shape": ["N", 3, null]}`; shape is null for unknown rank."""
    shape = tensor.shape
    dims = None if shape is None else [d if d is None or type(d) is int else str(d) for d in shape]
    return {"dtype": tensor.dtype, "shape": dims}


def memory_dict(report: Report, shown: Shown) -> dict[str, Any]:
    """Formulas as texts; peak and layers at the sizes shown, null where there are none."""
    bound = shown.bound
    return {
        "formulas": {kind: str(report.formula(kind)) for kind in report.shown_formulas},
        "sizes": dict(bound.sizes) if bound else None,
        "assumed": sorted(shown.assumed) if bound else None,
        "peak": bound.peak.to_dict() if bound else None,
        "layers": [layer.to_dict() for layer in bound.layers] if bound else None,
        "reason": shown.reason or None,
    }
