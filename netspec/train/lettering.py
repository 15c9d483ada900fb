"""Names in drawings."""

from __future__ import annotations

from netspec.diagnostics.cells import spelled


def lettering(name: str) -> str:
    """A name as matplotlib draws it letter by letter: dollar signs hold no formula, control characters are escapes."""
    return spelled(name).replace("$", r"\$")
