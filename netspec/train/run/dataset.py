"""The data of a run read again, so that it goes on or is reproduced: what has become of them since it began."""

from __future__ import annotations

from collections.abc import Callable

from netspec.data.dataset import Dataset
from netspec.diagnostics.failure import DataError, UsageError
from netspec.ir.recipe import Experiment
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.document import Run
from netspec.train.run.folder import run_known, run_texts
from netspec.train.run.identity import differences, source_facts

UNFIT = frozenset({"E511", "E513", "E514", "E516", "E517", "E518", "E548", "E549"})
"""Errors of data that can be read and do not fit the run as they did when it began: of their classes, their parts, the
size and the number of their images."""
Refusal = Callable[[tuple[str, ...]], UsageError]
"""An error with these notes of what has changed."""


def load_again(run: Run, experiment: Experiment, places: DataPlaces, refusal: Refusal | None) -> Dataset:
    """The data of a run, their classes numbered as it knows them. Raises what `load_data` raises; in place of an error
    of data that have changed so that they no longer fit `refusal`, where there is one."""
    try:
        return load_data(experiment, places, run_known(run, experiment))
    except DataError as error:
        if refusal is None or error.code not in UNFIT:
            raise
        then = {name: fact for name, fact in run.identity.items() if name.startswith("spec.")}
        texts = differences(then, source_facts(run_texts(run)))
        raise refusal((*texts, f"the data no longer fit: {error.message}", *error.notes)) from None
