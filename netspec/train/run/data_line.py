"""Detection of edits of the `data` line in a run's folder: a run keeps its first data, and the line is not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netspec.diagnostics.cells import shown
from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Diagnostic, Label, Severity
from netspec.diagnostics.quoting import quoted
from netspec.ir.recipe import Experiment
from netspec.train.run.data import changed_option, data_edits
from netspec.train.run.document import Run
from netspec.train.run.folder import WEIGHTS, asked_of
from netspec.train.run.longer import text_changed


def edits_of(run: Run) -> tuple[str, ...]:
    """Differences between the data of the spec in the folder and those that the run keeps, one sentence per option.
    Raises SpecError, UsageError."""
    return data_edits(run, asked_of(run, run.settings).data) if text_changed(run) else ()


def unread_notice(run: Run, settings: Sequence[str]) -> tuple[str, ...]:
    """The edits as a notice for evaluation and prediction; none where `settings` name other data."""
    found = () if "source" in map(changed_option, settings) else edits_of(run)
    return (f"{_told(run)} ({'; '.join(found)}); `--data` and `--set data.…` name others",) if found else ()


def _told(run: Run) -> str:
    return f"the `data` line in `{run.folder / run.spec}` has been edited and is not read: a run keeps its data"


def unread_notes(run: Run, experiment: Experiment) -> tuple[str, ...]:
    """The edits as notes of an error; none where the experiment has other data than the run."""
    found = edits_of(run) if _keeps(run, experiment) else ()
    return (*found, _told(run)) if found else ()


def check_data_line(run: Run, experiment: Experiment) -> None:
    """Raises SpecError (E483) where an edit of the `data` line would have no effect."""
    found = edits_of(run) if _keeps(run, experiment) else ()
    if not found:
        return
    asked = asked_of(run, run.settings)
    place = asked.data.span if asked.data is not None else None
    label = Label(place or asked.graph.layers[0].span, "not read" if place else "names no data any more")
    helps = ("put back what was there", anew(run))
    message = "the `data` line has been edited since the run began, and a run keeps its data"
    raise SpecError((Diagnostic("E483", Severity.ERROR, message, label, notes=found, helps=helps),))


def _keeps(run: Run, experiment: Experiment) -> bool:
    """Whether an experiment has the run's data options."""
    return run.data is not None and experiment.data is not None and replace(experiment.data, span=None) == run.data


def anew(run: Run) -> str:
    """Help text: the command that trains on other data."""
    spec, weights = (quoted(str(run.folder / name)) for name in (run.spec, WEIGHTS))
    return shown(f"or train anew: `netspec train {spec} --data DATA --run DIR`, from here with `--weights {weights}`")
