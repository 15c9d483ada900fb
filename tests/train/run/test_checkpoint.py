"""A checkpoint is read back to the bit, or is told to be damaged and the one before it is used."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import DataError
from netspec.train.run import files
from netspec.train.run.checkpoint import checkpoint_paths, clear_checkpoints, newest_snapshot, sweep, write_checkpoint
from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.loss_curve import LossCurve
from netspec.train.step.scores import RunningSums, Scores
from netspec.train.step.snapshot import Elapsed, Position, Snapshot

SHAPES = {"conv1.weight": (2, 3), "conv1.weight.velocity": (2, 3), "scale": ()}
POSITION = Position(
    epochs=3,
    step=1234,
    rate=0.1,
    sums=RunningSums(96, 0.1 + 0.2, 17.0),
    loss_curve=LossCurve((1 / 3, 0.1)),
    training=Scores(100, 1 / 3, 2 / 3),
    validation=None,
    best=Scores(10, 1e-300, 1.0),
    early_stopping=EarlyStopping(0.1, 2, 1, 4),
)


def snapshot(step: int) -> Snapshot:
    drawn = np.random.default_rng(step)
    arrays = {name: drawn.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
    best = {"conv1.weight": np.full((2, 3), -0.0, np.float32)}
    return Snapshot(replace(POSITION, step=step), arrays, best, Elapsed(12.3, 0.7, 0.2))


def same(one: Snapshot, other: Snapshot) -> bool:
    arrays = [(one.arrays, other.arrays), (one.best, other.best)]
    return one.position == other.position and all(
        a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a) for a, b in arrays
    )


def newest(run: Path) -> tuple[Snapshot | None, tuple[str, ...]]:
    return newest_snapshot(run, SHAPES)


def test_what_was_written_is_read_back_to_the_bit(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, snapshot(7), keep=2)
    found, notices = newest(tmp_path)
    assert found is not None
    assert same(found, snapshot(7))
    assert found.elapsed == Elapsed(12.3, 0.7, 0.2)
    assert notices == ()


def test_the_time_that_it_took_changes_no_byte_of_a_checkpoint(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0):
        write_checkpoint(
            tmp_path / str(seconds), replace(snapshot(7), elapsed=Elapsed(seconds, seconds, seconds)), keep=2
        )
    one, other = (checkpoint_paths(tmp_path / str(seconds))[0].read_bytes() for seconds in (1.0, 2.0))
    assert one == other


@pytest.mark.parametrize(
    "time", [None, "", "null", "[" * 99_999, '{"seconds": 1, "epoch_seconds": 1, "waited_seconds": NaN}', "{}", "\0"]
)
def test_a_time_that_cannot_be_read_is_none(tmp_path: Path, time: str | None) -> None:
    write_checkpoint(tmp_path, snapshot(7), keep=2)
    path = tmp_path / "checkpoints/time.json"
    path.unlink() if time is None else path.write_text(time)
    found, notices = newest(tmp_path)
    assert found is not None
    assert same(found, snapshot(7))
    assert found.elapsed == Elapsed()
    assert notices == ()


def test_the_last_few_are_kept_and_the_newest_is_used(tmp_path: Path) -> None:
    for step in (5, 90, 1000, 123_456):
        write_checkpoint(tmp_path, snapshot(step), keep=3)
    assert [path.name for path in checkpoint_paths(tmp_path)] == [
        f"step-{step:012}.safetensors" for step in (123_456, 1000, 90)
    ]
    found, _ = newest(tmp_path)
    assert found is not None
    assert found.position.step == 123_456


def test_without_a_checkpoint_there_is_nothing_and_nothing_is_said(tmp_path: Path) -> None:
    assert newest(tmp_path) == (None, ())


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "another last bit": lambda content: flip(content, len(content) - 1),
    "another position": lambda content: content.replace(b'\\"step\\": 20', b'\\"step\\": 21'),
    "zeros": lambda content: bytes(len(content)),
    "longer": lambda content: content + b"x",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_told_and_the_one_before_it_used(tmp_path: Path, damage) -> None:
    write_checkpoint(tmp_path, snapshot(10), keep=2)
    write_checkpoint(tmp_path, snapshot(20), keep=2)
    path = checkpoint_paths(tmp_path)[0]
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    found, notices = newest(tmp_path)
    assert found is not None
    assert same(found, snapshot(10))
    (notice,) = notices
    assert f"{path.name}` is damaged: " in notice
    assert notice.endswith("; the training goes on from step 10")


@pytest.mark.parametrize("keep", [1, 2])
def test_what_goes_on_behind_damaged_checkpoints_is_kept_in_their_place(tmp_path: Path, keep: int) -> None:
    for step in (10, 20, 30):
        write_checkpoint(tmp_path, snapshot(step), keep=3)
    for path in checkpoint_paths(tmp_path)[:2]:
        path.write_bytes(b"nothing")
    for step in (15, 18):
        write_checkpoint(tmp_path, snapshot(step), keep)
        found, notices = newest(tmp_path)
        assert found is not None
        assert same(found, snapshot(step))
        assert notices == ()
        assert len(checkpoint_paths(tmp_path)) == keep


def test_where_all_are_damaged_the_training_starts_again(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, snapshot(10), keep=2)
    checkpoint_paths(tmp_path)[0].write_bytes(b"nothing")
    found, (notice,) = newest(tmp_path)
    assert found is None
    assert notice.endswith("; the training starts again")


def test_another_nets_checkpoint_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, snapshot(10), keep=2)
    with pytest.raises(DataError) as caught:
        newest_snapshot(tmp_path, {**SHAPES, "conv1.weight": (3, 2)})
    assert caught.value.code == "E542"
    assert "`conv1.weight` differs" in caught.value.notes


def test_a_write_that_fails_leaves_the_checkpoints_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path, snapshot(10), keep=1)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DataError) as caught:
        write_checkpoint(tmp_path, snapshot(20), keep=1)
    assert caught.value.code == "E540"
    found, notices = newest(tmp_path)
    assert found is not None
    assert same(found, snapshot(10))
    assert notices == ()
    assert len([*(tmp_path / "checkpoints").iterdir()]) == 2  # the checkpoint and its time


KILLED = """
import os, sys
from pathlib import Path
from tests.train.dying import die
from tests.train.run.test_checkpoint import snapshot, write_checkpoint
for moment in range(1000):
    run = Path(sys.argv[1], str(moment))
    write_checkpoint(run, snapshot(10), keep=1)
    if child := os.fork():
        if os.waitpid(child, 0)[1] == 0:
            break
    else:
        die(1, moment)
        write_checkpoint(run, snapshot(20), keep=1)
        os._exit(0)
