"""The command line: one command a file. Nothing heavy is imported before a command needs it."""

from __future__ import annotations


def main() -> None:
    """Entry point of `shapewright`."""
    from shapewright.cli.app import run

    run()
