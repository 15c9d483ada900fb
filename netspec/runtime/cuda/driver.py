"""Protocol of a driver: memory of one GPU, and kernels that run on it in the order in which they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from netspec.kernels.cuda.language.unit import Unit

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """A call with all its arguments as 64-bit words: addresses, numbers in their lower bits, and a zero for each size
    that is a constant of the unit."""

    unit: Unit
    blocks: int
    words: tuple[int, ...]


class Graph(Protocol):
    """Calls that a driver has prepared to be launched together."""


class Driver(Protocol):
    """One caller at a time. Work is done in the order of the calls of this protocol, that of `bring` perhaps earlier;
    `download` and `wait` alone return when it is done. Every method but `release` raises DeviceError where the device
    is lost or out of memory."""

    @property
    def name(self) -> str:
        """The GPU's, for people: `NVIDIA H200`."""
        ...

    @property
    def free_bytes(self) -> int:
        """Memory of the device that is free."""
        ...

    def allocate(self, size_bytes: int) -> int:
        """The address of new memory, a multiple of 256."""
        ...

    def release(self, address: int) -> None:
        """Gives memory back when earlier work is done."""
        ...

    def clear(self, address: int, size_bytes: int) -> None:
        """Sets memory to zero."""
        ...

    def upload(self, address: int, array: Array) -> None:
        """Copies a contiguous array to the device; it may be changed as soon as this returns."""
        ...

    def bring(self, address: int, array: Array) -> None:
        """As `upload`, to an address that no work reads which was given since the last call of this: the device may
        copy beside that work."""
        ...

    def download(self, address: int, array: Array) -> None:
        """Fills a contiguous array from the device, after all earlier work."""
        ...

    def graph(self, calls: Sequence[Bound]) -> Graph:
        """Prepares calls; compiles units that are not in the cache."""
        ...

    def launch(self, graph: Any, times: int) -> None:
        """Runs a graph of this driver so many times, one after the other."""
        ...

    def wait(self) -> None:
        """Returns when all work is done."""
        ...