"""


def test_a_kill_at_any_moment_of_the_writing_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=Path(__file__).parents[3], check=True)
    runs = sorted(tmp_path.iterdir(), key=lambda run: int(run.name))
    halves = [path.stat().st_size for path in tmp_path.rglob(".*.part")]
    assert 0 < min(size for size in halves if size) < max(halves)
    steps: list[int] = []
    for run in runs:
        found, notices = newest(run)
        assert found is not None
        assert same(found, snapshot(found.position.step))
        assert notices == ()
        steps.append(found.position.step)
        sweep(run)
        write_checkpoint(run, snapshot(20), keep=1)
        assert [path.read_bytes() for path in checkpoint_paths(run)] == [checkpoint_paths(runs[-1])[0].read_bytes()]
        assert len([*(run / "checkpoints").iterdir()]) == 2
    assert steps == sorted(steps)
    assert {*steps} == {10, 20}


def test_what_a_kill_left_half_written_is_swept_away(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, snapshot(10), keep=1)
    half = [tmp_path / ".weights.safetensors.1.part", tmp_path / "checkpoints/.step-2.safetensors.1.part"]
    for path in half:
        path.write_bytes(b"half")
    sweep(tmp_path)
    assert not any(path.exists() for path in half)
    assert len(checkpoint_paths(tmp_path)) == 1
    clear_checkpoints(tmp_path)
    assert [*(tmp_path / "checkpoints").iterdir()] == []
