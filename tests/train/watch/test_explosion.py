"""A loss that explodes is told once, where it does; ordinary noise never is."""

import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import DivergedError
from netspec.ir.operations import LossName
from netspec.runtime.device import Device
from netspec.runtime.pace import Pace
from netspec.train.events import Event, Warned
from netspec.train.loop import train
from netspec.train.run.checkpoint import encode_snapshot, read_checkpoint
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.watch.explosion import FACTOR, WINDOW_IMAGES, Explosion, LossPeak, silent_loss
from tests.kernels.backends import Backend
from tests.train.test_loop import data_of, experiment_of

SILENT = math.log(10)
NET = """net n { input 1x8x8; dense 16 relu; dense 10 }
data digits
train { loss squared_error; sgd rate=0.001; batch 32; epochs 2; seed 3 }
"""


def peak_of(losses: list[float], batch: int = 32) -> LossPeak:
    """After steps of these mean losses."""
    return LossPeak().after([batch * loss for loss in losses], [batch] * len(losses), 0, SILENT)


def test_a_mean_above_four_times_lowest_and_silence_is_an_explosion() -> None:
    quiet = [2.3] * 9
    limit = FACTOR * SILENT
    assert peak_of([*quiet, *[limit - 0.01] * 16]).explosion is None
    assert peak_of([*quiet, *[limit + 0.01] * 8]).explosion == Explosion(
        17, WINDOW_IMAGES, pytest.approx(limit + 0.01), 2.3
    )


def test_a_single_wild_minibatch_is_none() -> None:
    assert peak_of([2.3] * 9 + [2.3] * 7 + [50.0] + [2.3] * 7).explosion is None


def test_ordinary_noise_of_single_images_gives_no_alarm() -> None:
    drawn = np.random.default_rng(1).exponential(1.0, 50_000)  # a mean of 1 with values beyond 10
    assert drawn.max() > FACTOR * SILENT
    assert peak_of(drawn.tolist(), batch=1).explosion is None
    learnt = drawn * np.geomspace(2.3, 0.01, len(drawn))
    learnt[-2000:] *= 50  # a hundredth of what it began with grows to a fifth: no explosion
    assert peak_of(learnt.tolist(), batch=1).explosion is None


def test_a_net_that_begins_badly_is_measured_by_its_own_beginning() -> None:
    assert peak_of([40.0] * 100).explosion is None
    assert peak_of([40.0] * 9 + [161.0] * 8).explosion is not None


def test_the_first_explosion_stays_and_steps_a_call_change_nothing() -> None:
    losses = [2.3] * 9 + [50.0] * 8 + [2.0] * 8 + [500.0] * 8
    whole, peak = peak_of(losses), LossPeak()
    for step, loss in enumerate(losses):
        peak = peak.after([32 * loss], [32], step, SILENT)
    assert peak == whole
    assert whole.explosion is not None
    assert (whole.explosion.step, whole.explosion.loss) == (17, 50.0)


@pytest.mark.parametrize(
    ("function", "outputs", "loss"),
    [
        ("cross_entropy", 10, math.log(10)),
        ("binary_cross_entropy", 1, math.log(2)),
        ("squared_error", 4, 0.5),
        ("hinge", 1, 1.0),
    ],
)
def test_a_net_that_says_nothing_has_this_loss(function: LossName, outputs: int, loss: float) -> None:
    assert silent_loss(function, outputs) == pytest.approx(loss)


@pytest.fixture(scope="module")
def device(backend: Backend) -> Device:
    """On two threads, where there are any."""
    return backend.device(2)


def warned_of(device: Device, *settings: str) -> list[Warned]:
    experiment = experiment_of(NET, *settings)
    seen = list[Event]()
    with suppress(DivergedError):  # as an explosion may end
        seen.extend(train(experiment, data_of(experiment), device=device, milestone=1))
    return [event for event in seen if isinstance(event, Warned) and event.code == "W402"]


def test_an_explosion_is_told_once_with_its_place_and_its_rate(device: Device) -> None:
    assert warned_of(device) == []
    (warned,) = warned_of(device, "train.sgd.rate=2", "train.sgd.momentum=0.9")
    assert warned.message.startswith("the loss has exploded by step 9 (epoch 1): ")
    assert warned.message.endswith(" at its lowest; learning rate 2")
    assert "train.sgd.rate=0.2" in warned.helps[0]


def test_the_rate_that_is_told_is_that_of_the_step_however_many_come_in_a_call(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Warned] = []
    for steps in (1, 20):
        monkeypatch.setattr(Pace, "steps", property(lambda pace, steps=steps: steps))
        experiment = experiment_of(NET, "train.sgd.rate=2", "train.sgd.momentum=0.9", "train.schedule=cosine")
        with suppress(DivergedError):
            events = train(experiment, data_of(experiment), device=backend.device())
            found += [event for event in events if isinstance(event, Warned) and event.code == "W402"]
    assert len(found) == 2
    assert found[0] == found[1]


def test_the_next_sitting_remembers(tmp_path: Path) -> None:
    peak = LossPeak(1.5, 32, 40.0, Explosion(17, 256, 50.0, 1.5))
    (tmp_path / "kept").write_bytes(encode_snapshot(Snapshot(Position(loss_peak=peak), {})))
    assert read_checkpoint(tmp_path / "kept").position.loss_peak == peak
