"""Training on data larger than memory: how much memory it takes, and how long it waits for images.

The data are made: sparse IDX, `.npy` and CIFAR files, whose bytes are all zero and take no room on a disk, and a folder
of links to a few JPEG pictures of noise, which are decoded one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from netspec.bench.memory import anonymous_bytes
from netspec.data.dataset import Dataset
from netspec.data.read_options import HELD_BYTES
from netspec.data.stored import Stored
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training

SIDES = {"idx": 32, "npy": 32, "cifar": 32, "pictures": 256}
"""height and width of the images of each kind"""
HELD_SAMPLE_BYTES = 1 << 28
CLASSES, ORIGINALS = 10, 16
SPEC = """net streaming { input 3xSIDExSIDE; conv 16 5x5 stride=2 relu; pool max 2x2; conv 16 3x3 relu; dense 10 }
data "PLACE"
train { sgd rate=0.01; batch 64; epochs 1000 }
"""
Progress = Callable[[str, int, int], None]


@dataclass
class Peak:
    """The most anonymous memory seen so far."""

    size_bytes: int = field(default_factory=anonymous_bytes)

    def look(self) -> None:
        self.size_bytes = max(self.size_bytes, anonymous_bytes())


@dataclass(frozen=True, slots=True)
class Streamed:
    """What training for a while on `images` images, `data_bytes` in all, came to. `first_look_seconds` went by before
    the first step; `waiting` is the share of the time after it in which no minibatch was there, None for files that are
    used as they are mapped, where the system waits within a step. `held_images_per_second` is of images like these in
    memory."""

    kind: str
    images: int
    data_bytes: int
    first_look_seconds: float
    images_per_second: float
    held_images_per_second: float
    waiting: float | None
    anonymous_bytes: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Some seconds of training."""

    images_per_second: float
    waiting: float


def measure_streaming(
    kind: str, data_bytes: int, seconds: float, folder: Path, device: Device, progress: Progress
) -> Streamed:
    """Makes data of a kind in `folder`, and trains a small net on them for some seconds; then, on a few of them that
    are held in memory, once more."""
    experiment, begun, peak = _made(kind, data_bytes, folder / "large"), perf_counter(), Peak()

    def told(what: str, done: int, of: int) -> None:
        progress(what, done, of)
        if done % 100 == 0:
            peak.look()

    dataset = load_data(experiment, DataPlaces(progress=told))
    looked = perf_counter() - begun
    found = _trained(experiment, dataset, seconds, device, peak)
    few = _made(kind, min(data_bytes, HELD_SAMPLE_BYTES), folder / "few")
    held = _trained(few, load_data(few, DataPlaces(held_bytes=HELD_BYTES)), seconds, device, Peak())
    images = dataset.train.images
    return Streamed(
        kind,
        len(images),
        int(np.prod(images.shape)),
        looked,
        found.images_per_second,
        held.images_per_second,
        None if isinstance(images, Stored) and images.source.array is not None else found.waiting,
        peak.size_bytes,
    )


def _made(kind: str, data_bytes: int, folder: Path) -> Experiment:
    """A small net, and data of a kind in a new folder for it."""
    folder.mkdir()
    side = SIDES[kind]
    place = MAKERS[kind](folder, data_bytes // (3 * side * side), side)
    return check_experiment(Source("<streaming>", SPEC.replace("SIDE", str(side)).replace("PLACE", str(place))))


def _trained(experiment: Experiment, dataset: Dataset, seconds: float, device: Device, peak: Peak) -> Steps:
    training = Training(experiment, dataset, device, Snapshot(Position(), {}))
    with closing(training.batches()) as batches:
        training.advance(batches)
        start, waited, first = perf_counter(), batches.waited_seconds, training.position.step
        while perf_counter() - start < seconds and training.position.step < training.end_step:
            training.advance(batches)
            peak.look()
        spent, done = perf_counter() - start, (training.position.step - first) * training.batch
        return Steps(done / spent, (batches.waited_seconds - waited) / spent)


def _make_idx(folder: Path, images: int, side: int) -> Path:
    """A sparse file of zeros behind its header, and its labels."""
    with (folder / "images").open("wb") as file:
        file.write(struct.pack(">4B4I", 0, 0, 0x08, 4, images, 3, side, side))
        file.truncate(file.tell() + images * 3 * side * side)
    head = struct.pack(">4BI", 0, 0, 0x08, 1, images)
    (folder / "labels").write_bytes(head + (np.arange(images) % CLASSES).astype(np.uint8).tobytes())
    return folder / "images"


def _make_npy(folder: Path, images: int, side: int) -> Path:
    """A sparse array of zeros, and its labels."""
    np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (images, 3, side, side)).flush()
    np.save(folder / "labels.npy", (np.arange(images) % CLASSES).astype(np.uint8))
    return folder / "images.npy"


def _make_cifar(folder: Path, images: int, side: int) -> Path:
    """A sparse file of records of zeros, all of one class."""
    with (folder / "records.bin").open("wb") as file:
        file.truncate(images * (1 + 3 * side * side))
    return folder / "records.bin"


def _make_pictures(folder: Path, images: int, side: int) -> Path:
    """Links to a few pictures, a folder a class."""
    draw = np.random.default_rng(1)
    for number in range(ORIGINALS):
        coarse = Image.fromarray(draw.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        coarse.resize((side, side)).save(folder / f"{number}.jpg")
    for label in range(CLASSES):
        (folder / "pictures" / str(label)).mkdir(parents=True)
    for number in range(images):
        place = folder / "pictures" / str(number % CLASSES) / f"{number:08}.jpg"
        place.symlink_to(folder / f"{number % ORIGINALS}.jpg")
    return folder / "pictures"


MAKERS: dict[str, Callable[[Path, int, int], Path]] = {
    "idx": _make_idx,
    "npy": _make_npy,
    "cifar": _make_cifar,
    "pictures": _make_pictures,
}
