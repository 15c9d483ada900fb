"""Images that stay in their files: what a data set larger than memory is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8 | np.float32]
Rows: TypeAlias = NDArray[np.int64]
Moments: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


class Source(Protocol):
    """Images of one shape and type in files. Safe to read from several threads."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(count, C, H, W)"""
        ...

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.float32]:
        """Bytes or float32."""
        ...

    @property
    def array(self) -> Pixels | None:
        """All images, mapped into the address space, where the files hold them as they are used; other bytes may lie
        between one image and the next. None where they have to be read."""
        ...

    def read(self, rows: Rows) -> Pixels:
        """Copies of the images at these rows, (n, C, H, W). Raises DataError."""
        ...

    def moments(self, rows: Rows) -> Moments | None:
        """Sums of x and of x*x a channel over these images where they are known already."""
        ...

    def check(self) -> None:
        """Raises DataError (E530) where the files are no longer what they were."""
        ...

    def lost(self) -> dict[str, str]:
        """Files that could not be read when their turn came, and why; other images took their places."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The images of `source` at `rows`, in this order. Indexing reads them."""

    source: Source
    rows: Rows

    @staticmethod
    def whole(source: Source) -> Stored:
        """All images of a source, in its order."""
        return Stored(source, np.arange(source.shape[0], dtype=np.int64))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.source.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.float32]:
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: slice | Rows) -> Pixels:
        return self.source.read(self.rows[chosen])

    def pick(self, indices: Rows) -> Stored:
        """The images at these places, in this order; nothing is read."""
        return Stored(self.source, self.rows[indices])


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """A source whose images are brought to another shape as they are read. `in_place` says that `change` keeps every
    number where it lies."""

    source: Source
    change: Callable[[Pixels], Pixels]
    image_shape: tuple[int, int, int]
    in_place: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.source.shape[0], *self.image_shape)

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.float32]:
        return self.source.dtype

    @property
    def array(self) -> Pixels | None:
        mapped = self.source.array
        return self.change(mapped) if self.in_place and mapped is not None else None

    def read(self, rows: Rows) -> Pixels:
        return self.change(self.source.read(rows))

    def moments(self, rows: Rows) -> Moments | None:
        return None

    def check(self) -> None:
        self.source.check()

    def lost(self) -> dict[str, str]:
        return self.source.lost()
