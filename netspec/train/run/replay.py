"""Replay of the step in which a run diverged, from the state before it, to the same bits."""

from __future__ import annotations

from functools import partial

from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import Diverged
from netspec.train.limits import check_trainable
from netspec.train.run.begin import DataPlaces
from netspec.train.run.checkpoint import check_shapes
from netspec.train.run.data_line import check_data_line
from netspec.train.run.dataset import load_again
from netspec.train.run.document import Run
from netspec.train.run.evidence import read_evidence
from netspec.train.run.folder import EVIDENCE
from netspec.train.run.resume import cannot_go_on, check_unchanged, current_facts, kept_shapes
from netspec.train.training import Training


def replay(run: Run, experiment: Experiment, *, places: DataPlaces, device: Device, force: bool = False) -> Diverged:
    """The divergence of the run, found again; nothing is written. With `force` facts that decide the bits may have
    changed, and then there may be no culprit.

    `experiment` is the run's own (`folder.run_experiment`). Raises UsageError (E480 where the run did not diverge, E468
    where anything has changed), SpecError, DataError (E545, E542).
    """
    phase, before = read_evidence(run)
    check_trainable(experiment)
    if force:
        check_data_line(run, experiment)
    dataset = load_again(run, experiment, places, None if force else partial(cannot_go_on, run))
    if not force:
        check_unchanged(run, experiment, current_facts(run, experiment, dataset, device))
    check_shapes(run.folder / EVIDENCE, before, kept_shapes(experiment))
    return Diverged(phase, Training(experiment, dataset, device, before).report_numerics(phase), before)
