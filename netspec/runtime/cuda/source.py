"""The data set of a machine on the device, and the state words that point to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from netspec.ir.program import Program
from netspec.runtime.cuda.driver import Driver
from netspec.runtime.cuda.memory import Region
from netspec.runtime.feed import Crop, Pass, Source, prepared_pass, prepared_source
from netspec.targets.cuda import state

State = NDArray[np.int64]
CROPS: dict[Crop, int] = {"none": state.NO_CROP, "random": state.RANDOM_CROP, "centre": state.CENTRE_CROP}


PIECE_BYTES = 8 << 20
"""Most bytes of images that are brought at once, unless one minibatch has more: half of the memory by way of which they
come, so that the host writes a piece while the device copies the piece before."""
RESERVE_BYTES = 1 << 30
"""Memory of the device that images which stay there leave free."""


class DeviceSource:
    """The source and the pass that a machine reads. Images stay on the device, unless they are volatile or do not fit:
    these are brought piece by piece, to two places in turn, so that a piece comes while the device works on the piece
    before."""

    def __init__(self, program: Program, driver: Driver) -> None:
        self._program = program
        self._driver = driver
        self._source: tuple[Source, Source] | None = None
        self._feed: tuple[Pass, Pass] | None = None
        self._piece_steps: int | None = None
        self._turn = 0
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

    def pieces(self, steps: int) -> Iterator[range]:
        """Consecutive steps of a call for each of which `bring` is called once: all of them where images stay on the
        device."""
        size = self._piece_steps or steps
        yield from (range(begin, min(begin + size, steps)) for begin in range(0, steps, size))

    def bring(self, feed: Pass, first: int, count: int) -> None:
        """Uploads `count` images from place `first` of the order on, the images of one piece, unless they stay on the
        device."""
        if self._piece_steps is None:
            return
        slots = feed.order if feed.slots is None else feed.slots
        some = feed.source.images.take(slots[first : first + count], axis=0)
        begin = self._turn * self._piece_steps * self._program.batch
        self._driver.bring(self._regions["images"].address + begin * some[:1].nbytes, some)
        self._turn = 1 - self._turn
        self._driver.upload(self._regions["slots"].address + 8 * first, np.arange(begin, begin + count, dtype=np.int64))

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
            words[state.IMAGES] = self._take_images(ready)
            words[state.LABELS] = 0 if ready.labels is None else self._regions["labels"].store(ready.labels)
            words[state.MEAN] = self._regions["mean"].store(ready.mean)
            words[state.SCALE] = self._regions["scale"].store(ready.scale)
            words[state.SOURCE_BYTES] = ready.images.itemsize
            words[state.SOURCE_HEIGHT], words[state.SOURCE_WIDTH] = ready.images.shape[2:]
            words[state.WHITE] = int(np.float32(ready.white).view(np.uint32))
            self._source = source, ready
        return self._source[1]

    def _take_images(self, source: Source) -> int:
        """The address of the images, or of the room for a piece of them."""
        region, image_bytes = self._regions["images"], source.images[:1].nbytes
        region.release()
        self._piece_steps = None
        if not source.volatile and source.images.nbytes + RESERVE_BYTES <= self._driver.free_bytes:
            return region.store(source.images)
        self._piece_steps = max(1, PIECE_BYTES // (self._program.batch * max(1, image_bytes)))
        return region.room(2 * self._piece_steps * self._program.batch * max(1, image_bytes))

    def _take_pass(self, feed: Pass, words: State) -> None:
        slots = feed.order if feed.slots is None else feed.slots
        words[state.ORDER] = self._regions["order"].store(feed.order)
        words[state.SLOTS] = self._regions["slots"].store(slots)
        words[state.SEED], words[state.EPOCH] = signed(feed.seed), feed.epoch
        words[state.CROP], words[state.CROP_PAD] = CROPS[feed.crop], feed.pad


def signed(seed: int) -> int:
    """The bits of a 64-bit seed as an int64."""
    return (seed + 2**63) % 2**64 - 2**63
