"""A run folder is written while the events pass, and holds the weights however the training ends."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.diagnostics.failure import DataError, DeviceError, DivergedError
from netspec.train.events import EpochDone, Event, Finished, Started
from netspec.train.run.cadence import Saving
from netspec.train.run.checkpoint import checkpoint_paths, write_checkpoint
from netspec.train.run.document import Run
from netspec.train.run.folder import WEIGHTS, open_run, save_record
from netspec.train.run.options import RunOptions
from netspec.train.run.record import record
from netspec.train.run.weights import expected_shapes, read_weights
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import Scores, Weights
from netspec.train.step.snapshot import Position, Snapshot
from tests.train.nets import small_graph


def weights(value: float) -> Weights:
    return {name: np.full(shape, value, np.float32) for name, shape in expected_shapes(small_graph()).items()}


def started(now: Weights) -> Started:
    return Started("small", 14, 100, 20, 0, 2, 10, 10, 4096, lambda: now, lambda: Snapshot(Position(step=7), now))


def done(epoch: int) -> EpochDone:
    return EpochDone(epoch, 2, 10 * epoch, 0.1, Scores(100, 0.5, 0.75), Scores(20, 0.625, 0.5), 1.5, 66.6)


END = Finished(2, 20, 3.0, Scores(100, 0.5, 0.75), Scores(20, 0.625, 0.5), None, weights(2.0), 2, 1)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path, "small.net", {}, (), 1, None, Preparation((3, 1, 1), (0, 0, 0), (1, 1, 1)), {})
    save_record(made)
    return made


def kept(run: Run) -> float:
    """The value that all weights in the run's file have."""
    (value,) = {float(x) for array in read_weights(run.folder / WEIGHTS, small_graph()).values() for x in array.flat}
    return value


def test_events_pass_unchanged_and_everything_is_written(run: Run) -> None:
    events: list[Event] = [started(weights(1.0)), done(1), done(2), END]
    assert list(record(run, iter(events))) == events
    assert kept(run) == 2.0
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["train_loss"], line["validation_accuracy"]) for line in lines] == [
        (1, 0.5, 0.5),
        (2, 0.5, 0.5),
    ]
    result = open_run(run.folder)
    assert (result.status, result.result["test_accuracy"], result.result["epochs"]) == ("finished", None, 2)
    assert (result.result["kept_epoch"], result.result["best_epoch"]) == (2, 1)
    with Image.open(run.folder / "curve.png") as curve:
        assert curve.format == "PNG"
        assert curve.width > curve.height > 300


def test_ctrl_c_in_the_training_keeps_the_weights(run: Run) -> None:
    def events() -> Iterator[Event]:
        yield started(weights(1.0))
        yield done(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(record(run, events()))
    assert kept(run) == 1.0
    assert open_run(run.folder).status == "interrupted"
    assert len(checkpoint_paths(run.folder)) == 1
    assert (run.folder / "curve.png").exists()


def test_ctrl_c_while_compiling_is_recorded(run: Run) -> None:
    def events() -> Iterator[Event]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        list(record(run, events()))
    assert open_run(run.folder).status == "interrupted"
    assert not (run.folder / "weights.safetensors").exists()


def test_a_listener_that_stops_keeps_the_weights(run: Run) -> None:
    events = record(run, iter([started(weights(1.0)), done(1), END]))
    next(events)
    events.close()
    assert kept(run) == 1.0


def test_a_listener_that_stops_after_the_end_changes_nothing(run: Run) -> None:
    events = record(run, iter([started(weights(1.0)), done(1), END]))
    for _ in range(3):
        next(events)
    events.close()
    assert kept(run) == 2.0
    assert open_run(run.folder).status == "finished"


def test_ctrl_c_before_the_first_step_leaves_no_weights(run: Run) -> None:
    def events() -> Iterator[Event]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        list(record(run, events()))
    assert not (run.folder / WEIGHTS).exists()


def test_a_training_that_diverges_is_marked_and_leaves_no_weights(run: Run) -> None:
    def events() -> Iterator[Event]:
        yield started(weights(np.nan))
        raise DivergedError("E460", "the loss is no longer a number")

    with pytest.raises(DivergedError):
        list(record(run, events()))
    assert open_run(run.folder).status == "diverged"
    assert not (run.folder / WEIGHTS).exists()


@pytest.mark.parametrize(
    "error", [DeviceError("E590", "no memory"), DataError("E540", "no space"), RuntimeError("a bug")]
)
def test_a_training_that_fails_is_marked(run: Run, error: Exception) -> None:
    def events() -> Iterator[Event]:
        yield started(weights(1.0))
        raise error

    with pytest.raises(type(error)):
        list(record(run, events()))
    assert open_run(run.folder).status == "failed"


@pytest.mark.parametrize("snapshot", [None, Snapshot(Position(step=7), weights(np.inf))])
def test_a_step_that_was_broken_off_or_did_harm_is_not_saved(run: Run, snapshot: Snapshot | None) -> None:
    def events() -> Iterator[Event]:
        yield replace(started(weights(1.0)), snapshot=lambda: snapshot)
        yield done(1)
        raise KeyboardInterrupt

    asked = replace(run, options=RunOptions(Saving(steps=1)))
    with pytest.raises(KeyboardInterrupt):
        list(record(asked, events()))
    assert open_run(run.folder).status == "interrupted"
    assert checkpoint_paths(run.folder) == []
    assert not (run.folder / WEIGHTS).exists()


@pytest.mark.parametrize(
    ("saving", "steps"),
    [(Saving(), [7]), (Saving(steps=5), [7]), (Saving(keep=2), [7, 5]), (Saving(keep=3), [7, 5, 3])],
)
def test_at_the_end_the_last_checkpoint_stays_and_those_asked_for(run: Run, saving: Saving, steps: list[int]) -> None:
    for step in (1, 3, 5):
        write_checkpoint(run.folder, Snapshot(Position(step=step), weights(0.0)), 3)
    asked = replace(run, options=RunOptions(saving))
    list(record(asked, iter([started(weights(1.0)), done(1), END])))
    assert [int(path.stem.removeprefix("step-")) for path in checkpoint_paths(run.folder)] == steps


def test_a_loss_that_is_not_finite_is_null_in_the_metrics(run: Run) -> None:
    broken = EpochDone(1, 2, 10, 0.1, Scores(100, 0.5, 0.75), Scores(20, float("nan"), 0.5), 1.5, 66.6)
    list(record(run, iter([started(weights(1.0)), broken])))
    (line,) = (run.folder / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["validation_loss"] is None
