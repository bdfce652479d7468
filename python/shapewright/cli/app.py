"""The commands and their names."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shapewright.cli.check import check
from shapewright.cli.devices import devices
from shapewright.cli.explain import explain
from shapewright.cli.fit import fit
from shapewright.cli.guard import quiet_pipe
from shapewright.cli.report import report
from shapewright.cli.shapes import shapes
from shapewright.cli.what_if import what_if
from shapewright.cli.why import why

app = typer.Typer(
    name="shapewright",
    help="Symbolic tensor shapes and memory of neural networks, without running them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (check, fit, what_if, shapes, why, report, explain, devices):
    app.command()(command)


def _print_version(value: bool) -> None:
    if value:
        from shapewright import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Symbolic tensor shapes and memory of neural networks, without running them."""


def run() -> None:
    """Runs the command line of this process."""
    with quiet_pipe():
        app(sys.argv[1:])
