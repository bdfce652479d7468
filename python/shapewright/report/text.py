"""A report as plain text, complete without colours or boxes; the verdict is the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from shapewright.memory import Peak
from shapewright.report.layers import Row, table_rows
from shapewright.report.nominal import Shown, shown_at
from shapewright.report.verdict import check_verdict
from shapewright.results import Report
from shapewright.units import format_bytes

LAYER_HEADINGS = ("layer", "output", "parameters", "share of peak")
DIFFERENCE_HEADINGS = ("value", "declared", "inferred", "")
MAX_DIFFERENCES = 20  # rows of text; data formats have them all
MAX_FORMULA = 240  # characters: a longer one is read from the JSON


def report_text(report: Report) -> str:
    """The whole report."""
    shown = shown_at(report) if report.ok else Shown(None, {}, "the model has errors")
    blocks = [heading(report), layer_block(shown)]
    blocks += [block for _, block in detail_blocks(report, shown)]
    blocks.append(check_verdict(report, shown).text)
    return "\n\n".join(block for block in blocks if block)


def heading(report: Report) -> str:
    """Which model, what is open, for whom the memory is counted."""
    names = [
        f"{s.name} >= {s.lower}" if s.upper is None else f"{s.lower} <= {s.name} <= {s.upper}"
        for s in report.symbols
    ]
    sizes = [f"{name}={size}" for name, size in report.question.sizes.items()]
    about = f"{report.question.source or 'graph'}  {len(report.graph.nodes)} nodes"
    if sizes:
        about += f"; {', '.join(sizes)}"
    if names:
        about += f"; open: {', '.join(names)}"
    return about


def layer_block(shown: Shown) -> str:
    """The table of layers, "" where there are no sizes to show it at."""
    if shown.bound is None:
        return ""
    rows = [layer_cells(row) for row in table_rows(shown.bound, symbolic=bool(shown.assumed))]
    note = f"  shares at {shown.at}" if shown.assumed else ""
    return format_table(LAYER_HEADINGS, rows, right=(2, 3)) + (f"\n{note}" if note else "")


def layer_cells(row: Row) -> tuple[str, str, str, str]:
    """One layer as the four cells of the table."""
    name = row.path or row.op
    share = f"{100 * row.share_of_peak:.1f} %" if row.share_of_peak > 0 else "-"
    return name, row.output, format_bytes(row.params) if row.params else "-", share


def detail_blocks(report: Report, shown: Shown) -> list[tuple[str, str]]:
    """Findings, contract, coverage and memory: pairs of kind and text."""
    blocks = [("finding " + f.severity, str(f)) for f in report.findings]
    if report.contract:
        blocks.append(("contract", contract_block(report)))
    elif report.ok:
        blocks.append(("contract", "contract\n  nothing is demanded of the open sizes"))
    if report.domain:
        blocks.append(("domain", domain_block(report)))
    if report.differences:
        blocks.append(("differences", difference_block(report)))
    blocks.append(("values", str(report.coverage)))
    if report.ok:
        blocks.append(("memory", "memory\n" + format_table(None, memory_rows(report, shown))))
    return blocks


def contract_block(report: Report) -> str:
    """What is demanded of the open sizes, and by which node."""
    rows = [(shortened(c.text), f"from {c.node}") for c in report.contract]
    return "contract\n" + format_table(None, rows)


def domain_block(report: Report) -> str:
    """The sizes of the branch that was traced: others run as well, but another way."""
    rows = [(shortened(c.text), f"asked at {c.node}") for c in report.domain]
    title = "these answers hold for (the model takes another branch elsewhere)"
    return f"{title}\n{format_table(None, rows)}"


def difference_rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Value, declared type, inferred type and verdict; contradictions first."""
    ordered = sorted(report.differences, key=lambda d: d.kind != "contradicts")
    rows = [(d.value, d.declared, d.inferred, d.kind) for d in ordered[:MAX_DIFFERENCES]]
    if len(ordered) > MAX_DIFFERENCES:
        rows.append((f"{len(ordered) - MAX_DIFFERENCES} more", "", "", ""))
    return rows


def difference_block(report: Report) -> str:
    """Where the file declares other types than inference finds."""
    return "declared\n" + format_table(DIFFERENCE_HEADINGS, difference_rows(report))


def shortened(text: str) -> str:
    """An expression that leaves the page legible; data formats have it whole."""
    return text if len(text) <= MAX_FORMULA else text[: MAX_FORMULA - 3] + "..."


def memory_rows(report: Report, shown: Shown) -> list[tuple[str, str]]:
    """The formulas, and the numbers at the sizes shown."""
    rows = [
        (kind, f"{shortened(str(report.formula(kind)))} bytes") for kind in report.shown_formulas
    ]
    if shown.bound is None:
        rows.append(("peak", f"not counted: {shown.reason}"))
    else:
        peak = shown.bound.peak
        where = report.place(peak.node)
        sizes = f" with {shown.at}" if shown.at else ""
        rows.append(("peak", f"{format_bytes(peak.live)} ({peak.live} bytes){where}{sizes}"))
        rows += library_rows(peak)
        kernels = Counter(layer.kernel for layer in shown.bound.layers if layer.kernel)
        if kernels:
            text = ", ".join(f"{kernel} in {count}" for kernel, count in kernels.items())
            rows.append(("attention", f"kernel {text} calls"))
    return rows


def library_rows(peak: Peak) -> list[tuple[str, str]]:
    """What of a peak libraries of the GPU hold, and what its bounds leave open."""
    held: Counter[str] = Counter()
    for tensor in peak.live_set:
        if tensor.why.startswith("workspace of "):
            held[tensor.why] += tensor.bytes
    rows = [("of it", f"{format_bytes(size)}, {why}") for why, size in held.items()]
    if peak.on_gpu and not peak.exact:
        rows.append(("bounds", peak.why_bounds))
    return rows


def format_table(
    headings: Sequence[str] | None, rows: Iterable[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """Columns aligned with spaces, two before each row."""
    lines = [list(headings)] if headings else []
    lines += [list(row) for row in rows]
    if not lines:
        return ""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]

    def aligned(line: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        return ("  " + "  ".join(cells)).rstrip()

    return "\n".join(aligned(line) for line in lines)
