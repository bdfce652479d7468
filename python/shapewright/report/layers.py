"""Nodes gathered into the modules of the network, so that a table has a few dozen rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shapewright.memory import BoundReport, Layer

MAX_ROWS = 32


TOP = "(top level)"


@dataclass(frozen=True)
class Row:
    """A module of the network: its path, how many nodes, and what they come to; sizes in bytes.

    `share_of_peak` counts its parameters, which are alive throughout, and what it made that is
    alive at the peak.
    """

    path: str
    nodes: int
    op: str  # of a single node, else ""
    output: str
    params: int
    flops: int
    share_of_peak: float


def table_rows(
    bound: BoundReport, max_rows: int = MAX_ROWS, *, symbolic: bool = False
) -> list[Row]:
    """Rows as fine as `max_rows` allows, in order of execution.

    With `symbolic`, outputs are shown with their open sizes.
    """
    layers = _with_symbolic_outputs(bound) if symbolic else bound.layers
    live = max(bound.peak.live, 1)
    paths = _without_strays([split_path(layer.path) for layer in layers])
    rows: list[Row] = []
    for depth in range(1, max(map(len, paths), default=1) + 1):
        finer = _group(layers, [path[:depth] for path in paths], live)
        if rows and len(finer) > max_rows:
            break
        rows = finer
    return rows if len(rows) <= max_rows else _largest(rows, max_rows)


def _with_symbolic_outputs(bound: BoundReport) -> tuple[Layer, ...]:
    report, layers = bound.report, bound.layers
    nodes = [node for node in report.graph.nodes if node.op != "Constant"]
    if [node.op for node in nodes] != [layer.op for layer in layers]:
        return layers
    names = [next((name for name in node.outputs if name), None) for node in nodes]
    return tuple(
        layer if name is None else replace(layer, output=str(report.values[name]))
        for layer, name in zip(layers, names, strict=True)
    )


def _without_strays(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Nodes that stand outside of every module share one row, if there are modules at all."""
    heads = Counter(path[0] for path in paths)
    if not any(len(path) > 1 for path in paths):
        return paths
    return [(TOP,) if len(path) == 1 and heads[path[0]] == 1 else path for path in paths]


def split_path(path: str) -> tuple[str, ...]:
    """`bert.encoder.layer.0` and `/encoder/layer.0` both have parts; a number stays with its list.

    >>> split_path("/encoder/layer.0/attention/MatMul")
    ('encoder', 'layer.0', 'attention', 'MatMul')
    >>> split_path("bert.encoder.layer.0.attention")
    ('bert', 'encoder', 'layer.0', 'attention')
    """
    words = [word for word in re.split(r"[/.]", path) if word]
    parts: list[str] = []
    for word in words:
        if word.isdigit() and parts:
            parts[-1] += f".{word}"
        else:
            parts.append(word)
    return tuple(parts) or ("",)


def _largest(rows: list[Row], max_rows: int) -> list[Row]:
    """The rows that matter, in order of execution; one last row holds the sum of the others."""
    by_size = sorted(range(len(rows)), key=lambda i: (-rows[i].share_of_peak, -rows[i].params, i))
    kept = sorted(by_size[: max_rows - 1])
    others = [rows[i] for i in by_size[max_rows - 1 :]]
    rest = Row(
        path=f"({len(others)} smaller)",
        nodes=sum(row.nodes for row in others),
        op="",
        output="",
        params=sum(row.params for row in others),
        flops=sum(row.flops for row in others),
        share_of_peak=sum(row.share_of_peak for row in others),
    )
    return [rows[i] for i in kept] + [rest]


def _group(layers: Iterable[Layer], keys: Iterable[tuple[str, ...]], live: int) -> list[Row]:
    groups: dict[tuple[str, ...], list[Layer]] = {}
    for layer, key in zip(layers, keys, strict=True):
        groups.setdefault(key, []).append(layer)
    return [
        Row(
            path="/".join(key),
            nodes=len(members),
            op=members[0].op if len(members) == 1 else "",
            output=members[-1].output,
            params=sum(layer.params for layer in members),
            flops=sum(layer.flops or 0 for layer in members),
            share_of_peak=sum(layer.share_of_peak + layer.params / live for layer in members),
        )
        for key, members in groups.items()
    ]
