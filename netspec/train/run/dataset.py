"""Loading of a run's data again, to resume or reproduce it, and detection of changes since it began."""

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
"""Errors of readable data that no longer fit the run: classes, parts, size or number of images differ."""
Refusal = Callable[[tuple[str, ...]], UsageError]
"""Makes the error of a run that cannot go on, from notes of what has changed."""


def load_again(run: Run, experiment: Experiment, places: DataPlaces, refusal: Refusal | None) -> Dataset:
    """The data of a run, with its numbering of classes. Raises what `load_data` raises; with `refusal`, its error in
    place of one in `UNFIT`."""
    try:
        return load_data(experiment, places, run_known(run, experiment))
    except DataError as error:
        if refusal is None or error.code not in UNFIT:
            raise
        then = {name: fact for name, fact in run.identity.items() if name.startswith("spec.")}
        texts = differences(then, source_facts(run_texts(run)))
        raise refusal((*texts, f"the data no longer fit: {error.message}", *error.notes)) from None
