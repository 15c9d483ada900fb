"""Memory on a device that ends with its owner."""

from __future__ import annotations

import weakref

import numpy as np

from netspec.runtime.cuda.driver import Array, Driver


class Region:
    """Memory on the device that grows. It is given back by `release`, or when nothing refers to this object."""

    def __init__(self, driver: Driver, size_bytes: int = 0) -> None:
        self._driver = driver
        self._size_bytes = 0
        self._end: weakref.finalize[[int], Region] | None = None
        self.address = 0
        self.room(size_bytes)

    def room(self, size_bytes: int) -> int:
        """The address of at least `size_bytes`; what was there may be gone."""
        if size_bytes > self._size_bytes:
            self.release()
            self.address, self._size_bytes = self._driver.allocate(size_bytes), size_bytes
            self._end = weakref.finalize(self, self._driver.release, self.address)
            self._end.atexit = False
        return self.address

    def store(self, array: Array) -> int:
        """The address of a copy of the array."""
        address = self.room(max(1, array.nbytes))
        self._driver.upload(address, np.ascontiguousarray(array))
        return address

    def release(self) -> None:
        """Gives the memory back."""
        if self._end is not None:
            self._end()
        self._end, self._size_bytes = None, 0
