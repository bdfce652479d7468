"""shapewright explain CODE"""

from __future__ import annotations

from typing import Annotated

import typer

from shapewright.cli.guard import guarded


@guarded
def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="All codes if left out.")
    ] = None,
) -> None:
    """What a finding or an error means, the smallest example, and how to mend it."""
    from shapewright.findings import all_codes, page, title

    if code is None:
        from shapewright.report.text import format_table

        print(format_table(None, [(word, title(word)) for word in all_codes()]))
    else:
        print(page(code).rstrip())
