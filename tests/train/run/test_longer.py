"""A run is trained for longer to the bits of one that had the epochs from the start, or is told why it cannot be."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import Schedule
from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Finished
from netspec.train.run.begin import DataPlaces, Origin, begin
from netspec.train.run.checkpoint import checkpoint_paths
from netspec.train.run.folder import open_run, run_experiment
from netspec.train.run.longer import sets_epochs
from netspec.train.run.reproduce import Comparison, begin_again
from netspec.train.run.resume import resume
from netspec.train.step.schedules import LENGTH_BOUND, RULES, Moment, rate_at

SPEC = """net n { input 1x8x8; dense 10 }
data digits validate=0.3 take=120
train { sgd rate=0.5 momentum=0.9; schedule SCHEDULE; batch 32; epochs EPOCHS }
"""
FREE = (
    "constant",
    "constant warmup=2.5",
    "step every=1.5 factor=0.5",
    "step at=(1 3) factor=0.3 warmup=1",
    "exponential factor=0.7",
    "plateau factor=0.5 patience=1",
)
BOUND = ("cosine", "onecycle", "cosine warmup=1")


def spec(schedule: str, epochs: int) -> str:
    return SPEC.replace("SCHEDULE", schedule).replace("EPOCHS", str(epochs))


def trained(device: Device, text: str, folder: Path, until: int | None = None, *given: str) -> Path:
    """The folder of a run of this spec, broken off after epoch number `until`."""
    source = Source("<text>", text)
    begun = begin(
        check_experiment(source, settings=given),
        Origin(source, {}, given),
        places=DataPlaces(),
        device=device,
        folder=folder,
    )
    for event in begun.events:
        if isinstance(event, EpochDone) and event.epoch == until:
            begun.events.close()
            break
    return folder


def longer(device: Device, folder: Path, *given: str, force: bool = False) -> int:
    """Goes on with a run, with these settings too; how many epochs it then has."""
    run = open_run(folder)
    begun = resume(run, run_experiment(run, given), places=DataPlaces(), device=device, force=force)
    *_, end = begun.events
    assert isinstance(end, Finished)
    return end.epochs


def kept(folder: Path) -> tuple[bytes, bytes, list[dict]]:
    """What must be the same: weights, last checkpoint, and figures that no clock decides."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    clock = {"seconds", "images_per_second", "waited_seconds"}
    figures = [{key: value for key, value in line.items() if key not in clock} for line in lines]
    return (folder / "weights.safetensors").read_bytes(), checkpoint_paths(folder)[0].read_bytes(), figures


def edited(folder: Path, old: str, new: str) -> None:
    text = (folder / "n.net").read_text()
    assert old in text
    (folder / "n.net").write_text(text.replace(old, new))


@settings(max_examples=12)
@given(st.sampled_from(FREE), st.integers(1, 4), st.integers(1, 3), st.booleans(), st.data())
def test_more_epochs_come_to_the_bits_of_a_run_that_had_them_from_the_start(
    device: Device,
    tmp_path_factory: pytest.TempPathFactory,
    schedule: str,
    first: int,
    more: int,
    told: bool,
    data: st.DataObject,
) -> None:
    here = tmp_path_factory.mktemp("runs")
    whole = trained(device, spec(schedule, first + more), here / "whole")
    until = data.draw(st.one_of(st.none(), st.integers(1, first)), label="broken off after")
    cut = trained(device, spec(schedule, first), here / "cut", until)
    if told:
        assert longer(device, cut, f"train.epochs={first + more}") == first + more
    else:
        edited(cut, f"epochs {first}", f"epochs {first + more}")
        assert longer(device, cut) == first + more
    assert kept(cut) == kept(whole)
    assert run_experiment(open_run(cut)).train.epochs == first + more


def test_a_run_trained_for_longer_is_reproduced_from_its_folder(device: Device, tmp_path: Path) -> None:
    cut = trained(device, spec("constant", 2), tmp_path / "cut", None, "train.epochs=1")
    for epochs in (3, 4):
        longer(device, cut, f"train.epochs={epochs}")
    run = open_run(cut)
    assert run.settings == ("train.epochs=4",)
    assert (cut / "n.net").read_text() == f"# Run with --set train.epochs=4\n{spec('constant', 2)}"
    comparison = Comparison(run)
    again = begin_again(run, run_experiment(run), places=DataPlaces(), device=device, folder=None)
    list(comparison.following(again.events))
    assert comparison.equal


