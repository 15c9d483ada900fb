"""Weights find the preparation that they have learnt on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.train.begin import DataPlaces, Origin, begin, load_data
from netspec.train.device import host_device
from netspec.train.preparation import prepared
from netspec.train.trained import from_file, from_run
from netspec.train.weights import write_weights

SPEC = "net n { input 1x8x8; dense 10 }\ndata digits validate=0.2 take=100\ntrain { epochs 1 }\n"


def experiment_of(text: str = SPEC) -> Experiment:
    return check_experiment(Source("<text>", text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose record tells a mean that no data has."""
    origin, run = Origin(Source("<text>", SPEC), {}), tmp_path / "run"
    list(begin(experiment_of(), origin, places=DataPlaces(), device=host_device(1), folder=run).events)
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


def test_a_run_that_was_trained_exactly_is_used_exactly(folder: Path) -> None:
    assert not from_run(folder).exact
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**document, "exact": True}))
    assert from_run(folder).exact


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
