"""Start of a training up to its first step: all checks are done before anything is written."""

from __future__ import annotations

import platform
from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from netspec.data.classes import Known
from netspec.data.dataset import Caution, Dataset
from netspec.data.fit import check_fit, class_cautions, predicts_a_number
from netspec.data.load import load
from netspec.data.read_options import HELD_BYTES, Progress, silent
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import Event, Started, Warned
from netspec.train.limits import check_statistics, check_trainable
from netspec.train.loop import train
from netspec.train.run.document import Run
from netspec.train.run.folder import check_folder, claim_folder, create_run, run_known, run_of_weights
from netspec.train.run.identity import identity
from netspec.train.run.lock import RunLock
from netspec.train.run.options import UNASKED, RunOptions
from netspec.train.run.record import record
from netspec.train.run.weights import read_weights, recorded_preparation
from netspec.train.step.preparation import crop_pad, known_classes, prepared


@dataclass(frozen=True, slots=True)
class DataPlaces:
    """Folders of published data sets, and options of loading, as in `data.load`. With `strict` a skipped file is an
    error. A part of more than `held_bytes` stays in its files; `progress` is called during long work on the data."""

    data_dir: Path | None = None
    shared_dir: Path | None = None
    strict: bool = False
    held_bytes: int = HELD_BYTES
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of an experiment: what a run keeps to build it again."""

    source: Source
    with_values: Mapping[str, str]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A training that is ready to start; nothing is compiled before the first event is requested.

    `run` is None where nothing is written. `notices` are remarks on the data.
    """

    run: Run | None
    dataset: Dataset
    notices: tuple[str, ...]
    events: Generator[Event, None, None]


def load_data(
    experiment: Experiment, places: DataPlaces, known: Known | None = None, *, to_measure: bool = False
) -> Dataset:
    """The data that an experiment names, checked to fit its net, with notices of skipped or odd files. Classes are
    numbered as in `known`, those of a trained net. With `to_measure` the data are not for training.

    Raises UsageError (E463) where it names none, DataError where they cannot be loaded or do not fit.
    """
    if experiment.data is None:
        helps = ("add a `data` line to the spec, such as `data digits validate=0.2`", "or name data with `--data`")
        raise UsageError("E463", f"the spec of `{experiment.graph.name}` names no data", helps=helps)
    return load(
        experiment.data,
        data_dir=places.data_dir,
        shared_dir=places.shared_dir,
        seed=experiment.train.seed,
        strict=places.strict,
        shape=experiment.graph.inputs[0].shape,
        crop_pad=crop_pad(experiment),
        arguments=experiment.graph.arguments,
        known=known,
        to_measure=to_measure,
        held_bytes=places.held_bytes,
        progress=places.progress,
    )


def remarks(dataset: Dataset, experiment: Experiment) -> tuple[str, ...]:
    """Notices about the data. Raises DataError where labels do not fit the net's outputs."""
    return (*dataset.notices, *check_fit(dataset, experiment.graph, experiment.train.loss))


def begin(
    experiment: Experiment,
    origin: Origin,
    *,
    places: DataPlaces,
    device: Device,
    keep: bool = True,
    folder: Path | None = None,
    force: bool = False,
    weights: Path | None = None,
    options: RunOptions = UNASKED,
) -> Begun:
    """Checks the recipe, the folder, the data and the weights, then creates the run's folder.

    `folder` None means a new one under `runs/`; without `keep` no folder is created. `weights` is a file of initial
    weights. `options` are kept in the run; their `strict` replaces that of `places`. Raises SpecError (E410, E453),
    UsageError (E461, E463, E481) and DataError, all before anything is written.
    """
    check_trainable(experiment)
    if keep and folder is not None:
        check_folder(folder, force=force)
    dataset = load_data(experiment, replace(places, strict=options.strict), _known(weights, experiment))
    return begin_with(
        dataset,
        experiment,
        origin,
        device=device,
        keep=keep,
        folder=folder,
        weights=weights,
        options=options,
    )


def _known(weights: Path | None, experiment: Experiment) -> Known | None:
    """The classes of a file of initial weights, by its own record or by the run whose folder it is in."""
    if weights is None:
        return None
    told, run = recorded_preparation(weights), run_of_weights(weights)
    if told is not None:
        known = known_classes(told, experiment, ())
    else:
        known = run_known(run, experiment) if run is not None else None
    return known and replace(known, further=True)


def cautions_of(dataset: Dataset, experiment: Experiment) -> tuple[Caution, ...]:
    """Warnings about classes without images for a training: W501 to W504."""
    return class_cautions(dataset, targets=predicts_a_number(experiment.graph, experiment.train.loss))


def with_cautions(
    events: Generator[Event, None, None], dataset: Dataset, experiment: Experiment
) -> Generator[Event, None, None]:
    """The events of a training, with warnings about its data after `Started`."""
    cautions = cautions_of(dataset, experiment)
    with closing(events):
        for event in events:
            yield event
            if isinstance(event, Started):
                yield from (Warned(caution.code, caution.message, caution.helps) for caution in cautions)


def begin_with(
    dataset: Dataset,
    experiment: Experiment,
    origin: Origin,
    *,
    device: Device,
    keep: bool = True,
    folder: Path | None = None,
    weights: Path | None = None,
    options: RunOptions = UNASKED,
) -> Begun:
    """`begin` with loaded data, after the checks of recipe and folder. Raises SpecError (E410) and DataError."""
    check_statistics(experiment, len(dataset.train))
    notices = remarks(dataset, experiment)
    start = read_weights(weights, experiment.graph) if weights else None
    saving, statistics = options.saving, options.statistics
    events = train(experiment, dataset, device=device, weights=start, milestone=saving.steps, statistics=statistics)
    events = with_cautions(events, dataset, experiment)
    if not keep:
        return Begun(None, dataset, notices, events)
    new = replace(_new_run(experiment, origin, dataset, device, folder), options=options)
    with ExitStack() as held:
        run_lock = held.enter_context(closing(RunLock(new.folder)))
        run = create_run(new, origin.source, start)
        held.pop_all()
    return Begun(run, dataset, notices, run_lock.during(record(run, events)))


def _new_run(experiment: Experiment, origin: Origin, dataset: Dataset, device: Device, folder: Path | None) -> Run:
    return Run(
        folder=claim_folder(folder, experiment.graph.name),
        spec=experiment.graph.name,
        with_values=origin.with_values,
        settings=origin.settings,
        seed=experiment.train.seed,
        data=experiment.data,
        preparation=prepared(dataset),
        versions={
            "netspec": version("netspec"),
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "numba": version("numba"),
            "target": device.target.name,
        },
        identity=identity(experiment, dataset, device),
        begun=datetime.now().astimezone().isoformat(timespec="seconds"),
        planned_by=device.planned_by,
    )
