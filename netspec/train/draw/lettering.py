"""Names in drawings."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager

from netspec.diagnostics.cells import spelled

LONGEST_TITLE, LONGEST_TICK = 80, 24
"""Most letters of a name above a drawing, and beside one of its rows or columns."""


def lettering(name: str, most: int = LONGEST_TITLE) -> str:
    """A name that matplotlib draws as it is: dollar signs start no formula, control characters are escaped, a long name
    is cut."""
    text = spelled(name)
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")


@contextmanager
def any_letters() -> Generator[None, None, None]:
    """Suppresses the warning for each letter that the typeface lacks: it is drawn as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        yield
