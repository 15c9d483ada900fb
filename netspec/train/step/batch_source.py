"""Sources of a pass's images: memory, mapped files, or files that are read ahead into a ring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from netspec.data.dataset import Part
from netspec.data.ring import Ring
from netspec.data.stored import Rows, Stored
from netspec.ir.recipe import Experiment
from netspec.runtime.feed import Pass, Source
from netspec.train.step.feeds import (
    epoch_order,
    file_order,
    held_images,
    held_slots,
    measuring_pass,
    source_of,
    training_pass,
)
from netspec.train.step.preparation import Preparation


class BatchSource(Protocol):
    """The images of one pass. `feed` is constant; only images that are `ready` may be used."""

    @property
    def feed(self) -> Pass: ...

    @property
    def waited_seconds(self) -> float:
        """Time in which no step could run because images were being read. For a mapped file it is 0: the system reads
        it within a step, unmeasured."""
        ...

    def ready(self, first: int, least: int) -> int:
        """Number of images that can be used from index `first` of the order on, at least `least`. Raises DataError."""
        ...

    def release(self, done: int) -> None:
        """Releases the images before index `done` of the order."""
        ...

    def close(self) -> None:
        """Ends the pass."""
        ...


class Held:
    """Images in memory, or in mapped files, which are checked before every call."""

    waited_seconds = 0.0

    def __init__(self, feed: Pass, stored: Stored | None) -> None:
        self.feed, self._stored = feed, stored

    def ready(self, first: int, least: int) -> int:
        if self._stored:
            self._stored.source.check()
        return len(self.feed.order) - first

    def release(self, done: int) -> None:
        """Nothing: images are kept."""

    def close(self) -> None:
        """Nothing: no file was opened."""


class Streamed:
    """Images that are read ahead into a ring, the source of the feed."""

    def __init__(self, feed: Pass, ring: Ring) -> None:
        self.feed, self._ring = feed, ring

    @property
    def waited_seconds(self) -> float:
        return self._ring.waited_seconds

    def ready(self, first: int, least: int) -> int:
        return self._ring.ready(first, min(least, len(self.feed.order) - first))

    def release(self, done: int) -> None:
        self._ring.release(done)

    def close(self) -> None:
        self._ring.close()


def ready_steps(batches: BatchSource, first: int, batch: int) -> int:
    """Number of minibatches that can be used from index `first` of the order on, at least 1; the last may be short."""
    images = batches.ready(first, batch)
    ends = first + images == len(batches.feed.order)
    return -(-images // batch) if ends else images // batch


class Passes:
    """Passes over a part in minibatches of `batch`. All passes over images in the address space share one source."""

    def __init__(
        self, part: Part, experiment: Experiment, preparation: Preparation, *, batch: int, readers: int
    ) -> None:
        self._part, self._experiment, self._preparation = part, experiment, preparation
        self._batch, self._readers = batch, readers
        images = held_images(part)
        self._held = None if images is None else source_of(images, part, preparation)

    def training(self, epoch: int, first: int) -> BatchSource:
        """A pass in the order of `epoch`, counted from zero, from index `first` of the order on; to be closed."""
        order = epoch_order(self._part, self._experiment, epoch)
        return self._batches(order, first, partial(training_pass, self._experiment, epoch))

    def measuring(self) -> BatchSource:
        """A pass in file order with central crops; to be closed."""
        return self._batches(file_order(self._part), 0, partial(measuring_pass, self._experiment))

    def _batches(self, order: Rows, first: int, over: Callable[[Source, Rows, Rows | None], Pass]) -> BatchSource:
        part, images = self._part, self._part.images
        stored = images if isinstance(images, Stored) else None
        if self._held is not None:
            return Held(over(self._held, order, held_slots(part, order)), stored)
        assert stored is not None  # what is not stored is held
        ring = Ring(stored, order, first=first, least=self._batch, readers=self._readers)
        source = source_of(ring.buffer, part, self._preparation, volatile=True)
        return Streamed(over(source, order, ring.slots), ring)