@pytest.mark.parametrize("edit", ["let", "line", "comment"])
def test_it_is_the_epochs_that_count_and_not_how_the_spec_writes_them(
    device: Device, tmp_path: Path, edit: str
) -> None:
    text = spec("constant", 2)
    whole = trained(device, spec("constant", 3), tmp_path / "whole")
    before, old, new = {
        "let": ("let E = 2\n" + text.replace("epochs 2", "epochs E"), "let E = 2", "let E = 3"),
        "line": (text.replace("; epochs 2", "") + "\n", "batch 32", "batch 32; epochs 3"),
        "comment": (text, "epochs 2", "epochs    3  # more\n"),
    }[edit]
    until = 2 if edit == "line" else None  # then the default of 10 is what it was to have
    cut = trained(device, before, tmp_path / "cut", until)
    edited(cut, old, new)
    assert longer(device, cut) == 3
    assert kept(cut) == kept(whole)


@pytest.mark.parametrize("schedule", BOUND)
@pytest.mark.parametrize("until", [None, 2])
def test_a_schedule_over_all_epochs_is_refused_with_the_reason(
    device: Device, tmp_path: Path, schedule: str, until: int | None
) -> None:
    run = trained(device, spec(schedule, 3), tmp_path / "run", until)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(UsageError) as caught:
        longer(device, run, "train.epochs=5")
    assert caught.value.code == "E476"
    assert f"`schedule {schedule.split()[0]}`" in " ".join(caught.value.notes)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert longer(device, run, "train.epochs=5", force=True) == 5


def test_a_warmup_that_is_tied_to_the_epochs_is_refused_by_name(device: Device, tmp_path: Path) -> None:
    text = "let E = 4\n" + spec("constant warmup=(E / 2)", 4).replace("epochs 4", "epochs E")
    run = trained(device, text, tmp_path / "run")
    edited(run, "let E = 4", "let E = 8")
    with pytest.raises(UsageError) as caught:
        longer(device, run)
    assert caught.value.code == "E468"
    assert "`train.schedule.warmup` was 2 and is 4" in caught.value.notes


def test_without_a_checkpoint_any_schedule_begins_with_the_new_epochs(device: Device, tmp_path: Path) -> None:
    whole = trained(device, spec("cosine", 3), tmp_path / "whole")
    run = trained(device, spec("cosine", 2), tmp_path / "run", 1)
    for path in checkpoint_paths(run):
        path.unlink()
    assert longer(device, run, "train.epochs=3") == 3
    assert kept(run) == kept(whole)


def test_no_training_is_taken_back_also_with_force(device: Device, tmp_path: Path) -> None:
    run = trained(device, spec("constant", 3), tmp_path / "run")
    record = (run / "run.json").read_bytes()
    for force in (False, True):
        with pytest.raises(UsageError) as caught:
            longer(device, run, "train.epochs=2", force=force)
        assert caught.value.code == "E476"
        assert "epoch 3 has begun" in " ".join(caught.value.notes)
    assert (run / "run.json").read_bytes() == record


@pytest.mark.parametrize("force", [False, True])
def test_a_training_that_stop_has_ended_is_refused_also_with_force(device: Device, tmp_path: Path, force: bool) -> None:
    text = spec("constant", 9).replace("rate=0.5", "rate=5").replace("epochs 9", "stop patience=1; epochs 9")
    run = trained(device, text, tmp_path / "run")
    done = len(kept(run)[2])
    assert done < 9
    with pytest.raises(UsageError) as caught:
        longer(device, run, "train.epochs=20", force=force)
    assert caught.value.code == "E476"
    assert f"`stop patience=1` ended it after epoch {done}" in " ".join(caught.value.notes)
    assert longer(device, run, "train.epochs=8") == done  # as a run of 8 would have ended


def test_a_stop_that_has_not_come_ends_the_longer_training(device: Device, tmp_path: Path) -> None:
    def text(epochs: int) -> str:
        return spec("plateau factor=0.5 patience=1", epochs).replace("; epochs", "; stop patience=3; epochs")

    whole, cut = trained(device, text(25), tmp_path / "whole"), trained(device, text(2), tmp_path / "cut")
    assert longer(device, cut, "train.epochs=25") == len(kept(whole)[2])
    assert kept(cut) == kept(whole)


