"""A trained net with its weights and the preparation of its images: from a run folder, or from a spec and a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netspec.check.net.trainable import fewer_classes
from netspec.data.classes import Known
from netspec.data.levels import Asked, renamed
from netspec.diagnostics.failure import DataError, SpecError, UsageError
from netspec.ir.classes import Classes
from netspec.ir.graph import Shape
from netspec.ir.recipe import DataOptions, Experiment
from netspec.runtime.device import USUAL, DeviceChoice
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.data import data_edits
from netspec.train.run.data_line import unread_notice
from netspec.train.run.document import Run
from netspec.train.run.folder import RECORD, open_run, run_experiment, run_of_weights
from netspec.train.run.latest_weights import run_weights, state
from netspec.train.run.weights import read_weights, recorded_preparation
from netspec.train.step.preparation import Preparation, crop_pad, known_classes, prepared
from netspec.train.step.scores import Weights

REDRAWN = "the validation part is not the run's, and may hold images that the net was trained on"


@dataclass(frozen=True, slots=True)
class Trained:
    """`preparation` is that of the training, `device` the plan of its programs, `kept` the `classes` of its data.
    `notices` say where the weights are not those of the end of a training."""

    experiment: Experiment
    preparation: Preparation
    weights: Weights
    planned_by: DeviceChoice = USUAL
    kept: Classes = ()
    notices: tuple[str, ...] = ()

    @property
    def known(self) -> Known | None:
        """Class names of the run, which number the classes of other data."""
        return known_classes(self.preparation, self.experiment, self.kept)


def from_run(folder: Path, settings: tuple[str, ...] = (), weights: Path | None = None) -> Trained:
    """A run's net with its weights, or with those of another file. The file, or its run, names the classes of the
    outputs. `settings` as in `run.run_experiment`. A run that has not ended has the weights of its last checkpoint.

    Raises UsageError (E462, and E464 where it has none yet), SpecError and DataError (E541 to E544, E482).
    """
    run = open_run(folder)
    experiment = run_experiment(run, settings)
    if weights is not None:
        notices = (*unread_notice(run, settings), *_redrawn_notice(run, experiment))
        return replace(_with_weights(run, experiment, weights), notices=notices)
    trained = with_run_weights(run, experiment, settings)
    if trained is None:
        helps = (_weights_help(run), "or name weights with `--weights FILE`")
        raise UsageError("E464", f"`{folder}` has no weights yet: it has no checkpoint that is whole", helps=helps)
    return trained


def _weights_help(run: Run) -> str:
    """How to get weights for a run that has none."""
    match state(run):
        case "running":
            return "wait for its first checkpoint: it is being trained right now"
        case "diverged":
            return f"see why it diverged: `netspec train --replay {run.folder}`"
        case _:
            return f"go on with it: `netspec train --resume {run.folder}`"


def _with_weights(run: Run, experiment: Experiment, weights: Path) -> Trained:
    """A run's net with the weights of another file."""
    arrays, told, whose = (
        read_weights(weights, experiment.graph),
        recorded_preparation(weights),
        run_of_weights(weights),
    )
    names = (told or (whose or run).preparation).class_names
    preparation = replace(_preparation(run, experiment), class_names=names)
    kept = kept_classes((whose or run).data)
    return _fitting(Trained(experiment, preparation, arrays, run.planned_by, kept))


def with_run_weights(run: Run, experiment: Experiment, settings: Sequence[str]) -> Trained | None:
    """A run's net, made with `settings`, with its weights; None where it has none yet. Raises DataError (E541 to E543,
    E482)."""
    found = run_weights(run, experiment.graph)
    if found is None:
        return None
    weights, notices = found
    notices = (*notices, *unread_notice(run, settings), *_redrawn_notice(run, experiment))
    kept, preparation = kept_classes(run.data), _preparation(run, experiment)
    return _fitting(Trained(experiment, preparation, weights, run.planned_by, kept, notices))


def _redrawn_notice(run: Run, experiment: Experiment) -> tuple[str, ...]:
    """A notice where the validation part of the run's own data is drawn otherwise than for the training."""
    now, seed = experiment.data, experiment.train.seed
    if now is None or run.data is None or now.source != run.data.source or not now.validate:
        return ()
    reseeded = () if seed == run.seed else (f"`train.seed` was {run.seed} and is {seed}",)
    changed = (*data_edits(run, now, only=("validate", "take")), *reseeded)
    return (f"{'; '.join(changed)}: {REDRAWN}",) if changed else ()


def _preparation(run: Run, experiment: Experiment) -> Preparation:
    """The preparation of the run, with levels set by its present spec, if any: `--set data.black=-1` repairs a run
    whose data do not name them. Levels of other data do not count."""
    data, kept = experiment.data, run.preparation
    if data is None or run.data is None or Path(data.source).name != Path(run.data.source).name:
        return kept
    levels = renamed(kept.levels, Asked(data.black, data.white))
    return replace(kept, levels=levels)


def from_file(experiment: Experiment, weights: Path, places: DataPlaces) -> Trained:
    """A checked net with the weights of a file.

    The preparation of images is that of the file where `save_weights` wrote it, else of the file's run, else of the
    data of the spec. Raises DataError (E541 to E543, E544 where that run's record is damaged, E482 where the images do
    not fit the net or the data are missing) and UsageError (E463) where no preparation is known.
    """
    arrays, told = read_weights(weights, experiment.graph), recorded_preparation(weights)
    kept = kept_classes(experiment.data)
    if told is not None:
        return _fitting(Trained(experiment, told, arrays, kept=kept))
    if not (weights.parent / RECORD).exists():
        _check_classes(experiment)
        return Trained(experiment, prepared(load_data(experiment, places)), arrays, kept=kept)
    run = open_run(weights.parent)
    return _fitting(Trained(experiment, _preparation(run, experiment), arrays, run.planned_by, kept_classes(run.data)))


def _fitting(trained: Trained) -> Trained:
    """Raises DataError (E482) where images of the training do not fit the net, SpecError (E407) where the classes of
    the outputs are unknown."""
    found, pad = trained.preparation.shape, crop_pad(trained.experiment)
    takes = trained.experiment.graph.inputs[0].shape
    channels, *sides = (*takes, 1, 1)[:3]
    spare = [size + 2 * (pad or 0) - side for size, side in zip(found[1:], sides, strict=True)]
    if found[0] != channels or (any(spare) if pad is None else min(spare) < 0):
        message = f"the weights have learnt on images of {_size(found)}, the net takes {_size(takes)}"
        raise DataError("E482", message, helps=("name the spec they come from, and its parameters",))
    if trained.known is None:
        _check_classes(trained.experiment)
    return trained


def _check_classes(experiment: Experiment) -> None:
    """Raises SpecError (E407) where `classes` keeps fewer classes than the net has outputs. Classes that only the
    measurement keeps do not count: all were read then."""
    found = fewer_classes(experiment.graph, experiment.data and replace(experiment.data, measured=()))
    if found:
        raise SpecError(found)


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape))


def kept_classes(data: DataOptions | None) -> Classes:
    """The `classes` of a `data` statement; empty for all."""
    return data.classes if data else ()
