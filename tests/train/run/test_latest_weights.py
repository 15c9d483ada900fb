"""A run that has not ended is of use: it has the weights of its last checkpoint, and that is said."""

import json
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import DataError, UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Event, Progress
from netspec.train.run.begin import DataPlaces, Origin, begin
from netspec.train.run.cadence import Saving
from netspec.train.run.checkpoint import checkpoint_paths, newest_whole
from netspec.train.run.folder import open_run, run_experiment
from netspec.train.run.latest_weights import holds_weights, run_weights, state
from netspec.train.run.lock import RunLock
from netspec.train.run.options import RunOptions
from netspec.train.step.scores import Weights
from netspec.train.use.trained import from_run

SPEC = """net n { input 1x8x8; dense 10 }
data digits validate=0.3 take=120
train { sgd rate=0.5 momentum=0.9; batch 32; epochs 3 }
"""


def events_of(device: Device, folder: Path, text: str = SPEC) -> Generator[Event, None, None]:
    source = Source("<text>", text)
    return begin(
        check_experiment(source),
        Origin(source, {}),
        places=DataPlaces(),
        device=device,
        folder=folder,
        options=RunOptions(Saving(steps=1, keep=3)),
    ).events


def killed(device: Device, folder: Path, when: Callable[[Event], bool], text: str = SPEC) -> Path:
    """The folder of a run as a kill at this event leaves it: a checkpoint a step, and a record that says running."""
    with closing(events_of(device, folder, text)) as events:
        next(event for event in events if when(event))
        left = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in left]:
        path.unlink()
    for path, content in left.items():
        path.write_bytes(content)
    assert json.loads((folder / "run.json").read_bytes())["status"] == "running"
    return folder


def done(epoch: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, EpochDone) and event.epoch == epoch


def found(folder: Path) -> tuple[Weights, str]:
    run = open_run(folder)
    weights = run_weights(run, run_experiment(run).graph)
    assert weights is not None
    return weights[0], "\n".join(weights[1])


def equal(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def change(folder: Path, **values: object) -> None:
    record = folder / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), **values}))


def test_a_run_that_has_ended_has_the_weights_of_its_end_and_nothing_is_said(device: Device, tmp_path: Path) -> None:
    list(events_of(device, tmp_path / "run"))
    weights, said = found(tmp_path / "run")
    assert said == ""
    assert equal(weights, from_run(tmp_path / "run").weights)
    assert state(open_run(tmp_path / "run")) == "finished"


def test_a_killed_run_has_the_weights_of_its_last_checkpoint(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", done(2))
    assert not (run / "weights.safetensors").exists()
    weights, said = found(run)
    assert said == f"`{run}` was killed: these are the weights of its last checkpoint, after epoch 2 (step 6)"
    whole = events_of(device, tmp_path / "whole", SPEC.replace("epochs 3", "epochs 2"))
    list(whole)
    assert equal(weights, found(tmp_path / "whole")[0])
    assert from_run(run).notices == (said,)


def test_a_place_within_an_epoch_is_told(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", lambda event: isinstance(event, Progress) and event.step == 5)
    assert found(run)[1].endswith("its last checkpoint, in epoch 2 (step 5)")


def test_weights_of_a_sitting_before_are_not_taken_where_a_checkpoint_is_newer(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", done(2))
    other = tmp_path / "other"
    list(events_of(device, other))
    (run / "weights.safetensors").write_bytes((other / "weights.safetensors").read_bytes())
    for status in ("running", "interrupted", "failed", "diverged"):
        change(run, status=status)
        assert not equal(found(run)[0], found(other)[0])


def test_with_an_early_stop_it_has_the_weights_of_the_best_epoch(device: Device, tmp_path: Path) -> None:
    text = SPEC.replace("rate=0.5", "rate=5").replace("epochs 3", "stop patience=9; epochs 4")
    run = killed(device, tmp_path / "run", done(4), text)
    losses = [json.loads(line)["validation_loss"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    best = losses.index(min(losses)) + 1
    weights, said = found(run)
    assert f"the weights of epoch {best}, the best at its last checkpoint" in said
    newest, _ = newest_whole(run)
    assert newest is not None
    assert equal(weights, newest[1].best)


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_taken(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", done(2))
    newest = checkpoint_paths(run)[0]
    newest.write_bytes(newest.read_bytes()[:-7])
    _, said = found(run)
    assert "is damaged" in said
    assert "in epoch 2 (step 5)" in said


def test_before_the_first_checkpoint_there_are_no_weights(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", done(1))
    for path in checkpoint_paths(run):
        path.unlink()
    assert not holds_weights(open_run(run))
    assert run_weights(open_run(run), run_experiment(open_run(run)).graph) is None
    with pytest.raises(UsageError, match="go on with it: `netspec train --resume") as caught:
        from_run(run)
    assert caught.value.code == "E464"
    with closing(RunLock(run)), pytest.raises(UsageError, match="wait for its first checkpoint"):
        from_run(run)


def test_the_checkpoint_of_another_net_is_refused(device: Device, tmp_path: Path) -> None:
    run = killed(device, tmp_path / "run", done(1))
    spec = run / "n.net"
    spec.write_text(spec.read_text().replace("dense 10", "dense 11"))
    with pytest.raises(DataError) as caught:
        from_run(run)
    assert caught.value.code == "E542"


def test_a_run_is_killed_where_its_record_says_running_and_nobody_has_its_folder(
    device: Device, tmp_path: Path
) -> None:
    run = killed(device, tmp_path / "run", done(1))
    assert state(open_run(run)) == "killed"
    with closing(RunLock(run)):
        assert state(open_run(run)) == "running"
        assert "is being trained right now" in found(run)[1]
    for status in ("interrupted", "failed", "diverged", "finished"):
        change(run, status=status)
        assert state(open_run(run)) == status
