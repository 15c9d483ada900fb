"""Opens the data of a spec for `netspec check --data`; apart, since it needs NumPy."""

from __future__ import annotations

from pathlib import Path

from netspec.data.environment import readable_data_folder
from netspec.data.fit import class_cautions, predicts_a_number
from netspec.ir.recipe import Experiment
from netspec.train.begin import DataPlaces, load_data, remarks


def open_data(experiment: Experiment, data_dir: Path | None) -> tuple[str, ...]:
    """Reads the data as training does, and tells what is odd about them. Raises DataError."""
    dataset = load_data(experiment, DataPlaces(data_dir, readable_data_folder()))
    targets = predicts_a_number(experiment.graph, experiment.train.loss)
    cautions = class_cautions(dataset, targets=targets)
    return (*remarks(dataset, experiment), *(f"{caution.message} ({caution.code})" for caution in cautions))
