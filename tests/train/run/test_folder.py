"""Run folders: made whole, never overwritten unasked, and enough to build the same net again."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from netspec.data.levels import Levels
from netspec.diagnostics.failure import DataError, UsageError
from netspec.frontend import check, read_source
from netspec.ir.recipe import DataOptions, Experiment
from netspec.train.run import folder as run_module
from netspec.train.run.document import Run
from netspec.train.run.files import write_whole
from netspec.train.run.folder import check_folder, claim_folder, create_run, open_run, run_experiment, save_record
from netspec.train.step.preparation import Preparation

SPEC = """use "parts/blocks.net"
net small(D=8) { input 1 D D; stack 4; dense 2 }
data "images.npz" validate=0.25 classes=(0 3) resize=8x8
train { epochs 3; seed 7 }
"""
BLOCKS = 'use "more.net"\nblock stack(c) { conv c SIDE relu }\n'
MORE = "let SIDE = 3\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "parts").mkdir(parents=True)
    (home / "parts/blocks.net").write_text(BLOCKS)
    (home / "parts/more.net").write_text(MORE)
    (home / "mine.net").write_text(SPEC)
    return home / "mine.net"


def experiment_of(spec: Path, with_values: dict[str, str], settings: tuple[str, ...]) -> Experiment:
    checked = check(read_source(spec), with_values=with_values, settings=settings)
    assert isinstance(checked, Experiment)
    return checked


def run_of(spec: Path, folder: Path, with_values: dict[str, str] | None = None, settings: tuple[str, ...] = ()) -> Run:
    experiment = experiment_of(spec, with_values or {}, settings)
    run = Run(
        folder=folder,
        spec=experiment.graph.name,
        with_values=with_values or {},
        settings=settings,
        seed=experiment.train.seed,
        data=experiment.data,
        preparation=Preparation((1, 8, 8), (33.25,), (78.5,), Levels(), ("null", "drei")),
        versions={"netspec": "0.1.0"},
    )
    return create_run(replace(run, folder=claim_folder(folder, experiment.graph.name)), read_source(spec))


def test_the_same_net_and_recipe_come_back_from_the_folder(spec: Path, tmp_path: Path) -> None:
    given, settings = {"D": "12"}, ("train.epochs=5", "train.sgd.rate=0.25")
    run = run_of(spec, tmp_path / "run", given, settings)
    again = run_experiment(open_run(run.folder))
    first = experiment_of(spec, given, settings)
    assert again.graph.parameters == first.graph.parameters
    assert again.graph.inputs == first.graph.inputs
    assert replace(again.train, span=None, lines={}, schedule=replace(again.train.schedule, span=None)) == replace(
        first.train, span=None, lines={}, schedule=replace(first.train.schedule, span=None)
    )


def test_the_folder_needs_neither_the_spec_nor_the_files_it_used(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run")
    spec.rename(spec.with_suffix(".gone"))
    (spec.parent / "parts").rename(spec.parent / "moved")
    assert run_experiment(open_run(run.folder)).graph.name == "small"


def test_data_named_relative_to_the_spec_are_found_from_the_folder(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run")
    data = run_experiment(open_run(run.folder)).data
    assert data is not None
    assert Path(data.source) == spec.parent / "images.npz"
    assert (data.validate, data.classes, data.resize) == (0.25, (0, 3), (8, 8))


def test_data_named_for_an_evaluation_take_the_place_of_the_runs(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run")
    data = run_experiment(open_run(run.folder), ("data=digits",)).data
    assert data is not None
    assert data.source == "digits"


def test_settings_that_change_how_data_are_used_keep_where_they_lie(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run", settings=('data.test="b.npz"',))
    data = run_experiment(open_run(run.folder), ("data.validate=0.5", "data.classes=(3 0)")).data
    assert data is not None
    assert (Path(data.source), data.validate, data.classes) == (spec.parent / "images.npz", 0.5, (3, 0))
    assert data.test == run_experiment(open_run(run.folder)).data.test  # pyright: ignore[reportOptionalMemberAccess]
    other = run_experiment(open_run(run.folder), ('data.test="/other.npz"',)).data
    assert other is not None
    assert (Path(other.source), other.test) == (spec.parent / "images.npz", "/other.npz")


def test_what_was_recorded_is_read_back(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run", {"D": "9"}, ("train.seed=3",))
    finished = replace(run, status="finished", result={"epochs": 3, "test_accuracy": None})
    save_record(finished)
    read = open_run(run.folder)
    assert replace(read, data=None) == replace(finished, data=None)
    assert isinstance(read.data, DataOptions)


def test_overrides_stand_above_the_spec_as_it_was_run(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run", {"D": "9"}, ("train.epochs=5",))
    assert (run.folder / "small.net").read_text() == f"# Run with --with D=9 --set train.epochs=5\n{SPEC}"
    assert (run_of(spec, tmp_path / "plain").folder / "small.net").read_text() == SPEC


def test_a_used_file_of_the_nets_name_keeps_its_place(tmp_path: Path) -> None:
    (tmp_path / "small.net").write_text("let K = 4\n")
    (tmp_path / "main.net").write_text('use "small.net"\nnet small { input 3; dense K }\n')
    run = run_of(tmp_path / "main.net", tmp_path / "run")
    assert run.spec == "small.run.net"
    assert run_experiment(open_run(run.folder)).graph.outputs[0].shape == (4,)


def test_a_folder_that_holds_a_run_is_refused_unless_forced(spec: Path, tmp_path: Path) -> None:
    run = run_of(spec, tmp_path / "run")
    with pytest.raises(UsageError, match="already holds a run") as caught:
        check_folder(run.folder, force=False)
    assert caught.value.code == "E461"
    check_folder(run.folder, force=True)


def test_forcing_replaces_the_run_and_leaves_other_files_alone(spec: Path, tmp_path: Path) -> None:
    folder = run_of(spec, tmp_path / "run").folder
    for name in ("weights.safetensors", "start.safetensors", "metrics.jsonl", "curve.png", "notes.txt"):
        (folder / name).write_text("old")
    (tmp_path / "other.net").write_text("net other { input 3; dense 2 }\n")
    run_of(tmp_path / "other.net", folder)
    assert {p.name for p in folder.iterdir() if p.is_file()} == {"other.net", "run.json", "notes.txt"}


@pytest.mark.parametrize("written", range(4))
def test_a_kill_as_a_run_is_made_leaves_no_run_that_cannot_go_on(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    left = iter(range(written))

    def write_or_die(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_whole(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "write_whole", write_or_die)
        with pytest.raises(KeyboardInterrupt):
            run_of(spec, tmp_path / "run")
    assert len([path for path in (tmp_path / "run").rglob("*") if path.is_file()]) == written
    check_folder(tmp_path / "run", force=False)
    run = run_of(spec, tmp_path / "run")
    assert run_experiment(open_run(run.folder)).graph.name == "small"


def test_an_ordinary_file_is_no_place_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        check_folder(tmp_path / "file", force=True)


def test_folders_named_by_the_time_never_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = datetime(2025, 1, 2, 3, 4, 5)
    names = [claim_folder(None, "small", now).as_posix() for _ in range(3)]
    assert names == ["runs/small-20250102-030405", "runs/small-20250102-030405-2", "runs/small-20250102-030405-3"]


def test_a_folder_without_a_run_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_run(tmp_path)
    assert caught.value.code == "E462"


def test_a_record_that_may_not_be_read_is_no_missing_record(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_of(spec, tmp_path / "run").folder

    def forbidden(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(DataError, match="may not be read") as caught:
        open_run(folder)
    assert caught.value.code == "E544"


LEVELS = (
    Levels(),
    Levels(0, 16, "made"),
    Levels(0, 4095, "integer", given=True),
    Levels(-1, 2.5, "float", settled=False),
)


@pytest.mark.parametrize("levels", LEVELS)
def test_black_and_white_come_back_from_the_folder(spec: Path, tmp_path: Path, levels: Levels) -> None:
    run = run_of(spec, tmp_path / "run")
    save_record(replace(run, preparation=replace(run.preparation, levels=levels)))
    assert open_run(run.folder).preparation.levels == levels


@pytest.mark.parametrize(("mean", "settled"), [(33.25, True), (-0.5, False)])
def test_a_run_that_knows_its_white_alone_is_read(spec: Path, tmp_path: Path, mean: float, settled: bool) -> None:
    """Older versions wrote no more; a mean below zero shows that there were numbers below black."""
    record = run_of(spec, tmp_path / "run").folder / "run.json"
    document = json.loads(record.read_text())
    document["image"] = {"shape": [1, 8, 8], "white": 16.0}
    document["normalisation"]["mean"] = [mean]
    for key in ("axes", "black", "white"):
        del document["data"][key]
    record.write_text(json.dumps(document))
    found = open_run(tmp_path / "run")
    assert found.preparation.levels == Levels(0.0 if settled else -16.0, 16.0, "", settled=settled)
    assert found.data is not None
    assert (found.data.axes, found.data.black, found.data.white) == (None, None, None)


@pytest.mark.parametrize("change", [{"axes": "nhwc"}, {"white": 4095.0}, {"black": -1.0, "white": 1.0}])
def test_what_the_data_line_says_of_numbers_comes_back(spec: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    run = run_of(spec, tmp_path / "run")
    assert run.data is not None
    save_record(replace(run, data=replace(run.data, **change)))
    found = open_run(run.folder).data
    assert found is not None
    assert {name: getattr(found, name) for name in change} == change


BROKEN = {
    "no json": "{",
    "a list": "[]",
    "nothing in it": "{}",
    "nested too deep": "[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_record_is_a_data_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError) as caught:
        open_run(tmp_path)
    assert caught.value.code == "E544"


CHANGES = {
    "another layout": {"layout": 99},
    "a spec elsewhere": {"spec": "../small.net"},
    "two numbers for a shape": {"image": {"shape": [8, 8], "white": 1}},
    "a white below black": {"image": {"shape": [1, 8, 8], "white": 1, "black": 2}},
    "an endless white": {"image": {"shape": [1, 8, 8], "white": float("inf")}},
    "a white that is no number": {"image": {"shape": [1, 8, 8], "white": float("nan")}},
    "axes that nobody knows": {"data": {"classes": [], "resize": None, "axes": "hwcn"}},
    "a mean a channel too many": {"normalisation": {"mean": [0, 0], "deviation": [1, 1]}},
    "no deviation": {"normalisation": {"mean": [0], "deviation": [0]}},
    "an endless seed": {"seed": float("inf")},
    "checkpoints that are none": {"options": {"saving": {"steps": 0, "seconds": None, "keep": None}}},
    "options that nobody knows": {"data": {"classes": [], "resize": None, "colour": "blue"}},
    "classes that are no numbers": {"data": {"classes": ["x"], "resize": None}},
    "text for a table": {"with": "D=3"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_record_whose_values_make_no_sense_is_a_data_error(
    spec: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    folder = run_of(spec, tmp_path / "run").folder
    record = folder / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), **change}))
    with pytest.raises(DataError):
        open_run(folder)


@pytest.mark.parametrize(
    ("written", "kept"), [("(3 0)", (3, 0)), ('("3" 0)', ("3", 0)), ('(cat "ankle boot")', ("cat", "ankle boot"))]
)
def test_classes_come_back_as_numbers_and_names(spec: Path, tmp_path: Path, written: str, kept: object) -> None:
    run = run_of(spec, tmp_path / "run", settings=(f"data.classes={written}", "data.take_test=7"))
    data = open_run(run.folder).data
    assert data is not None
    assert (data.classes, data.take, data.take_test) == (kept, None, 7)


def test_a_run_of_a_version_without_take_test_is_read(spec: Path, tmp_path: Path) -> None:
    folder = run_of(spec, tmp_path / "run").folder
    document = json.loads((folder / "run.json").read_text())
    del document["data"]["take_test"]
    (folder / "run.json").write_text(json.dumps(document))
    data = open_run(folder).data
    assert data is not None
    assert data.take_test is None
