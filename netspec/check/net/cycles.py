"""A walk over what needs what, with a stack of its own: long chains are no deep recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netspec.syntax.tree import Name


class Finished(NamedTuple):
    """Everything that `name` needs is finished, or on a cycle with it."""

    name: str


class Cycle(NamedTuple):
    """`members` need each other in a ring; `closing` is where the last one mentions the first."""

    members: tuple[str, ...]
    closing: Name


def walk(names: Iterator[str], needs: Callable[[str], Iterator[Name]]) -> Iterator[Finished | Cycle]:
    """Visits every name once, what it needs before itself."""
    finished: set[str] = set()
    for first in names:
        if first in finished:
            continue
        path = {first: needs(first)}
        while path:
            last = next(reversed(path))
            name = next(path[last], None)
            if name is None:
                del path[last]
                finished.add(last)
                yield Finished(last)
            elif name.text in path:
                members = tuple(path)
                yield Cycle(members[members.index(name.text) :], name)
            elif name.text not in finished:
                path[name.text] = needs(name.text)
