"""Change of a run's number of epochs: whether the result has the bits of a run with that number from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netspec.diagnostics.failure import UsageError
from netspec.ir.recipe import Experiment
from netspec.train.run.data import data_edits
from netspec.train.run.document import Run
from netspec.train.run.folder import asked_of, run_texts
from netspec.train.run.identity import Facts, changed, source_facts
from netspec.train.step.schedules import LENGTH_BOUND
from netspec.train.step.snapshot import Position

EPOCHS = "train.epochs"


def sets_epochs(setting: str) -> bool:
    """Whether a setting sets the number of epochs."""
    return setting.partition("=")[0].strip() == EPOCHS


def planned_epochs(run: Run) -> int | None:
    """The number of epochs that the run was planned for; None where an older version did not record it."""
    planned = run.identity.get(EPOCHS)
    return planned if isinstance(planned, int) else None


def has_other_epochs(run: Run, experiment: Experiment) -> bool:
    """Whether an experiment has another number of epochs than the run was planned for.

    Raises UsageError (E478) where a finished run's spec was edited to more epochs, which a setting of the run
    overrides.
    """
    planned = planned_epochs(run)
    if planned is None or experiment.train.epochs != planned:
        return planned is not None
    if run.status == "finished" and text_changed(run) and any(map(sets_epochs, run.settings)):
        asked = asked_of(run, [setting for setting in run.settings if not sets_epochs(setting)]).train.epochs
        if asked > planned:
            hiding = next(setting for setting in reversed(run.settings) if sets_epochs(setting))
            message = f"the {asked:,} epochs of the spec in `{run.folder}` have no effect"
            notes = (f"the run was given `--set {hiding}`, which stands above its spec",)
            helps = (f"train it for longer with `netspec train --resume {run.folder} --set {EPOCHS}={asked}`",)
            raise UsageError("E478", message, notes=notes, helps=helps)
    return False


def text_changed(run: Run) -> bool:
    """Whether the spec in the run's folder, or a file that it uses, has changed since the run began."""
    return any(run.identity.get(name) != fact for name, fact in source_facts(run_texts(run)).items())


def only_epochs_differ(run: Run, facts: Facts) -> bool:
    """Whether the number of epochs is the only difference in the facts that decide the bits. The text of the spec may
    differ too, where net, recipe and data are the same."""
    names = changed(run.identity, facts)
    if EPOCHS not in names or planned_epochs(run) is None:
        return False
    texts = [name for name in names if name.startswith("spec.")]
    return len(texts) + 1 == len(names) and not (texts and data_edits(run, asked_of(run, run.settings).data))


def check_epochs(run: Run, experiment: Experiment, position: Position | None, *, force: bool) -> None:
    """Raises UsageError (E476) where a run at `position` cannot give the bits of a run with the experiment's number of
    epochs from the start; with `force`, only where it cannot be trained to that number at all.

    A run without a checkpoint, None, starts again.
    """
    planned, wanted = planned_epochs(run), experiment.train.epochs
    if planned is None or position is None or planned == wanted:
        return
    stopped = wanted > planned and position.early_stopping.exhausted(position.epochs, experiment.train.stop_patience)
    hopeless = stopped or _begun(position) > wanted
    if force and not hopeless:
        return
    reasons = tuple(_reasons(experiment, position, planned))
    if reasons:
        message = f"`{run.folder}` was to have {planned:,} epochs and cannot be given {wanted:,}"
        helps = ("train anew: another `--run DIR` and no `--resume`",)
        raise UsageError("E476", message, notes=reasons, helps=helps if hopeless else (*helps, FORCE))


FORCE = "`--force` goes on all the same, to other bits"


def _begun(position: Position) -> int:
    """Number of epochs begun, the current one included."""
    return position.epochs + (position.sums.images > 0)


def _reasons(experiment: Experiment, position: Position, planned: int) -> Iterator[str]:
    recipe, begun = experiment.train, _begun(position)
    kind = recipe.schedule.kind
    if begun > recipe.epochs:
        yield f"epoch {begun:,} has begun, and no training is taken back"
    if kind in LENGTH_BOUND:
        yield f"`schedule {kind}` runs over all epochs: with {recipe.epochs:,}, rates before would have been others"
    if recipe.epochs > planned and position.early_stopping.exhausted(position.epochs, recipe.stop_patience):
        yield (
            f"`stop patience={recipe.stop_patience}` ended it after epoch {position.epochs:,}, and would have with any "
            f"number of epochs above"
        )


def with_epochs(run: Run, experiment: Experiment) -> Run:
    """The run with a setting for the experiment's number of epochs, where its spec and settings give another."""
    if asked_of(run, run.settings).train.epochs == experiment.train.epochs:
        return run
    others = tuple(setting for setting in run.settings if not sets_epochs(setting))
    return replace(run, settings=(*others, f"{EPOCHS}={experiment.train.epochs}"))
