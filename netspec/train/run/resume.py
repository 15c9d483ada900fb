"""Resumption of a run that was interrupted, killed or failed, to the bits of an uninterrupted one."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import Any

from netspec.compiler import step_graph
from netspec.data.dataset import Dataset
from netspec.data.fit import check_fit
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Shape
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.limits import check_statistics, check_trainable
from netspec.train.loop import train
from netspec.train.run.begin import Begun, DataPlaces, with_cautions
from netspec.train.run.checkpoint import newest_snapshot, sweep
from netspec.train.run.data_line import anew, check_data_line, unread_notes
from netspec.train.run.dataset import load_again
from netspec.train.run.document import Run
from netspec.train.run.files import remove, write_whole
from netspec.train.run.folder import EVIDENCE, METRICS, START, retell, run_texts, save_record
from netspec.train.run.identity import Facts, differences, identity, moved_notice, source_facts
from netspec.train.run.lock import RunLock
from netspec.train.run.longer import check_epochs, has_other_epochs, only_epochs_differ, with_epochs
from netspec.train.run.metrics import Line, read_lines
from netspec.train.run.options import UNASKED, RunOptions
from netspec.train.run.place import check_place
from netspec.train.run.record import record
from netspec.train.run.weights import read_weights
from netspec.train.step.preparation import prepared

UNDER_WAY: dict[str, Any] = {"status": "running", "result": {}, "weights_sha256": None}


def resume(
    run: Run,
    experiment: Experiment,
    *,
    places: DataPlaces,
    device: Device,
    options: RunOptions = UNASKED,
    force: bool = False,
) -> Begun:
    """Continues from the newest intact checkpoint of a run, or starts it again where there is none.

    `experiment` is the run's own (`folder.run_experiment`), perhaps with another number of epochs, which the run then
    keeps. Options that are not given are the run's. Raises UsageError: E468 where other facts that decide the bits have
    changed, and E476 where a run with these epochs from the start would have other bits, both unless `force`; E477,
    E478; E481 where the run is being trained. Raises SpecError (E483, with `force`: an edited `data` line would not be
    read), DataError (E542 where a checkpoint is another net's).
    """
    check_trainable(experiment)
    if force:
        check_data_line(run, experiment)
    with ExitStack() as held:
        run_lock = held.enter_context(closing(RunLock(run.folder)))
        begun = _go_on(replace(run, options=options.over(run.options)), experiment, places, device, force=force)
        held.pop_all()  # the training holds the lock until its end
    return replace(begun, events=run_lock.during(begun.events))


def _go_on(run: Run, experiment: Experiment, places: DataPlaces, device: Device, *, force: bool) -> Begun:
    places = replace(places, strict=run.options.strict)
    dataset = load_again(run, experiment, places, None if force else partial(cannot_go_on, run))
    check_statistics(experiment, len(dataset.train))
    facts = current_facts(run, experiment, dataset, device)
    longer = has_other_epochs(run, experiment)
    if not force and not only_epochs_differ(run, facts):
        check_unchanged(run, experiment, facts)
    snapshot, notices = newest_snapshot(run.folder, kept_shapes(experiment))
    check_epochs(run, experiment, snapshot.position if snapshot else None, force=force)
    if snapshot:
        check_place(snapshot.position, experiment.train, len(dataset.train))
    notices = (*dataset.notices, *check_fit(dataset, experiment.graph, experiment.train.loss), *notices)
    notices = (*notices, *moved_notice(run.identity, facts))
    start = run.folder / START
    weights = read_weights(start, experiment.graph) if start.exists() else None
    events = train(
        experiment,
        dataset,
        device=device,
        weights=weights,
        start=snapshot,
        milestone=run.options.saving.steps,
        statistics=run.options.statistics,
    )
    events = with_cautions(events, dataset, experiment)
    sweep(run.folder)
    lines = _continue_metrics(run, snapshot.position.epochs if snapshot else 0)
    if force:  # changed data are normalised by their own statistics from now on
        run = replace(run, data=experiment.data, preparation=prepared(dataset), planned_by=device.planned_by)
    going = replace(_told(run, experiment, facts) if longer else replace(run, identity=facts), **UNDER_WAY)
    save_record(going)
    remove([run.folder / EVIDENCE])  # of an earlier divergence
    return Begun(going, dataset, notices, record(going, events, lines=lines))


def _told(run: Run, experiment: Experiment, facts: Facts) -> Run:
    """The run with the experiment's number of epochs in its record and in the comment of its spec. Raises DataError
    (E540)."""
    told = with_epochs(run, experiment)
    return replace(told, identity={**facts, **source_facts(retell(run, told))})


def check_unchanged(run: Run, experiment: Experiment, facts: Facts) -> None:
    """Raises UsageError (E468), with all differences from the start of the run."""
    found = differences(run.identity, facts)
    if found:
        unread = unread_notes(run, experiment)
        otherwise = anew(run) if unread else "`--force` goes on all the same, to other bits"
        raise cannot_go_on(run, (*found, *unread), otherwise)


def cannot_go_on(run: Run, notes: tuple[str, ...], *helps: str) -> UsageError:
    """E468, with what has changed."""
    helps = ("put back what has changed", *helps)
    return UsageError("E468", f"`{run.folder}` cannot go on as it began", notes=notes, helps=helps)


def current_facts(run: Run, experiment: Experiment, dataset: Dataset, device: Device) -> dict[str, Any]:
    """The current facts that decide the bits of the run, in the form of `Run.identity`."""
    return {**source_facts(run_texts(run)), **identity(experiment, dataset, device)}


def kept_shapes(experiment: Experiment) -> dict[str, Shape]:
    """Shapes of the arrays of a checkpoint: parameters, running statistics, velocities."""
    step = step_graph(experiment)
    return {kept.value.name: kept.value.shape for kept in (*step.parameters, *step.states)}


def _continue_metrics(run: Run, epochs: int) -> list[Line]:
    """Removes the lines of epochs that will be trained again; returns the others."""
    path = run.folder / METRICS
    lines = read_lines(path, epochs)
    if path.exists():
        write_whole(path, "".join(f"{line.text()}\n" for line in lines).encode())
    return lines
