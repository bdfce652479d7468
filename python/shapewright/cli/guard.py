"""From errors to exit codes, in one place: no command ever ends in a traceback."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FINDING = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
ISSUES = "https://github.com/shapewright/shapewright/issues"


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Wraps a command: errors go to stderr in words, and the exit code says which kind it was."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from shapewright.errors import ConstraintError, ShapeError, ShapewrightError

        try:
            return command(*args, **kwargs)
        except ShapewrightError as error:
            print(f"error {error.code}: {error}", file=sys.stderr)
            faulty = isinstance(error, ConstraintError | ShapeError) and error.node != ""
            raise typer.Exit(EXIT_FINDING if faulty else EXIT_ERROR) from None
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:  # which typer would call a failure of 1
            _leave_pipe()
            raise typer.Exit(EXIT_BROKEN_PIPE) from None
        except OSError as error:
            refused = ShapewrightError(str(error), code="file-access")
            print(f"error {refused.code}: {refused}", file=sys.stderr)
            raise typer.Exit(EXIT_ERROR) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if os.environ.get("SHAPEWRIGHT_DEBUG") == "1":
                raise
            print(_internal(error), file=sys.stderr)
            raise typer.Exit(EXIT_ERROR) from None

    return run


def _internal(error: Exception) -> str:
    first = str(error).partition("\n")[0]
    return (
        f"error internal: {type(error).__name__}: {first}; this is a fault of shapewright: "
        f"please report it at {ISSUES} with the output of SHAPEWRIGHT_DEBUG=1"
    )


@contextlib.contextmanager
def quiet_pipe() -> Iterator[None]:
    """Ends without a word where the reader of our output has gone, as `head` does."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()
        raise SystemExit(EXIT_BROKEN_PIPE) from None


def _leave_pipe() -> None:
    """Python flushes stdout once more at exit; that must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def progress(text: str) -> Iterator[None]:
    """A line on the terminal if the work passes a second; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield
        return
    import threading

    shown = threading.Event()

    def show() -> None:
        shown.set()
        sys.stderr.write(f"{text} ...")
        sys.stderr.flush()

    timer = threading.Timer(1.0, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if shown.is_set():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
