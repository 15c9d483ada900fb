"""Images in several files, one after the other."""

from __future__ import annotations

import numpy as np

from netspec.data.stored import Moments, Pixels, Rows, Source


def joined(sources: list[Source]) -> Source:
    """The images of all, of which there is at least one."""
    return sources[0] if len(sources) == 1 else Joined(tuple(sources))


class Joined:
    """The images of several sources of one shape and type: a `Source` whose images have to be read, for files that are
    mapped lie anywhere in the address space."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources
        self._ends = np.cumsum([source.shape[0] for source in sources])

    @property
    def shape(self) -> tuple[int, ...]:
        return (int(self._ends[-1]), *self._sources[0].shape[1:])

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.float32]:
        return self._sources[0].dtype

    @property
    def array(self) -> None:
        return None

    def read(self, rows: Rows) -> Pixels:
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        lying = np.searchsorted(self._ends, rows, "right")
        for number, source in enumerate(self._sources):
            here = lying == number
            found[here] = source.read(rows[here] - (self._ends[number] - source.shape[0]))
        return found

    def moments(self, rows: Rows) -> Moments | None:
        return None

    def check(self) -> None:
        for source in self._sources:
            source.check()

    def lost(self) -> dict[str, str]:
        return {path: why for source in self._sources for path, why in source.lost().items()}
