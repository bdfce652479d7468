"""Where an answer goes: a table with colours to a terminal, plain and complete text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapewright.cli.arguments import Format
from shapewright.report.verdict import Verdict
from shapewright.results import Finding, Report

if TYPE_CHECKING:
    import rich.console
    import rich.table

_STYLES = {
    "finding error": "red",
    "finding warning": "yellow",
    "consistent": "bold green",
    "fits": "bold green",
    "faulty": "bold red",
    "too-large": "bold red",
    "inconclusive": "bold yellow",
}


@dataclass(frozen=True)
class Sink:
    """The options of every command that say where and how to write."""

    format: Format = Format.text
    path: Path | None = None
    quiet: bool = False
    color: bool = True

    def write(self, text: str) -> None:
        """Writes an answer that is ready."""
        if self.path is None:
            print(text)
        else:
            self.path.write_text(text + "\n", encoding="utf-8")

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads the text as it comes."""
        return self.path is None and self.format is Format.text and sys.stdout.isatty()


def answer_json(model: str, verdict: Verdict, **answer: Any) -> str:
    """What a command other than `check` found of a model, by its name, as JSON."""
    import json

    told = {"status": verdict.status, "text": verdict.text}
    data = {"schema_version": 1, "model": model, "verdict": told, **answer}
    return json.dumps(data, indent=2, ensure_ascii=False)


def write_report(report: Report, verdict: Verdict, sink: Sink) -> None:
    """The answer of `check`."""
    if sink.format is Format.json:
        sink.write(report.to_json())
    elif sink.format is Format.markdown:
        from shapewright.report.markdown import report_markdown

        sink.write(report_markdown(report))
    elif sink.format is Format.github:
        sink.write(github_lines(report, verdict))
    elif sink.quiet:
        sink.write(verdict.text)
    elif sink.is_terminal:
        print_report(report, verdict, sink)
    else:
        sink.write(str(report))


def print_report(report: Report, verdict: Verdict, sink: Sink) -> None:
    """The report on a terminal: a rich table, then the same blocks as in plain text."""
    from rich.text import Text

    from shapewright.report.layers import table_rows
    from shapewright.report.nominal import Shown, shown_at
    from shapewright.report.text import LAYER_HEADINGS, detail_blocks, heading, layer_cells

    shown = shown_at(report) if report.ok else Shown(None, {}, "the model has errors")
    console = make_console(sink)
    console.print(Text(heading(report), style="bold"), soft_wrap=True)
    if shown.bound is not None:
        rows = [layer_cells(row) for row in table_rows(shown.bound, symbolic=bool(shown.assumed))]
        console.print(make_table(LAYER_HEADINGS, rows, right=(2, 3)))
        if shown.assumed:
            console.print(Text(f"  shares at {shown.at}", style="dim"))
    for kind, block in detail_blocks(report, shown):
        console.print()
        console.print(Text(block, style=_STYLES.get(kind, "")), soft_wrap=True)
    console.print()
    console.print(Text(verdict.text, style=_STYLES[verdict.status]), soft_wrap=True)


def print_verdict(verdict: Verdict, sink: Sink) -> None:
    """The last line."""
    if sink.is_terminal:
        from rich.text import Text

        make_console(sink).print(Text(verdict.text, style=_STYLES[verdict.status]), soft_wrap=True)
    else:
        sink.write(verdict.text)


def make_console(sink: Sink) -> rich.console.Console:
    """A console that writes to stdout; NO_COLOR is heeded too."""
    from rich.console import Console

    return Console(no_color=not sink.color or None, highlight=False)


def make_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> rich.table.Table:
    """A table that narrows with the terminal: names fold, numbers stay whole."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(headings):
        if i in right:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def github_lines(report: Report, verdict: Verdict) -> str:
    """Findings as annotations of GitHub Actions, then the verdict."""
    lines = [_annotation(finding, report.question.source) for finding in report.findings]
    return "\n".join([*lines, verdict.text])


def _annotation(finding: Finding, source: str) -> str:
    def quoted(text: str, more: str = "") -> str:
        for letter in "%\r\n" + more:
            text = text.replace(letter, f"%{ord(letter):02X}")
        return text

    level = {"error": "error", "warning": "warning"}.get(finding.severity, "notice")
    title = quoted(finding.code, ":,")
    return f"::{level} file={quoted(source, ':,')},title={title}::{quoted(str(finding))}"
