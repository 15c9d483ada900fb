"""The data set of a machine on the device, and the state words that point to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netspec.ir.program import Program
from netspec.runtime.cuda.driver import Array, Driver
from netspec.runtime.feed import Crop, Pass, Source, prepared_pass, prepared_source
from netspec.targets.cuda import state

State = NDArray[np.int64]
CROPS: dict[Crop, int] = {"none": state.NO_CROP, "random": state.RANDOM_CROP, "centre": state.CENTRE_CROP}


class Region:
    """Memory on the device that grows."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._size_bytes = 0
        self.address = 0

    def room(self, size_bytes: int) -> int:
        """The address of at least `size_bytes`; what was there may be gone."""
        if size_bytes > self._size_bytes:
            self.release()
            self.address, self._size_bytes = self._driver.allocate(size_bytes), size_bytes
        return self.address

    def store(self, array: Array) -> int:
        """The address of a copy of the array."""
        address = self.room(max(1, array.nbytes))
        self._driver.upload(address, np.ascontiguousarray(array))
        return address

    def release(self) -> None:
        """Gives the memory back."""
        if self._size_bytes:
            self._driver.release(self.address)
            self._size_bytes = 0


class DeviceSource:
    """The source and the pass that a machine reads. A source that is not volatile is uploaded once."""

    def __init__(self, program: Program, driver: Driver) -> None:
        self._program = program
        self._driver = driver
        self._source: tuple[Source, Source] | None = None
        self._feed: tuple[Pass, Pass] | None = None
        names = ("images", "labels", "mean", "scale", "order", "slots")
        self._regions = {name: Region(driver) for name in names}

    def take(self, feed: Pass, words: State) -> Pass:
        """The prepared pass; a new one is checked and uploaded. Sets the words of `words` that do not change within
        it."""
        if self._feed is None or self._feed[0] is not feed:
            self._feed = None
            ready = prepared_pass(feed, self._take_source(feed.source, words), self._program)
            self._take_pass(ready, words)
            self._feed = feed, ready
        return self._feed[1]

    def bring(self, feed: Pass, first: int, count: int, words: State) -> None:
        """Uploads what a volatile source holds of `count` images from place `first` of the order on."""
        if not feed.source.volatile or count <= 0:
            return
        slots = feed.order if feed.slots is None else feed.slots
        some = feed.source.images.take(slots[first : first + count], axis=0)
        words[state.IMAGES] = self._regions["images"].store(some)
        here = np.arange(count, dtype=np.int64)
        self._driver.upload(self._regions["slots"].address + 8 * first, here)

    def forget(self) -> None:
        """No pass is taken any more."""
        self._feed = None

    def release(self) -> None:
        """Gives all memory back."""
        for region in self._regions.values():
            region.release()

    def _take_source(self, source: Source, words: State) -> Source:
        if self._source is None or self._source[0] is not source:
            self._source = None
            ready = prepared_source(source, self._program)
            if not source.volatile:
                words[state.IMAGES] = self._regions["images"].store(ready.images)
            words[state.LABELS] = 0 if ready.labels is None else self._regions["labels"].store(ready.labels)
            words[state.MEAN] = self._regions["mean"].store(ready.mean)
            words[state.SCALE] = self._regions["scale"].store(ready.scale)
            words[state.SOURCE_BYTES] = ready.images.itemsize
            words[state.SOURCE_HEIGHT], words[state.SOURCE_WIDTH] = ready.images.shape[2:]
            words[state.WHITE] = int(np.float32(ready.white).view(np.uint32))
            self._source = source, ready
        return self._source[1]

    def _take_pass(self, feed: Pass, words: State) -> None:
        slots = feed.order if feed.slots is None else feed.slots
        words[state.ORDER] = self._regions["order"].store(feed.order)
        words[state.SLOTS] = self._regions["slots"].store(slots)
        words[state.SEED], words[state.EPOCH] = signed(feed.seed), feed.epoch
        words[state.CROP], words[state.CROP_PAD] = CROPS[feed.crop], feed.pad


def signed(seed: int) -> int:
    """The bits of a 64-bit seed as an int64."""
    return (seed + 2**63) % 2**64 - 2**63
