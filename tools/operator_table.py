"""Writes docs/operators.md, the table of operators; `--check` says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from shapewright import _core

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operators.md"
DOMAINS = {
    "": (
        "ONNX",
        "`ai.onnx`, opsets 7 to 28. What is younger than a model's opset is `op-version`.",
    ),
    "com.microsoft": (
        "ONNX Runtime",
        "`com.microsoft`: what its optimizer and its exporters write.",
    ),
    "ai.onnx.ml": ("Classical machine learning", "`ai.onnx.ml`."),
    "ai.onnx.preview": ("Preview", "`ai.onnx.preview`."),
    "ai.onnx.preview.training": ("Training", "`ai.onnx.preview.training`."),
}
# ONNX Runtime's own, in the domain of ONNX.
EARLY = {("LayerNormalization", 1), ("SimplifiedLayerNormalization", 1)}

HEAD = """# Operators

Every operator that has a rule, with the versions at which its attributes, operands or rule changed.
Operators of PyTorch are in [torch.md](torch.md); one of your own is a line: see the
[tutorial](tutorial.md). `tools/operator_table.py` writes this page.
"""


def page() -> str:
    """The text of the page, by the table of the core."""
    parts = [HEAD]
    for domain, (title, about) in DOMAINS.items():
        versions: dict[str, list[int]] = {}
        for op in _core.all_ops():
            is_early = not op.domain and (op.name, op.since) in EARLY
            if ("com.microsoft" if is_early else op.domain) == domain:
                name = f"{op.name} (in `ai.onnx`)" if is_early else op.name
                versions.setdefault(name, []).append(op.since)
        parts.append(f"## {title}\n\n{about} {len(versions)} operators.\n")
        rows = ["| operator | rows since |", "|---|---|"]
        rows += [
            f"| {name} | {', '.join(map(str, sorted(versions[name])))} |"
            for name in sorted(versions)
        ]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE} is stale: run {sys.argv[0]}")
    PAGE.write_text(page())
