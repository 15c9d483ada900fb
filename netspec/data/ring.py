"""A pass over images that have to be read: threads read ahead into a buffer which is used again and again.

The image at position k of the order is in slot `k % capacity` of the buffer. A later image overwrites it only after its
release. So the order of images is that of the pass, whatever the number of readers.
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import perf_counter

import numpy as np

from netspec.data.stored import Rows, Stored

BUFFER_BYTES = 1 << 26
"""What a buffer takes, unless two minibatches take more."""
IMAGES_A_TASK = 16


class Ring:
    """Images of `stored` in `order`, from place `first` of it on, for calls of at least `least` images at a time.

    One thread asks, releases and closes; `readers` threads read. `waited_seconds` is how long it has had to wait.
    """

    def __init__(self, stored: Stored, order: Rows, *, first: int, least: int, readers: int) -> None:
        image_bytes = math.prod(stored.shape[1:]) * stored.dtype.itemsize
        self._stored, self._order = stored, order
        self.capacity = min(len(order), max(2 * least, BUFFER_BYTES // image_bytes))
        self.buffer = np.empty((self.capacity, *stored.shape[1:]), stored.dtype)
        self.slots = np.arange(len(order), dtype=np.int64) % self.capacity
        self.waited_seconds = 0.0
        self._pool = ThreadPoolExecutor(readers)
        self._under_way: deque[tuple[int, Future[None]]] = deque()
        self._kept = self._there = self._asked = first
        self.release(first)

    def ready(self, first: int, least: int) -> int:
        """How many images from place `first` on are in the buffer, after waiting for `least` of them; no more than half
        of the buffer where `least` is less, so that there is room to read ahead. Raises what reading raises.

        Who goes back to a place that was released waits for its images to be read again.
        """
        begin = perf_counter()
        if first < self._kept:
            self._go_to(first)
        while self._under_way and (self._there < first + least or _went_well(self._under_way[0][1])):
            end, reading = self._under_way.popleft()
            reading.result()
            self._there = end
        self.waited_seconds += perf_counter() - begin
        return min(self._there - first, max(least, self.capacity // 2))

    def release(self, done: int) -> None:
        """Images before place `done` may be overwritten: the next ones are asked for.

        Those that were never ready are not read, or one read late could lie over one that is still wanted.
        """
        if done > self._there:
            self._go_to(done)
            return
        self._kept = done
        end = min(done + self.capacity, len(self._order))
        while self._asked < end:
            last = min(self._asked + IMAGES_A_TASK, end)
            self._under_way.append((last, self._pool.submit(self._read, self._asked, last)))
            self._asked = last

    def _go_to(self, first: int) -> None:
        wait([reading for _, reading in self._under_way if not reading.cancel()])
        self._under_way.clear()
        self._there = self._asked = first
        self.release(first)

    def _read(self, first: int, last: int) -> None:
        self.buffer[self.slots[first:last]] = self._stored[self._order[first:last]]

    def close(self) -> None:
        """Stops reading; what is under way is waited for."""
        self._pool.shutdown(cancel_futures=True)


def _went_well(reading: Future[None]) -> bool:
    """Whether it is done; a failure is told when its images are needed, and not before."""
    return reading.done() and reading.exception() is None
