"""Tables for people, by rich. Only commands that print one import this."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

from netspec.cli.show.printing import say, wants_colour
from netspec.diagnostics.cells import shown

Justify = Literal["left", "right"]
Column = tuple[str, Justify]

WIDEST = 500
"""Columns of text a table may take where no terminal sets a limit."""


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    totals: Sequence[str] = (),
    *,
    title: str | None = None,
) -> Table:
    """A table with a line under its head and, where there are totals, a line over them."""
    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", show_edge=False, pad_edge=False)
    for heading, justify in columns:
        made.add_column(heading, justify=justify, no_wrap=justify == "right")
    for row in rows:
        made.add_row(*map(shown, row))
    if totals:
        made.add_section()
        made.add_row(*map(shown, totals), style="bold")
    return made


def show(*parts: RenderableType) -> None:
    """Prints tables and lines on standard output, in colour where that is welcome, at the terminal's width."""
    colour = wants_colour(sys.stdout)
    text = StringIO()
    console = Console(
        file=text,
        width=None if sys.stdout.isatty() else WIDEST,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        console.print(part)
    say("\n".join(line.rstrip() for line in text.getvalue().rstrip("\n").split("\n")), painted=True)
