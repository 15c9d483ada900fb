"""How files are to be read: what may be held in memory, what is an error, who is told of long work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Shape: TypeAlias = tuple[int, ...]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is done, how many images of it, of how many; many times a second."""

HELD_BYTES = 1 << 30
"""A part of a data set that is larger stays in its files."""


def silent(what: str, done: int, of: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Manner:
    """`shape` is the net's input, None where there is no net. Under `strict` no file is skipped. A part whose images
    take more than `held_bytes` is mapped or read as it is needed instead of held."""

    shape: Shape | None = None
    strict: bool = False
    held_bytes: int = HELD_BYTES
    progress: Progress = silent


DEFAULT = Manner()
