"""Weights find the preparation that they have learnt on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError, UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.run.begin import DataPlaces, Origin, begin, load_data
from netspec.train.run.weights import write_weights
from netspec.train.step.preparation import Preparation, prepared
from netspec.train.use.trained import REDRAWN, from_file, from_run

SPEC = "net n { input 1x8x8; dense 10 }\ndata digits validate=0.2 take=100\ntrain { epochs 1 }\n"


def experiment_of(text: str = SPEC) -> Experiment:
    return check_experiment(Source("<text>", text))


@pytest.fixture
def folder(device: Device, tmp_path: Path) -> Path:
    """A run whose record tells a mean that no data has."""
    origin, run = Origin(Source("<text>", SPEC), {}), tmp_path / "run"
    list(begin(experiment_of(), origin, places=DataPlaces(), device=device, folder=run).events)
    document = json.loads((run / "run.json").read_text())
    document["normalisation"]["mean"] = [123.0]
    (run / "run.json").write_text(json.dumps(document))
    return run


def test_a_run_keeps_its_own_normalisation(folder: Path) -> None:
    trained = from_run(folder)
    assert trained.preparation.mean == (123.0,)
    assert trained.preparation.class_names == tuple("0123456789")
    named = experiment_of().data
    assert named is not None
    assert trained.experiment.data == replace(named, span=None)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("data.validate=0.5", "`data.validate` was 0.2 and is 0.5: "),
        ("data.take=50", "`data.take` was 100 and is 50: "),
        ("train.seed=7", "`train.seed` was 1 and is 7: "),
        ("data.validate=0.2", None),
        ("data.validate=0", None),
        ('data="."', None),
        ("train.batch=7", None),
    ],
)
def test_a_validation_part_that_is_drawn_anew_is_told(folder: Path, setting: str, told: str | None) -> None:
    """It overlaps the training part."""
    wanted = () if told is None else (f"{told}{REDRAWN}",)
    for weights in (None, folder / "weights.safetensors"):
        assert from_run(folder, (setting,), weights).notices == wanted


def test_a_run_that_was_trained_exactly_is_used_exactly(folder: Path) -> None:
    assert not from_run(folder).planned_by.exact
    document = json.loads((folder / "run.json").read_text())
    document["device"]["exact"] = True
    (folder / "run.json").write_text(json.dumps(document))
    assert from_run(folder).planned_by.exact


def test_a_file_in_a_run_folder_brings_the_runs_preparation(folder: Path) -> None:
    trained = from_file(experiment_of(), folder / "weights.safetensors", DataPlaces())
    assert trained.preparation == from_run(folder).preparation


def test_a_file_on_its_own_is_prepared_by_the_specs_data(tmp_path: Path) -> None:
    experiment = experiment_of()
    write_weights(tmp_path / "w.safetensors", initialize(experiment.graph, 1))
    trained = from_file(experiment, tmp_path / "w.safetensors", DataPlaces())
    assert trained.preparation == prepared(load_data(experiment, DataPlaces()))
    with pytest.raises(UsageError) as caught:
        from_file(experiment_of("net n { input 1x8x8; dense 10 }\n"), tmp_path / "w.safetensors", DataPlaces())
    assert caught.value.code == "E463"


def test_other_weights_can_be_put_into_a_runs_net(folder: Path, tmp_path: Path) -> None:
    write_weights(tmp_path / "w.safetensors", initialize(experiment_of().graph, 99))
    trained = from_run(folder, weights=tmp_path / "w.safetensors")
    assert (trained.weights["dense1.weight"] == initialize(experiment_of().graph, 99)["dense1.weight"]).all()


def test_a_file_that_tells_how_images_were_prepared_needs_no_data(tmp_path: Path) -> None:
    experiment, told = experiment_of(SPEC.replace("digits", '"nowhere"')), Preparation((1, 8, 8), (7.0,), (2.0,))
    write_weights(tmp_path / "w.safetensors", initialize(experiment.graph, 1), told)
    assert from_file(experiment, tmp_path / "w.safetensors", DataPlaces()).preparation == told
    unnamed = experiment_of("net n { input 1x8x8; dense 10 }\n")
    assert from_file(unnamed, tmp_path / "w.safetensors", DataPlaces()).preparation == told


def test_what_a_file_tells_goes_before_the_run_that_it_lies_in(folder: Path) -> None:
    told = Preparation((1, 8, 8), (7.0,), (2.0,))
    write_weights(folder / "own.safetensors", initialize(experiment_of().graph, 1), told)
    assert from_file(experiment_of(), folder / "own.safetensors", DataPlaces()).preparation == told


def test_the_broken_record_of_a_run_is_told_and_no_other_data_are_taken(folder: Path) -> None:
    (folder / "run.json").write_text("{")
    with pytest.raises(DataError) as caught:
        from_file(experiment_of(), folder / "weights.safetensors", DataPlaces())
    assert caught.value.code == "E544"


POOLED = "net n { input SIZE; conv 2 3x3; pool avg global; dense 10 }\n"
SIZES = {
    "1x8x8": ("1x8x8", "", True),
    "larger": ("1x9x9", "", False),
    "smaller": ("1x7x7", "", False),
    "cropped": ("1x6x7", "augment { crop 6x7 }\n", True),
    "padded": ("1x10x10", "augment { crop 10x10 pad=1 }\n", True),
    "padded too little": ("1x11x11", "augment { crop 11x11 pad=1 }\n", False),
}


@pytest.mark.parametrize(("size", "augment", "fits"), SIZES.values(), ids=SIZES)
def test_weights_that_have_learnt_on_other_images_are_refused(
    tmp_path: Path, size: str, augment: str, fits: bool
) -> None:
    experiment = experiment_of(POOLED.replace("SIZE", size) + augment)
    write_weights(tmp_path / "w", initialize(experiment.graph, 1), Preparation((1, 8, 8), (0.0,), (1.0,)))
    if fits:
        assert from_file(experiment, tmp_path / "w", DataPlaces()).preparation.shape == (1, 8, 8)
        return
    with pytest.raises(DataError) as caught:
        from_file(experiment, tmp_path / "w", DataPlaces())
    assert caught.value.code == "E482"
