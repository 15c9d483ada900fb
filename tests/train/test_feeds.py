"""The order of an epoch is a function of seed and epoch, and covers every image once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.dataset import Part
from netspec.ir.recipe import Experiment, TrainOptions, Transform
from netspec.runtime.feed import Crop
from netspec.train.feeds import epoch_feed, measuring_feed
from netspec.train.preparation import Preparation
from tests.train.nets import small_graph

EXPERIMENT = Experiment(small_graph(), None, (), TrainOptions(seed=7))
CROPPING = replace(EXPERIMENT, augment=(Transform("crop", {"height": 1, "width": 1, "pad": 2}),))
PREPARATION = Preparation((3, 1, 1), (1.0, 2.0, 3.0), (0.5, 0.25, 4.0))


def part(count: int) -> Part:
    return Part(np.zeros((count, 3, 1, 1), np.uint8), np.zeros(count, np.int32))


@given(count=st.integers(1, 300), epoch=st.integers(0, 1000), seed=st.integers(0, 2**63))
def test_every_epoch_is_a_permutation_that_seed_and_epoch_decide(count: int, epoch: int, seed: int) -> None:
    experiment = replace(EXPERIMENT, train=TrainOptions(seed=seed))
    first, again = (epoch_feed(part(count), experiment, PREPARATION, epoch).order for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(np.sort(first), np.arange(count))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    other = replace(EXPERIMENT, train=TrainOptions(seed=8))
    orders = [epoch_feed(part(100), EXPERIMENT, PREPARATION, epoch).order for epoch in range(5)]
    orders.append(epoch_feed(part(100), other, PREPARATION, 0).order)
    assert len({order.tobytes() for order in orders}) == 6


def test_measuring_goes_in_the_order_of_the_file() -> None:
    images = part(9)
    feed = measuring_feed(images, EXPERIMENT, PREPARATION)
    assert feed.order.tolist() == list(range(9))


def test_crops_are_random_in_training_and_central_in_measuring() -> None:
    images = part(9)
    assert epoch_feed(images, CROPPING, PREPARATION, 3).crop == Crop(random=True, pad=2)
    assert measuring_feed(images, CROPPING, PREPARATION).crop == Crop(random=False, pad=2)
    assert epoch_feed(images, EXPERIMENT, PREPARATION, 3).crop is None


def test_pixels_are_normalised_as_in_the_preparation() -> None:
    feed = epoch_feed(part(2), EXPERIMENT, PREPARATION, 3)
    assert feed.mean.tolist() == [1.0, 2.0, 3.0]
    assert feed.scale.tolist() == pytest.approx([2.0, 4.0, 0.25])
    assert (feed.seed, feed.epoch) == (7, 3)
