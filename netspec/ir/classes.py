"""Classes by number or name, as the `classes` of a `data` line has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

Classes = tuple[int | str, ...]
"""Numbers and names of classes."""

Key = TypeVar("Key", int, str)


def numbers_of(names: Sequence[str], classes: Classes) -> list[int | None]:
    """Which of the classes called `names` each of `classes` is; None for what is none of them, or not one alone.

    A text is a name. A number is a name where all names are numbers (in a set whose classes have no names they are),
    else it counts the classes from 0.
    """
    places = _places(names)
    values = values_of(names)
    by_number = _places(values) if values is not None else {k: k for k in range(len(names))}
    return [places.get(one) if isinstance(one, str) else by_number.get(one) for one in classes]


def _places(keys: Sequence[Key]) -> dict[Key, int]:
    """Where each stands that stands once."""
    counts = Counter(keys)
    return {key: place for place, key in enumerate(keys) if counts[key] == 1}


def values_of(names: Sequence[str]) -> list[int] | None:
    """The names as numbers, None where one is none."""
    if not all(name.isascii() and name.isdigit() and len(name) < 20 for name in names):
        return None
    return [int(name) for name in names]
