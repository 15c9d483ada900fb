"""Colours of a terminal, or none."""

from __future__ import annotations

RED, YELLOW, BLUE, CYAN, BOLD = "1;31", "1;33", "1;34", "1;36", "1"


class Paint:
    """Puts text in colour where that is wanted."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour and style and text else text


class Canvas:
    """One line, written cell by cell in any order; what is written later covers what was there."""

    def __init__(self) -> None:
        self._cells: dict[int, tuple[str, str]] = {}

    def write(self, column: int, text: str, style: str) -> None:
        self._cells.update({column + k: (letter, style) for k, letter in enumerate(text)})

    def painted(self, paint: Paint) -> str:
        """The line without blanks at its end."""
        out, run, style = "", "", ""
        for column in range(max(self._cells, default=-1) + 1):
            letter, own = self._cells.get(column, (" ", style))
            if own != style:
                out, run, style = out + paint(run, style), "", own
            run += letter
        return out + paint(run, style)
