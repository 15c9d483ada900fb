"""A place in a training is one of its own minibatches: other minibatches, or other images, have no such place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.failure import UsageError
from netspec.ir.recipe import TrainOptions
from netspec.runtime.device import Device
from netspec.train.events import Finished, Started
from netspec.train.loop import train
from netspec.train.run.place import check_place, minibatches
from netspec.train.step.scores import RunningSums
from netspec.train.step.snapshot import Position, Snapshot
from tests.train.test_loop import POINTS, data_of, experiment_of

SIZES = st.integers(1, 40)


def place(batch: int, images: int, epochs: int, within: int) -> Position:
    """Where a training in minibatches of `batch` stands behind step number `within` of an epoch."""
    size, steps = minibatches(TrainOptions(batch=batch), images)
    done = RunningSums(images=min(within * size, images))
    return Position(epochs=epochs, step=epochs * steps + within, sums=done, batch=size)


@given(SIZES, SIZES, st.integers(0, 3), st.data())
def test_every_place_of_a_training_is_one_of_it(batch: int, images: int, epochs: int, data: st.DataObject) -> None:
    _, steps = minibatches(TrainOptions(batch=batch), images)
    here = place(batch, images, epochs, data.draw(st.integers(0, steps)))
    check_place(here, TrainOptions(batch=batch), images)
    check_place(replace(here, batch=None), TrainOptions(batch=batch), images)


@given(SIZES, SIZES, SIZES, st.integers(0, 3), st.data())
def test_no_place_is_one_of_other_minibatches(
    batch: int, other: int, images: int, epochs: int, data: st.DataObject
) -> None:
    size, steps = minibatches(TrainOptions(batch=batch), images)
    if minibatches(TrainOptions(batch=other), images)[0] == size:
        return
    within = data.draw(st.integers(0, steps))
    here = place(batch, images, epochs, within)
    with pytest.raises(UsageError) as caught:
        check_place(here, TrainOptions(batch=other), images)
    assert caught.value.code == "E477"


def test_a_place_of_a_version_without_batch_is_told_by_its_images() -> None:
    here = replace(place(32, 70, 0, 1), batch=None)
    with pytest.raises(UsageError) as caught:
        check_place(here, TrainOptions(batch=7), 70)
    assert caught.value.code == "E477"
    with pytest.raises(UsageError):
        check_place(replace(place(16, 70, 2, 0), batch=None), TrainOptions(batch=16), 90)


@pytest.mark.parametrize("batch", ["7", "17", "64", "all"])
def test_a_training_does_not_go_on_from_a_snapshot_in_other_minibatches(device: Device, batch: str) -> None:
    experiment = experiment_of(POINTS)
    events = train(experiment, data_of(experiment), device=device)
    started = next(events)
    assert isinstance(started, Started)
    for _ in events:
        snapshot = started.snapshot()
        if snapshot and snapshot.position.epochs == 1:
            break
    assert isinstance(snapshot, Snapshot)
    other = experiment_of(POINTS, f"train.batch={batch}")
    with pytest.raises(UsageError) as caught:
        next(train(other, data_of(other), device=device, start=snapshot))
    assert caught.value.code == "E477"
    *_, end = train(experiment, data_of(experiment), device=device, start=snapshot)
    assert isinstance(end, Finished)
