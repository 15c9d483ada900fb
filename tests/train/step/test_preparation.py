"""What images go through is told by the data set and the spec."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.dataset import Dataset, Part
from netspec.data.levels import Levels
from netspec.ir.recipe import Experiment, TrainOptions, Transform
from netspec.train.step.preparation import Preparation, crop_pad, in_units_of, prepared
from tests.data.samples import refuses
from tests.train.nets import small_graph


def test_a_data_set_says_how_its_images_are_prepared() -> None:
    part = Part(np.zeros((4, 2, 5, 6), np.uint8), np.zeros(4, np.int32))
    mean, deviation = np.array([1.5, 2.5], np.float32), np.array([3.0, 4.0], np.float32)
    dataset = Dataset(part, None, None, ("a", "b"), mean, deviation, Levels(white=16.0), "made up", ())
    assert prepared(dataset) == Preparation((2, 5, 6), (1.5, 2.5), (3.0, 4.0), Levels(white=16.0), ("a", "b"))


def test_the_pad_of_a_crop_is_found_among_other_transforms() -> None:
    plain = Experiment(small_graph(), None, (), TrainOptions())
    crop = Transform("crop", {"height": 4, "width": 4, "pad": 3, "pad_width": 3})
    assert crop_pad(plain) is None
    assert crop_pad(replace(plain, augment=(Transform("mirror", {}), crop))) == 3


OWN = Preparation((1, 2, 2), (100.0,), (50.0,), Levels(), ("a", "b"))


def data(levels: Levels, shape: tuple[int, ...] = (1, 2, 2)) -> Dataset:
    part = Part(np.zeros((4, *shape), np.float32), np.zeros(4, np.int32))
    return Dataset(part, None, None, ("a", "b"), np.zeros(1, np.float32), np.ones(1, np.float32), levels, "made up", ())


@pytest.mark.parametrize(
    "levels", [Levels(0, 16, "made"), Levels(0, 1, "float"), Levels(-1000, 3000, "integer", given=True)]
)
@given(level=st.floats(0, 1))
def test_images_of_other_units_are_seen_as_those_of_the_training(levels: Levels, level: float) -> None:
    found = in_units_of(OWN, data(levels))
    (mean,), (deviation,) = found.mean, found.deviation
    seen = (levels.black + level * levels.span - mean) / deviation
    assert seen == pytest.approx((255 * level - 100) / 50, abs=1e-9)


@pytest.mark.parametrize(
    ("trained", "found"),
    [
        (Levels(), Levels()),
        (Levels(0, 4095, "integer", given=True), Levels(0, 65_535, "integer")),
        (Levels(-1, 1, "float", settled=False), Levels(-0.9, 1.1, "float", settled=False)),
        (Levels(-1, 1, "float", given=True), Levels(0, 1, "float")),
        (Levels(0, 4000, ""), Levels(0, 65_535, "integer")),  # a run that does not tell its kind
    ],
)
def test_numbers_of_the_trainings_own_kind_are_in_its_units(trained: Levels, found: Levels) -> None:
    own = replace(OWN, levels=trained)
    assert in_units_of(own, data(found)) is own


def test_an_older_run_on_pictures_saw_sixteen_bits_as_bytes() -> None:
    own = replace(OWN, levels=Levels(kind=""))
    found = in_units_of(own, data(Levels(0, 65_535, "integer")))
    assert (found.mean, found.deviation) == ((25_700.0,), (12_850.0,))


def test_rows_of_numbers_are_no_pictures() -> None:
    rows = replace(OWN, shape=(7, 1, 1), levels=Levels(0, 1, "made"))
    assert in_units_of(rows, data(Levels(-3, 3, "float", settled=False), (7, 1, 1))) is rows


@pytest.mark.parametrize(
    ("trained", "found"),
    [
        (Levels(-1, 1, "float", settled=False), Levels(0, 255, "uint8")),
        (Levels(), Levels(0, 254, "integer", settled=False)),
        (Levels(0, 1, "float"), Levels(-0.9, 0.7, "float", settled=False)),
        (Levels(0, 1, "float"), Levels(0, 218, "float", settled=False)),
        (Levels(-1, 1, "float", settled=False), Levels(0, 3.1, "float", settled=False)),
        (Levels(10, 218, "integer", settled=False), Levels(174, 3510, "integer", settled=False)),
    ],
)
def test_units_that_nothing_tells_are_refused(trained: Levels, found: Levels) -> None:
    error = refuses("E559", lambda: in_units_of(replace(OWN, levels=trained), data(found)))
    assert "--set data." in error.helps[0]
