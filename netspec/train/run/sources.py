"""Files that a spec uses, of which a run keeps copies."""

from __future__ import annotations

import os
from pathlib import Path

from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source
from netspec.frontend import reader
from netspec.syntax.parse import parse
from netspec.syntax.tree import Network, Text


def used_sources(source: Source) -> dict[str, str]:
    """Texts of all files that a spec uses, directly or indirectly, by path relative to the spec's folder.

    Raises the errors of reading; a checked spec has none.
    """
    root = Path(source.name).parent
    read = reader(root)
    found: dict[str, str] = {}
    waiting = [source]
    while waiting:
        user = waiting.pop()
        for name in _uses(parse(user, Report())):
            used = read(name, user)
            place = os.path.relpath(used.name, root)
            if place not in found and place != Path(source.name).name:
                found[place] = used.text
                waiting.append(used)
    return found


def _uses(network: Network) -> list[str]:
    """The paths in a file's `use "path"` statements."""
    statements = (statement for statement in network.statements if statement.name.text == "use")
    return [arg.value.value for statement in statements for arg in statement.arguments if isinstance(arg.value, Text)]
