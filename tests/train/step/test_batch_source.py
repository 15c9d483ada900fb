"""A net learns the same bits from images in memory, in mapped files and in files that are read ahead."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data import ring
from netspec.data.dataset import Dataset
from netspec.data.stored import Stored
from netspec.diagnostics.failure import DataError, DivergedError
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import Diverged, EpochDone, Event, Finished, Lost, Progress, Started
from netspec.train.loop import train
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step.batch_source import Passes
from netspec.train.step.preparation import prepared
from netspec.train.step.snapshot import Snapshot
from netspec.train.use.evaluate import evaluate
from tests.data.stores import write_idx_set, write_npy_set, write_pictures
from tests.kernels.backends import Backend
from tests.train.test_loop import experiment_of, same

SPEC = """net n { input 3x8x8; conv 4 3x3 pad=1 nobias; batchnorm relu; pool max 2x2; dropout 0.25; dense 3 }
data "PLACE" validate=0.2
augment { shift 1; mirror; crop 8x8 pad=1; noise 0.02 }
train { sgd rate=0.05 momentum=0.9; batch 16; epochs 2; seed 3 }
"""
FORMS = {
    "idx": write_idx_set,
    "npy": write_npy_set,
    "npy, channels last": lambda folder: write_npy_set(folder, last=True),
    "pictures": write_pictures,
}


@pytest.fixture(autouse=True)
def _small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A buffer of 40 images, so that it is used again several times an epoch."""
    monkeypatch.setattr(ring, "BUFFER_BYTES", 40 * 192)
    monkeypatch.setattr(ring, "IMAGES_A_TASK", 5)


@pytest.fixture(scope="module")
def device(backend: Backend) -> Device:
    """On two threads, where there are any."""
    return backend.device(2)


def experiment_on(place: Path, *settings: str) -> Experiment:
    return experiment_of(SPEC.replace("PLACE", str(place)), *settings)


def data_of(experiment: Experiment, *, held_bytes: int = 0, strict: bool = False) -> Dataset:
    return load_data(experiment, DataPlaces(held_bytes=held_bytes, strict=strict))


def events(device: Device, experiment: Experiment, dataset: Dataset, start: Snapshot | None = None) -> list[Event]:
    return list(train(experiment, dataset, device=device, start=start, milestone=1))


def end(found: list[Event]) -> Finished:
    assert isinstance(found[-1], Finished)
    return found[-1]


