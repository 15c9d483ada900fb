"""An edit of the `data` line in a run's folder is told wherever the line would have been read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import netspec
from netspec.train.run.data_line import edits_of
from netspec.train.run.folder import open_run
from tests.cli.harness import refused, run, run_json

SPEC = """net n { input 1x8x8; dense 10 }
data "sets/own.npz" validate=0.3
train { batch 32; epochs 1 }
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spec in the folder `one` of a run that is finished."""
    monkeypatch.chdir(tmp_path)
    write_set(Path("sets/own.npz"))
    Path("n.net").write_text(SPEC)
    assert run("train", "n.net", "--run", "one").exit_code == 0
    return Path("one/n.net")


def write_set(path: Path, factor: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 120, (60, 8, 8), np.uint8)
    np.savez(path, x=pixels * np.uint8(factor), y=np.arange(60) % 10)


def edits(spec: Path) -> tuple[str, ...]:
    return edits_of(open_run(spec.parent))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("validate=0.3", "validate=0.2", "`data.validate` was 0.3 and is 0.2"),
        ("validate=0.3", "validate=0.3 take=40", "`data.take` was not there and is 40"),
        (" validate=0.3", " validate=0.3 classes=(0 3)", "`data.classes` was not there and is (0 3)"),
        ("own.npz", "other.npz", "and is one/sets/other.npz"),
        ("sets/own.npz", "/nowhere/own.npz", "and is /nowhere/own.npz"),
        ('data "sets/own.npz" validate=0.3', "", "`data` names no data"),
    ],
)
def test_an_edit_is_told_and_stops_what_trains(spec: Path, old: str, new: str, told: str) -> None:
    before = spec.read_text()
    spec.write_text(before.replace(old, new))
    assert told in " ".join(edits(spec))
    for words in (
        ("train", "--resume", "one"),
        ("train", "--resume", "one", "--force"),
        ("reproduce", "one", "--force"),
    ):
        done = run(*words)
        refused(done, 1, "E483")
        assert told in done.stderr
        assert "train anew: `netspec train one/n.net" in done.stderr
    for words, code in (
        (("train", "--resume", "one", "--set", "train.epochs=2"), "E468"),
        (("reproduce", "one"), "E469"),
    ):
        done = run(*words)
        refused(done, 2, code)
        assert told in done.stderr
        assert "is not read: a run keeps its data" in done.stderr
        assert "--force" not in done.stderr
    with pytest.raises(netspec.SpecError) as caught, pytest.warns(UserWarning, match="not read"):
        netspec.load("one").train(run="one", resume=True, force=True)
    assert caught.value.code == "E483"
    spec.write_text(before)
    assert run("train", "--resume", "one", "--force").exit_code == 0


def test_who_measures_is_told_that_the_line_is_not_read(spec: Path) -> None:
    asked = ("evaluate", "one"), ("evaluate", "one", "--set", "data.normalize=unit")
    images = [run_json(*words)["images"] for words in asked]
    assert [run(*words).stderr for words in asked] == [run(*asked[0]).stderr] * 2
    spec.write_text(spec.read_text().replace("validate=0.3", "validate=0.5"))
    for words in (*asked, ("evaluate", "one", "--weights", "one/weights.safetensors")):
        assert "has been edited and is not read" in run(*words).stderr
    assert [run_json(*words)["images"] for words in asked] == images
    assert "edited" not in run("evaluate", "one", "--data", "sets/own.npz").stderr
    assert run_json("evaluate", "one", "--set", "data.validate=0.4")["images"] == 24


def test_what_names_the_same_data_is_no_edit(spec: Path, tmp_path: Path) -> None:
    text = spec.read_text()
    for same in (
        text.replace("validate=0.3", "validate=0.30 normalize=standard  # the default"),
        text.replace("sets/own", "sets/../sets/own"),
        text.replace("sets/own.npz", str(tmp_path / "sets/own.npz")),
        text.replace("epochs 1", "epochs 2"),
    ):
        spec.write_text(same)
        assert edits(spec) == ()
    os.rename("one", "two")
    assert edits(Path("two/n.net")) == ()


def test_data_from_outside_are_those_of_the_run_whatever_its_line_says(spec: Path) -> None:
    assert run("train", "n.net", "--data", "sets/own.npz", "--run", "two", "--set", "data.validate=0.2").exit_code == 0
    other = Path("two/n.net")
    other.write_text(other.read_text().replace("sets/own.npz", "elsewhere.npz").replace("validate=0.3", "validate=0.1"))
    assert edits(other) == ()


def test_data_that_have_changed_are_prepared_by_their_own_statistics_once_a_run_is_forced_on(spec: Path) -> None:
    write_set(Path("sets/own.npz"), factor=2)
    refused(run("train", "--resume", "one", "--set", "train.epochs=2"), 2, "E468")
    said = run_json("train", "--resume", "one", "--set", "train.epochs=2", "--force")
    assert run_json("evaluate", "one")["loss"] == said["validation_loss"]
