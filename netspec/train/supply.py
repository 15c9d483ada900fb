"""Where a pass over a part gets its images: from memory, from mapped files, or from files that are read ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from netspec.data.dataset import Part
from netspec.data.ring import Ring
from netspec.data.stored import Stored
from netspec.ir.recipe import Experiment
from netspec.runtime.feed import Feed
from netspec.train.feeds import epoch_feed, measuring_feed
from netspec.train.preparation import Preparation


class Supply(Protocol):
    """One pass. `feed` stays the same throughout; only the images that are `ready` may be used."""

    @property
    def feed(self) -> Feed: ...

    @property
    def waited_seconds(self) -> float:
        """How long nothing could be done for want of images that were being read. What the system reads of a mapped
        file it reads within a step, and does not tell."""
        ...

    def ready(self, first: int, least: int) -> int:
        """How many images from place `first` of the order on can be used, at least `least`. Raises DataError."""
        ...

    def release(self, done: int) -> None:
        """The images before place `done` have been used."""
        ...

    def close(self) -> None:
        """Ends the pass."""
        ...


class Held:
    """Images in memory, or mapped from files that are looked at before every call."""

    waited_seconds = 0.0

    def __init__(self, feed: Feed, stored: Stored | None = None) -> None:
        self.feed, self._stored = feed, stored

    def ready(self, first: int, least: int) -> int:
        if self._stored:
            self._stored.source.check()
        return len(self.feed.order) - first

    def release(self, done: int) -> None:
        """They stay."""

    def close(self) -> None:
        """Nothing was opened."""


class Streamed:
    """Images that are read ahead."""

    def __init__(self, feed: Feed, ring: Ring) -> None:
        self.feed, self._ring = replace(feed, images=ring.buffer, places=ring.places), ring

    @property
    def waited_seconds(self) -> float:
        return self._ring.waited_seconds

    def ready(self, first: int, least: int) -> int:
        return self._ring.ready(first, min(least, len(self.feed.order) - first))

    def release(self, done: int) -> None:
        self._ring.release(done)

    def close(self) -> None:
        self._ring.close()


def ready_steps(supply: Supply, first: int, batch: int) -> int:
    """How many minibatches from place `first` of the order on can be used, at least one; the last may be short."""
    images = supply.ready(first, batch)
    ends = first + images == len(supply.feed.order)
    return -(-images // batch) if ends else images // batch


def training_supply(
    part: Part, experiment: Experiment, preparation: Preparation, epoch: int, *, first: int, batch: int, readers: int
) -> Supply:
    """A pass over the training part in the order of an epoch, counted from zero, from place `first` of it on."""
    return _supply(part, epoch_feed(part, experiment, preparation, epoch), first, batch, readers)


def measuring_supply(
    part: Part, experiment: Experiment, preparation: Preparation, *, batch: int, readers: int
) -> Supply:
    """A pass in the order of the files, crops in the centre."""
    return _supply(part, measuring_feed(part, experiment, preparation), 0, batch, readers)


def _supply(part: Part, feed: Feed, first: int, batch: int, readers: int) -> Supply:
    images = part.images
    if not isinstance(images, Stored):
        return Held(feed)
    if images.source.array is not None:
        return Held(feed, images)
    return Streamed(feed, Ring(images, feed.order, first=first, least=batch, readers=readers))
