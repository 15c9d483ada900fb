"""Names in drawings."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager

from netspec.diagnostics.cells import spelled

LONGEST_TITLE, LONGEST_TICK = 80, 24
"""Letters for which there is room above a drawing, and beside one of its rows or columns"""


def lettering(name: str, most: int = LONGEST_TITLE) -> str:
    """A name as matplotlib draws it letter by letter: dollar signs hold no formula, control characters are escapes, and
    of a long name the first letters stand, so that room is left for the drawing."""
    text = spelled(name)
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")


@contextmanager
def any_letters() -> Generator[None, None, None]:
    """Drawing without a warning of each letter that the typeface lacks and that is drawn as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        yield
