"""How files are to be read: what may be held in memory, what is an error, who is told of long work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Shape: TypeAlias = tuple[int, ...]
Axes: TypeAlias = Literal["nchw", "nhwc"]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is done, how many images of it, of how many; many times a second."""

HELD_BYTES = 1 << 30
"""A part of a data set that is larger stays in its files."""


def unheard(notice: str) -> None:
    """Tells nobody."""


def silent(what: str, done: int, of: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """`shape` is the net's input, None where there is no net. Under `strict` no file is skipped. A part whose images
    take more than `held_bytes` is mapped or read as it is needed instead of held. `axes` is the order of the axes of
    arrays that have four, None where their shape is to tell. `note` is told of what was guessed."""

    shape: Shape | None = None
    strict: bool = False
    held_bytes: int = HELD_BYTES
    progress: Progress = silent
    axes: Axes | None = None
    note: Callable[[str], None] = unheard


DEFAULT = ReadOptions()