@pytest.fixture(scope="module")
def in_memory(device: Device, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    experiment = experiment_on(write_npy_set(tmp_path_factory.mktemp("held")))
    dataset = data_of(experiment, held_bytes=1 << 30)
    assert isinstance(dataset.train.images, np.ndarray)
    return end(events(device, experiment, dataset))


WIDE = SPEC.replace("3x8x8", "1x8x8").replace("validate=0.2", "validate=0.2 resize=8x8 OPTIONS")


@pytest.mark.parametrize("options", ["", "white=4095", "white=4095 normalize=unit"])
def test_pictures_of_more_than_eight_bits_lead_to_the_same_bits_from_files(
    device: Device, tmp_path: Path, options: str
) -> None:
    for number in range(48):
        path = tmp_path / "wide" / f"class{number % 3}" / f"{number:03}.tiff"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.random.default_rng(number).integers(0, 4096, (9, 7), np.uint16)
        Image.fromarray(image if number else (image >> 4).astype(np.uint8)).save(path)
    experiment = experiment_of(WIDE.replace("PLACE", str(tmp_path / "wide")).replace("OPTIONS", options))
    stored, held = (data_of(experiment, held_bytes=held_bytes) for held_bytes in (0, 1 << 30))
    assert isinstance(stored.train.images, Stored)
    assert stored.train.images.dtype == np.float32
    assert isinstance(held.train.images, np.ndarray)
    assert stored.levels == held.levels
    assert same(*({"mean": data.mean, "deviation": data.deviation} for data in (stored, held)))
    one, other = (end(events(device, experiment, data)) for data in (stored, held))
    assert same(one.weights, other.weights)


@pytest.mark.parametrize("form", FORMS)
def test_files_and_memory_lead_to_the_same_bits(
    device: Device, backend: Backend, tmp_path: Path, in_memory: Finished, form: str
) -> None:
    experiment = experiment_on(FORMS[form](tmp_path))
    dataset = data_of(experiment)
    assert isinstance(dataset.train.images, Stored)
    found = end(events(device, experiment, dataset))
    assert same(found.weights, in_memory.weights)
    assert (found.training, found.validation) == (in_memory.training, in_memory.validation)
    scores = evaluate(experiment, dataset, prepared(dataset), found.weights, device=backend.device()).scores
    assert scores == in_memory.validation


@pytest.mark.parametrize("readers", [1, 5])
def test_the_number_of_readers_changes_nothing(
    backend: Backend, device: Device, tmp_path: Path, in_memory: Finished, readers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(device), "readers", readers)
    experiment = experiment_on(write_pictures(tmp_path))
    assert same(end(events(backend.device(), experiment, data_of(experiment))).weights, in_memory.weights)


@pytest.mark.parametrize("form", ["idx", "pictures"])
def test_a_training_goes_on_in_the_middle_of_an_epoch(
    device: Device, tmp_path: Path, in_memory: Finished, form: str
) -> None:
    experiment = experiment_on(FORMS[form](tmp_path))
    dataset, snapshot = data_of(experiment), None
    for event in train(experiment, dataset, device=device, milestone=1):
        if isinstance(event, Started):
            started = event
        if isinstance(event, Progress) and event.step == 7:
            snapshot = started.snapshot()
            break
    assert snapshot is not None
    assert snapshot.position.step == 7
    assert same(end(events(device, experiment, data_of(experiment), start=snapshot)).weights, in_memory.weights)


@pytest.mark.parametrize("form", ["npy", "pictures"])
def test_files_that_are_mapped_are_one_source_and_a_ring_is_volatile(tmp_path: Path, form: str) -> None:
    experiment = experiment_on(FORMS[form](tmp_path))
    dataset = data_of(experiment)
    passes = Passes(dataset.train, experiment, prepared(dataset), batch=16, readers=2)
    with (
        closing(passes.training(0, 0)) as first,
        closing(passes.training(1, 32)) as second,
        closing(passes.measuring()) as third,
    ):
        sources = [batches.feed.source for batches in (first, second, third)]
        assert all(source.volatile == (form == "pictures") for source in sources)
        assert (len(set(map(id, sources))) == 1) == (form == "npy")
        assert [(batches.feed.epoch, batches.feed.crop) for batches in (first, second, third)] == [
            (0, "random"),
            (1, "random"),
            (0, "centre"),
        ]


def test_options_of_the_data_mean_the_same_in_files(tmp_path: Path) -> None:
    place = write_pictures(tmp_path)
    for settings in (("data.take=50",), ("data.classes=(2 0 1)", "data.normalize=unit")):
        experiment = experiment_on(place, *settings)
        held, stored = (data_of(experiment, held_bytes=size) for size in (1 << 30, 0))
        np.testing.assert_array_equal(stored.train.images[:], held.train.images)
        np.testing.assert_array_equal(stored.train.labels, held.train.labels)
        np.testing.assert_array_equal(stored.mean, held.mean)
        np.testing.assert_array_equal(stored.deviation, held.deviation)


def lose(place: Path) -> tuple[Path, Path]:
    """Two pictures of a class, one removed and one broken."""
    gone, broken = sorted(place.rglob("class1/*.png"))[4:6]
    gone.unlink()
    broken.write_bytes(b"nothing")
    return gone, broken


def test_pictures_that_are_lost_are_named_once_and_replaced_by_the_next_of_their_class(
    device: Device, tmp_path: Path
) -> None:
    place = write_pictures(tmp_path)
    experiment = experiment_on(place)
    dataset = data_of(experiment)
    whole = dataset.train.images
    assert isinstance(whole, Stored)
    before = whole.source.read(np.arange(90))
    gone, broken = lose(place)
    found = events(device, experiment, dataset)
    named = [path for event in found if isinstance(event, Lost) for path, _ in event.files]
    assert sorted(named) == [str(gone), str(broken)]
    assert isinstance(end(found), Finished)
    after = whole.source.read(np.arange(90))
    changed = np.flatnonzero((before != after).any(axis=(1, 2, 3)))
    assert changed.tolist() == [34, 35]
    np.testing.assert_array_equal(after[[34, 35]], before[[36, 36]])


def test_the_bits_after_a_loss_depend_on_the_files_alone(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Finished] = []
    for readers in (1, 4):
        monkeypatch.setattr(type(device), "readers", readers)
        place = write_pictures(tmp_path / str(readers))
        experiment = experiment_on(place)
        dataset = data_of(experiment)
        lose(place)
        ends.append(end(events(device, experiment, dataset)))
    assert same(ends[0].weights, ends[1].weights)


def test_under_strict_a_lost_picture_ends_the_training(device: Device, tmp_path: Path) -> None:
    place = write_pictures(tmp_path)
    experiment = experiment_on(place)
    dataset = data_of(experiment, strict=True)
    lose(place)
    with pytest.raises(DataError) as caught:
        events(device, experiment, dataset)
    assert caught.value.code == "E512"


def test_a_folder_that_is_gone_ends_the_training(device: Device, tmp_path: Path) -> None:
    place = write_pictures(tmp_path)
    experiment = experiment_on(place)
    dataset = data_of(experiment)
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError) as caught:
        events(device, experiment, dataset)
    assert caught.value.code == "E530"


def going_to_diverge(events: Iterator[Event]) -> list[Event]:
    """The events of a training that ends with DivergedError."""
    found: list[Event] = []
    with pytest.raises(DivergedError):
        found.extend(events)
    return found


def test_a_training_that_diverges_is_taken_back_and_apart_as_in_memory(device: Device, tmp_path: Path) -> None:
    ends: list[Diverged] = []
    for held_bytes in (1 << 30, 0):
        experiment = experiment_on(write_pictures(tmp_path), "train.sgd.rate=1e30")
        going = train(experiment, data_of(experiment, held_bytes=held_bytes), device=device)
        ends += [event for event in going_to_diverge(going) if isinstance(event, Diverged)]
    assert ends[0].numerics == ends[1].numerics
    assert ends[0].before.position.step == ends[1].before.position.step


def test_waiting_is_told_of_every_epoch(device: Device, tmp_path: Path) -> None:
    experiment = experiment_on(write_pictures(tmp_path))
    epochs = [event for event in events(device, experiment, data_of(experiment)) if isinstance(event, EpochDone)]
    assert all(0 <= epoch.waited_seconds <= epoch.seconds for epoch in epochs)
