"""A training comes to the same bits however many steps come in a call, under any schedule."""

from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.runtime.device import Device
from netspec.runtime.pace import Pace
from netspec.train.step.schedules import RULES
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training
from tests.kernels.backends import Backend
from tests.train.test_loop import DIGITS, data_of, experiment_of, same

NET = DIGITS.replace("step every=1 factor=0.5 warmup=1", "KIND")
SMOOTH = ("cosine", "onecycle", "constant warmup=2")


class Lengths(Pace):
    """Calls of given lengths, over and over, whatever they take."""

    def __init__(self, lengths: list[int]) -> None:
        super().__init__()
        self._lengths = cycle(lengths)

    @property
    def steps(self) -> int:
        return next(self._lengths)


def training_of(device: Device, kind: str, lengths: list[int], *, milestone: int | None = None) -> Training:
    experiment = experiment_of(NET.replace("KIND", kind), "train.batch=8", "train.epochs=2")
    training = Training(experiment, data_of(experiment), device, Snapshot(Position(), {}), milestone)
    training.pace = Lengths(lengths)
    return training


def trained(training: Training) -> Training:
    """After the last epoch; validation losses are left out."""
    while not training.over:
        batches = training.batches()
        while training.position.step < training.end_step:
            training.advance(batches)
        training.end_epoch(None)
    return training


@settings(max_examples=8)
@given(
    st.sampled_from((*SMOOTH, "exponential factor=0.5", "step every=0.4 factor=0.5", "plateau factor=0.5 patience=1")),
    st.lists(st.integers(1, 20), min_size=1, max_size=4),
    st.sampled_from((1, 2)),
    st.sampled_from((None, 4)),
)
def test_steps_a_call_change_no_bit(
    backend: Backend, kind: str, lengths: list[int], threads: int, milestone: int | None
) -> None:
    single = trained(training_of(backend.device(), kind, [1]))
    other = trained(training_of(backend.device(threads), kind, lengths, milestone=milestone))
    assert same(single.weights(), other.weights())
    assert single.position == other.position


def test_all_schedules_are_tried() -> None:
    assert {kind.partition(" ")[0] for kind in SMOOTH} | {"exponential", "step", "plateau"} == set(RULES)


@pytest.mark.parametrize("kind", SMOOTH)
def test_a_rate_that_moves_does_not_end_a_call(device: Device, kind: str) -> None:
    training = training_of(device, kind, [1000])
    batches = training.batches()
    assert training.steps_per_epoch == 15
    assert training.advance(batches) == 7  # up to the sample
    assert training.position.rate == training.rate_of(6)
    assert training.rate_of(6) != training.rate_of(5)


def test_a_call_ends_at_a_milestone_and_with_the_epoch(device: Device) -> None:
    training, ends = training_of(device, "cosine", [1000], milestone=4), list[int]()
    batches = training.batches()
    while training.position.step < training.end_step:
        training.advance(batches)
        ends.append(training.position.step)
    assert {4, 8, 12, 15} <= set(ends)


def test_going_on_in_the_middle_of_a_call_gives_the_same_bits(backend: Backend) -> None:
    one, two = backend.device(), backend.device(2)
    whole, broken = trained(training_of(one, "onecycle", [9])), training_of(one, "onecycle", [9])
    broken.advance(broken.batches(), most=5)
    start = broken.snapshot()
    assert start is not None
    assert (start.position.step, start.position.rate) == (5, broken.rate_of(4))
    again = training_of(one, "onecycle", [2, 7])
    rest = Training(again.experiment, again.dataset, two, start)
    assert same(trained(rest).weights(), whole.weights())


def test_all_passes_over_images_in_memory_have_one_source(device: Device) -> None:
    training = training_of(device, "cosine", [1000])
    first = training.batches().feed.source
    training.advance(training.batches())
    assert training.batches().feed.source is first
