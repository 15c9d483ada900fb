"""Opens the data of a spec for `netspec check --data`; apart, since it needs NumPy."""

from __future__ import annotations

from pathlib import Path

from netspec.data.environment import readable_data_folder
from netspec.ir.recipe import Experiment
from netspec.train.limits import check_statistics
from netspec.train.run.begin import DataPlaces, cautions_of, load_data, remarks


def open_data(experiment: Experiment, data_dir: Path | None) -> tuple[str, ...]:
    """Reads the data as training does, and tells what is odd about them. Raises SpecError (E410) and DataError."""
    dataset = load_data(experiment, DataPlaces(data_dir, readable_data_folder()))
    check_statistics(experiment, len(dataset.train))
    cautions = (f"{caution.message} ({caution.code})" for caution in cautions_of(dataset, experiment))
    return (*remarks(dataset, experiment), *cautions)