def test_fewer_epochs_than_have_begun_are_refused_and_fewer_that_have_not_are_not(
    device: Device, tmp_path: Path
) -> None:
    whole = trained(device, spec("constant", 3), tmp_path / "whole")
    cut = trained(device, spec("constant", 9), tmp_path / "cut", 2)
    with pytest.raises(UsageError) as caught:
        longer(device, cut, "train.epochs=1")
    assert caught.value.code == "E476"
    assert "epoch 2 has begun" in " ".join(caught.value.notes)
    assert longer(device, cut, "train.epochs=3") == 3
    assert kept(cut) == kept(whole)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rate=0.5", "rate=0.4", "`train.sgd.rate` was 0.5 and is 0.4"),
        ("validate=0.3", "validate=0.2", "`data.validate` was 0.3 and is 0.2"),
        ("take=120", "take=100", "`data.take` was 120 and is 100"),
        ("data digits", "data shapes size=8x8", "`data.source` was digits and is shapes"),
    ],
)
def test_what_changes_beside_the_epochs_is_refused(
    device: Device, tmp_path: Path, old: str, new: str, told: str
) -> None:
    run = trained(device, spec("constant", 2), tmp_path / "run")
    edited(run, old, new)
    edited(run, "epochs 2", "epochs 3")
    with pytest.raises(UsageError) as caught:
        longer(device, run)
    assert caught.value.code == "E468"
    assert told in caught.value.notes
    assert "`train.epochs` was 2 and is 3" in caught.value.notes


def test_files_beside_the_spec_are_the_same_data_when_a_run_of_them_goes_on(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sets").mkdir()
    draw = np.random.default_rng(3)
    np.savez("sets/own.npz", x=draw.integers(0, 255, (60, 8, 8), np.uint8), y=np.arange(60) % 10)
    text = spec("constant", 2).replace("data digits validate=0.3 take=120", 'data "sets/own.npz" validate=0.3')
    (tmp_path / "own.net").write_text(text)
    source = Source("own.net", text)
    begun = begin(
        check_experiment(source),
        Origin(source, {}),
        places=DataPlaces(),
        device=device,
        folder=Path("run"),
    )
    list(begun.events)
    edited(Path("run"), "epochs 2", "epochs 3")
    assert longer(device, Path("run")) == 3


def test_epochs_of_an_edited_spec_that_a_setting_hides_are_told_of(device: Device, tmp_path: Path) -> None:
    run = trained(device, spec("constant", 4), tmp_path / "run", None, "train.epochs=2")
    assert longer(device, run) == 2  # as it was: nothing has been hidden since it began
    edited(run, "epochs 4", "epochs 6")
    for force in (False, True):
        with pytest.raises(UsageError) as caught:
            longer(device, run, force=force)
        assert caught.value.code == "E478"
        assert "--set train.epochs=6" in caught.value.helps[0]
    assert longer(device, run, "train.epochs=6") == 6


@given(st.floats(0.1, 1), st.integers(1, 20), st.integers(1, 20), st.integers(0, 19), st.integers(0, 5))
def test_the_schedules_over_all_epochs_are_those_whose_rates_depend_on_them(
    factor: float, epochs: int, more: int, step: int, warmup: int
) -> None:
    for kind in RULES.keys() - LENGTH_BOUND:
        schedule = Schedule(kind, every=2 if kind == "step" else None, factor=factor, patience=1, warmup=warmup)
        begin = min(step, 4 * epochs - 1) / 4
        short, long = (Moment(begin, begin + 0.25, length) for length in (epochs, epochs + more))
        assert rate_at(schedule, 0.1, short) == rate_at(schedule, 0.1, long)


@pytest.mark.parametrize("kind", sorted(LENGTH_BOUND))
def test_a_schedule_over_all_epochs_has_other_rates_in_a_longer_training(kind: str) -> None:
    moments = (Moment(3.0, 3.25, length) for length in count(4))
    rates = [rate_at(Schedule(kind), 0.1, next(moments)) for _ in range(5)]
    assert len(set(rates)) == 5


def test_a_setting_of_the_epochs_is_known_by_its_key() -> None:
    assert all(map(sets_epochs, ("train.epochs=3", " train.epochs = (2*3)")))
    assert not any(map(sets_epochs, ("train.batch=3", "train.epochs.unit=3", "epochs=3", "data=train.epochs")))
