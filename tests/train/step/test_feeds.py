"""The order of an epoch is a function of seed and epoch, and covers every image once."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.dataset import Part
from netspec.data.stored import Stored
from netspec.ir.recipe import Experiment, TrainOptions, Transform
from netspec.runtime.feed import Pass
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
from tests.train.nets import small_graph

EXPERIMENT = Experiment(small_graph(), None, (), TrainOptions(seed=7))
CROPPING = replace(EXPERIMENT, augment=(Transform("crop", {"height": 1, "width": 1, "pad": 2}),))
PREPARATION = Preparation((3, 1, 1), (1.0, 2.0, 3.0), (0.5, 0.25, 4.0))


def part(count: int) -> Part:
    return Part(np.zeros((count, 3, 1, 1), np.uint8), np.zeros(count, np.int32))


@given(count=st.integers(1, 300), epoch=st.integers(0, 1000), seed=st.integers(0, 2**63))
def test_every_epoch_is_a_permutation_that_seed_and_epoch_decide(count: int, epoch: int, seed: int) -> None:
    experiment = replace(EXPERIMENT, train=TrainOptions(seed=seed))
    first, again = (epoch_order(part(count), experiment, epoch) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(np.sort(first), np.arange(count))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    other = replace(EXPERIMENT, train=TrainOptions(seed=8))
    orders = [epoch_order(part(100), EXPERIMENT, epoch) for epoch in range(5)]
    orders.append(epoch_order(part(100), other, 0))
    assert len({order.tobytes() for order in orders}) == 6


def test_measuring_goes_in_the_order_of_the_file() -> None:
    assert file_order(part(9)).tolist() == list(range(9))


def passes(experiment: Experiment) -> tuple[Pass, Pass]:
    """A pass to learn from, and one to measure."""
    whole, order = part(9), np.arange(9)
    source = source_of(whole.images, whole, PREPARATION)
    return training_pass(experiment, 3, source, order, None), measuring_pass(experiment, source, order, None)


def test_crops_are_random_in_training_and_central_in_measuring() -> None:
    assert [(feed.crop, feed.pad) for feed in passes(CROPPING)] == [("random", 2), ("centre", 2)]
    assert [(feed.crop, feed.pad) for feed in passes(EXPERIMENT)] == [("none", 0), ("none", 0)]
    assert [(feed.seed, feed.epoch) for feed in passes(EXPERIMENT)] == [(7, 3), (7, 0)]


def test_pixels_are_normalised_as_in_the_preparation() -> None:
    source = source_of(part(2).images, part(2), PREPARATION)
    assert source.mean.tolist() == [1.0, 2.0, 3.0]
    assert source.scale.tolist() == pytest.approx([2.0, 4.0, 0.25])
    assert not source.volatile


class Files:
    """Images in files, mapped if told so."""

    dtype = np.dtype(np.uint8)

    def __init__(self, array: Any) -> None:
        self.shape, self.array = (9, 3, 1, 1), array


def test_images_in_the_address_space_are_used_where_they_lie() -> None:
    mapped, order = np.zeros((9, 3, 1, 1), np.uint8), np.array([2, 0, 1])
    labels, rows = np.zeros(3, np.int32), np.array([8, 4, 6])
    held, stored, read = part(3), Part(Stored(Files(mapped), rows), labels), Part(Stored(Files(None), rows), labels)
    assert held_images(held) is held.images
    assert held_slots(held, order) is None
    assert held_images(stored) is mapped
    assert np.array_equal(held_slots(stored, order), [6, 8, 4])
    assert held_images(read) is None
