"""What is recognised as the same data: the same images and labels, wherever they are."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from netspec.runtime.device import Device
from netspec.train.run import identity as identity_file
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.identity import differences, identity
from tests.data.stores import write_idx_set, write_npy_set, write_pictures
from tests.train.test_loop import experiment_of

SPEC = """net n { input 3x8x8; dense 3 }
data "PLACE" validate=0.2 normalize=unit
"""
FORMS = {
    "idx": write_idx_set,
    "npy": write_npy_set,
    "npy, wide": lambda folder: write_npy_set(folder, dtype="int16"),
    "npy, channels last": lambda folder: write_npy_set(folder, last=True),
    "pictures": write_pictures,
}
HELD_BYTES = {"held": 1 << 30, "stored": 0}


@pytest.fixture(params=["whole", "sampled"])
def _told_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts told by every byte, or by a few images."""
    if request.param == "sampled":
        monkeypatch.setattr(identity_file, "WHOLE_BYTES", 0)
        monkeypatch.setattr(identity_file, "SAMPLED_IMAGES", 10)


def facts(device: Device, place: Path, held_bytes: int = 0, options: str = "") -> dict:
    """What is told of the parts of the data."""
    experiment = experiment_of(SPEC.replace('"PLACE"', f'"{place}" {options}'))
    dataset = load_data(experiment, DataPlaces(held_bytes=held_bytes))
    found = identity(experiment, dataset, device)
    return {name: value for name, value in found.items() if name.startswith("data.")}


@pytest.mark.usefixtures("_told_by")
@pytest.mark.parametrize("form", FORMS)
def test_data_in_memory_in_files_and_in_a_copy_are_the_same(device: Device, tmp_path: Path, form: str) -> None:
    (tmp_path / "first").mkdir()
    place = FORMS[form](tmp_path / "first")
    wanted = facts(device, place)
    assert facts(device, place, held_bytes=1 << 30) == wanted
    shutil.move(tmp_path / "first", tmp_path / "second")
    copied = tmp_path / "second" / place.name
    for path in copied.parent.rglob("*"):
        os.utime(path, ns=(0, 0))
    assert facts(device, copied) == wanted


@pytest.mark.usefixtures("_told_by")
@pytest.mark.parametrize("held_bytes", HELD_BYTES.values(), ids=HELD_BYTES)
def test_other_images_or_labels_are_told(device: Device, tmp_path: Path, held_bytes: int) -> None:
    place = write_npy_set(tmp_path)
    before = facts(device, place, held_bytes)
    labels = tmp_path / "b-labels.npy"
    np.save(labels, np.roll(np.load(labels), 30))
    relabelled = facts(device, place, held_bytes)
    np.save(place, 255 - np.load(place))
    inverted = facts(device, place, held_bytes)
    for name in ("data.train", "data.validation"):
        assert len({before[name], relabelled[name], inverted[name]}) == 3


def test_another_white_is_told_where_the_spec_names_one(device: Device, tmp_path: Path) -> None:
    place = write_npy_set(tmp_path, dtype="int16")
    plain, named = facts(device, place), facts(device, place, options="white=300")
    assert named == {**plain, "data.deviation": [300.0] * 3, "data.black": 0.0, "data.white": 300.0}
    assert differences(plain, named)


@pytest.mark.parametrize("held_bytes", HELD_BYTES.values(), ids=HELD_BYTES)
def test_a_single_other_pixel_is_told(device: Device, tmp_path: Path, held_bytes: int) -> None:
    place = write_npy_set(tmp_path)
    before = facts(device, place, held_bytes)
    images = np.load(place)
    images[41, 1, 2, 3] ^= 1
    np.save(place, images)
    after = facts(device, place, held_bytes)
    assert {name for name in after if after[name] != before[name]} in ({"data.train"}, {"data.validation"})
