"""What images go through is told by the data set and the spec."""

from dataclasses import replace

import numpy as np

from netspec.data.dataset import Dataset, Part
from netspec.data.levels import Levels
from netspec.ir.recipe import Experiment, TrainOptions, Transform
from netspec.train.preparation import Preparation, crop_pad, prepared
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
