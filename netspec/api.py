"""netspec from Python: `netspec.load("digits")` gives a network that can be checked, counted, trained and asked.

    import netspec

    network = netspec.load("digits")
    result = network.train()
    print(result.validation.accuracy)
    print(network.predict(images).argmax(axis=1))

Every mistake in a spec raises `netspec.SpecError`, whose `diagnostics` say what is wrong and where.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path

from netspec.check.recipe.setting_order import wholes_first
from netspec.compiler import training_program
from netspec.counting.table import Count, count
from netspec.data.environment import readable_data_folder
from netspec.data.read_options import HELD_BYTES
from netspec.diagnostics.arguments import (
    BYTES,
    DEVICE,
    FLAG,
    FUNCTION,
    PATH,
    SETTINGS,
    SPEC,
    STEPS_OR_TIME,
    THREADS,
    VALUES,
    accepts,
    instance_of,
    optional,
    whole,
)
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.message import Diagnostic
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment, examine, read_source
from netspec.ir.recipe import DataOptions, Experiment
from netspec.predict.predictor import Predictor
from netspec.predict.shown import Shown, as_shown
from netspec.resources import bundled_specs
from netspec.runtime.device import (
    RESUMED_ON_CPU,
    USUAL,
    Device,
    DeviceChoice,
    DeviceName,
    kind_of,
    open_kept,
    open_target,
)
from netspec.targets.cpu.cost_table import read_tuning
from netspec.targets.target import Program, Target
from netspec.train.events import Event, Finished
from netspec.train.limits import report_limits
from netspec.train.run.begin import DataPlaces, Origin, begin, load_data
from netspec.train.run.cadence import Saving
from netspec.train.run.data import kept_data
from netspec.train.run.folder import holds_run, open_run
from netspec.train.run.latest_weights import holds_weights
from netspec.train.run.measurable import measurable
from netspec.train.run.options import RunOptions
from netspec.train.run.resume import resume as resume_run
from netspec.train.run.weights import write_weights
from netspec.train.step.preparation import prepared
from netspec.train.step.scores import Array
from netspec.train.use.evaluate import Evaluation, evaluate
from netspec.train.use.predictor import make_predictor, predict
from netspec.train.use.trained import Trained, from_file, kept_classes, with_run_weights


@accepts(spec=SPEC, with_=optional(VALUES), set_=SETTINGS, data=optional(PATH))
def load(
    spec: str | Path,
    *,
    with_: Mapping[str, int | float | str] | None = None,
    set_: Sequence[str] = (),
    data: str | Path | None = None,
) -> Network:
    """A network from the text of a spec, the path of one, the name of a bundled one, or a run folder.

    `with_` sets parameters of the net (`{"D": 64}`), `set_` overrides attributes (`["train.sgd.rate=0.1"]`), `data`
    names the data to train on. A run folder brings its overrides and weights along. Nothing is checked before it is
    needed: `check` tells every mistake. A run that has not ended, be it killed, brings the weights of its last
    checkpoint, and a warning says so. Raises UsageError where there is no such file. This and what else is called here
    raise UsageError (E485) where an argument is not what it takes, before anything is done.
    """
    settings = wholes_first((*((f"data={data}",) if data else ()), *set_))
    values = {name: str(value) for name, value in (with_ or {}).items()}
    if isinstance(spec, str) and ("\n" in spec or "{" in spec):
        return Network(Origin(Source("<text>", spec), values, settings))
    path = Path(spec)
    if os.path.isdir(path):  # which is False, as `Path.is_dir` is not, of a name that is too long
        return _load_run(path, values, settings)
    if not os.path.exists(path):
        path = bundled_specs().get(str(spec), path)
    return Network(Origin(read_source(path), values, settings))


def _load_run(folder: Path, values: Mapping[str, str], settings: tuple[str, ...]) -> Network:
    run = open_run(folder)
    source = read_source(folder / run.spec)
    origin = Origin(source, {**run.with_values, **values}, (*run.settings, *settings))
    kept = partial(kept_data, run, settings=settings)
    network = Network(origin, len(run.settings), data=kept)
    trained = with_run_weights(run, network.experiment, settings) if holds_weights(run) else None
    for notice in trained.notices if trained else ():
        warnings.warn(notice, stacklevel=4)  # past `load` and its check of arguments
    return Network(origin, len(run.settings), data=kept, trained=trained)


class Network:
    """A spec, and its weights once it has some. Made by `load`."""

    def __init__(
        self,
        origin: Origin,
        own: int = 0,
        *,
        data: Callable[[DataOptions | None], DataOptions | None] | None = None,
        trained: Trained | None = None,
    ) -> None:
        """The first `own` settings are a run's, the others are given. `data` says what takes the place of the data that
        the spec names; `trained` is the net with its weights, if it has some."""
        self._origin, self._own, self._data, self._trained = origin, own, data, trained

    @cached_property
    def experiment(self) -> Experiment:
        """The checked spec: graph, data, augmentation, recipe. Raises SpecError."""
        origin, own = self._origin, self._origin.settings[: self._own]
        checked = measurable(
            lambda given: check_experiment(origin.source, with_values=origin.with_values, settings=(*own, *given)),
            origin.settings[self._own :],
        )
        return replace(checked, data=self._data(checked.data)) if self._data else checked

    def check(self) -> tuple[Diagnostic, ...]:
        """Every mistake and warning of the spec in the order of the text; empty where there is none."""
        origin = self._origin
        checked, report = examine(origin.source, with_values=origin.with_values, settings=origin.settings)
        report_limits(checked, report)
        return report.sorted()

    def count(self) -> Count:
        """Parameters, multiply-adds and activations, layer by layer and in total. Raises SpecError."""
        return count(self.experiment.graph)

    @accepts(
        batch=optional(whole(1)), target=optional(instance_of(Target, "a kind of processor, `Target`")), device=DEVICE
    )
    def compile(
        self, batch: int | None = None, target: Target | None = None, *, device: DeviceName | None = None
    ) -> Program:
        """One training step as launches over one planned arena, for `batch` images (default: the spec's) on a kind of
        processor: `target`, else that of `device`, else this machine's. A GPU need not be there. Raises SpecError,
        DeviceError (E586 where arrays are too large for a GPU)."""
        chosen = target or open_target(DeviceChoice(kind=kind_of(device)))
        return training_program(self.experiment, chosen, batch)

    @accepts(
        run=optional(PATH),
        resume=FLAG,
        force=FLAG,
        checkpoint_every=optional(STEPS_OR_TIME),
        keep=optional(whole()),
        weights=optional(PATH),
        data_dir=optional(PATH),
        data_memory=BYTES,
        strict=FLAG,
        device=DEVICE,
        threads=THREADS,
        exact=FLAG,
        tuning=optional(PATH),
        watch=optional(FUNCTION),
    )
    def train(
        self,
        *,
        run: str | Path | None = None,
        resume: bool = False,
        force: bool = False,
        checkpoint_every: int | timedelta | None = None,
        keep: int | None = None,
        weights: str | Path | None = None,
        data_dir: str | Path | None = None,
        data_memory: int = HELD_BYTES,
        strict: bool = False,
        device: DeviceName | None = None,
        threads: int | None = None,
        exact: bool = False,
        tuning: str | Path | None = None,
        watch: Callable[[Event], None] | None = None,
    ) -> Finished:
        """Trains by the spec's recipe; the network has the weights from then on.

        `run` names a folder for spec, metrics, curve, checkpoints and weights; none is written without it. With
        `resume` a run that is in the folder already goes on from its last checkpoint, to the bits that it would have
        come to; the same call so begins a training and, after a kill, goes on with it. With more epochs than the run
        had it trains for longer, to the bits of a run that had them from the start. Anything else that has changed is
        an error, unless `force`. Without `resume`, `force` replaces a run that is there. Checkpoints are written after
        epochs, and within them after so many steps (an int) or so long (a timedelta, else ten minutes) as
        `checkpoint_every` tells; the last `keep` are kept, else two, and of a finished run the last alone. A run
        remembers both and `strict`, and goes on with them where they are not given anew.

        `weights` is a file to start from. `data_dir` holds data sets, a folder each; what is not there is looked for
        where the environment's NETSPEC_DATA says, and in the cache folder. Parts of the data that take more than
        `data_memory` bytes stay in their files, which changes no bit of the result; `strict` makes files that would be
        skipped an error.

        `device` is "cpu", the default, or "cuda", a GPU of NVIDIA's, or "auto", a GPU where one can be used. Three
        options are the CPU's own: `threads` defaults to the physical cores that this process may use, by its affinity
        and its cgroups, and changes no bit of the result; `exact` plans without Winograd's convolution; `tuning` names
        a table of `netspec tune` to plan by. The device and the plan hold whenever the weights are used, and a run that
        goes on keeps them. `watch` is called with every event.

        Raises SpecError, UsageError (E461 where the folder is taken, E468 where a run cannot go on as it began, E476
        where it cannot have the epochs, E477 where it stands in other minibatches, E474 where options cannot be, E486
        where an option of the CPU's is given for a GPU), DataError and DeviceError before the first step, DivergedError
        (E460) when the loss stops being a number, DataError (E540) where the folder can no longer be written.
        """
        places = _places(data_dir, data_memory)
        options = RunOptions(_saving(checkpoint_every, keep), strict=strict)
        folder = _path(run)
        if resume and folder is None:
            raise UsageError("E474", "`resume` needs the folder of a run", helps=("name it with `run`",))
        kept = open_run(folder) if resume and folder is not None and holds_run(folder) else None
        usual = kept.planned_by if kept else USUAL
        opened = open_kept(_choice(device, threads, exact, tuning), usual, RESUMED_ON_CPU)
        if kept is not None:
            begun = resume_run(kept, self.experiment, places=places, device=opened, options=options, force=force)
        else:
            begun = begin(
                self.experiment,
                self._origin,
                places=places,
                device=opened,
                keep=folder is not None,
                folder=folder,
                force=force,
                weights=_path(weights),
                options=options,
            )
        with closing(begun.events) as events:
            for event in events:
                if watch:
                    watch(event)
                if isinstance(event, Finished):
                    classes, ready = kept_classes(self.experiment.data), prepared(begun.dataset)
                    self._trained = Trained(self.experiment, ready, event.weights, opened.planned_by, classes)
                    return event
        raise AssertionError("a training ends with Finished")

    @accepts(data_dir=optional(PATH), data_memory=BYTES, device=DEVICE, threads=THREADS)
    def evaluate(
        self,
        *,
        data_dir: str | Path | None = None,
        data_memory: int = HELD_BYTES,
        device: DeviceName | None = None,
        threads: int | None = None,
    ) -> Evaluation:
        """Mean loss and accuracy (a fraction) on the test part of the spec's data, else on its validation part. Classes
        are matched by name, of files that hold numbers only by number.

        `data_dir`, `data_memory`, `device` and `threads` as in `train`; the device is that of the training by default.

        Raises UsageError where there are no weights (E464) or neither part (E463), DataError (E548 where
        the data have a class that the weights do not know).
        """
        trained = self._require_weights()
        dataset = load_data(self.experiment, _places(data_dir, data_memory), trained.known, to_measure=True)
        opened = _device_of(trained, device, threads)
        return evaluate(self.experiment, dataset, trained.preparation, trained.weights, device=opened)

    @accepts(device=DEVICE, threads=THREADS)
    def predict(self, images: Shown, *, device: DeviceName | None = None, threads: int | None = None) -> Array:
        """Probabilities (N, K), float32, of images (N, C, H, W) or one image (C, H, W), in the units of the data set,
        or of pictures, prepared as in training: the path of a file, a picture of Pillow's, or a list of such.

        The first largest one is of the class that the net names. For a net with one output (N, 1): the probability of
        class 1, or the number of a regression (`Predictor`). `device` and `threads` as in `evaluate`. Raises UsageError
        where there are no weights (E464) or the images do not fit (E465), DataError (E512, E514, E559) where a picture
        cannot be used.
        """
        trained = self._require_weights()
        fitting = as_shown(images, trained.preparation.shape, trained.preparation.levels)
        return predict(trained, fitting, _device_of(trained, device, threads))

    @accepts(batch=whole(), device=DEVICE, threads=THREADS)
    def predictor(self, batch: int = 1, *, device: DeviceName | None = None, threads: int | None = None) -> Predictor:
        """The net and its weights of now, compiled for images that come a few at a time: see `Predictor`.

        Up to `batch` images are worked on at once, 1 for answers as soon as they can be had. Raises UsageError where
        there are no weights (E464) or `batch` is below one (E467), DeviceError (E590) where memory does not suffice.
        One on a GPU cannot be used in a forked child.
        """
        trained = self._require_weights()
        return make_predictor(trained, _device_of(trained, device, threads), batch)

    @property
    def weights(self) -> dict[str, Array]:
        """Parameters and running statistics by name (`conv1.weight`), float32. Raises UsageError (E464)."""
        return dict(self._require_weights().weights)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the outputs stand for. Raises UsageError (E464) where there are no weights."""
        return self._require_weights().preparation.class_names

    @accepts(path=PATH, data_dir=optional(PATH))
    def load_weights(self, path: str | Path, *, data_dir: str | Path | None = None) -> None:
        """Takes weights from a file. How images are prepared is told by a file that `save_weights` wrote and by the run
        that a file lies in; else the spec's data are read for it, from `data_dir` as in `train`.

        Raises DataError where the file is broken or holds another net's weights (E541 to E543), or those of other
        images (E482), and where nothing tells how images are prepared, UsageError (E463) or what reading data raises.
        """
        self._trained = from_file(self.experiment, Path(path), _places(data_dir))

    @accepts(path=PATH)
    def save_weights(self, path: str | Path) -> None:
        """Writes the weights as safetensors, whole or not at all, and into the file's metadata how images are prepared,
        so that `load_weights` needs no data. Raises UsageError (E464), DataError (E540)."""
        trained = self._require_weights()
        write_weights(Path(path), trained.weights, trained.preparation)

    def _require_weights(self) -> Trained:
        if self._trained is None:
            helps = ("call `train` or `load_weights` first",)
            raise UsageError("E464", f"`{self.experiment.graph.name}` has no weights yet", helps=helps)
        return self._trained


def _places(data_dir: str | Path | None, held_bytes: int = HELD_BYTES) -> DataPlaces:
    """Where the command line looks too: `data_dir`, then the folder that NETSPEC_DATA names, then the cache folder."""
    return DataPlaces(_path(data_dir), readable_data_folder(), held_bytes=held_bytes)


def _device_of(trained: Trained, device: DeviceName | None, threads: int | None) -> Device:
    """The device that weights are used on: the one that is named, else that of the training."""
    return open_kept(_choice(device, threads), trained.planned_by)


def _choice(
    device: DeviceName | None, threads: int | None, exact: bool = False, tuning: str | Path | None = None
) -> DeviceChoice:
    """What the arguments choose. Raises DataError (E547) where `tuning` is no file of costs."""
    return DeviceChoice(threads, exact, None if tuning is None else read_tuning(Path(tuning)), kind_of(device))


def _saving(every: int | timedelta | None, keep: int | None) -> Saving:
    """When checkpoints are written. Raises UsageError (E474)."""
    steps, seconds = (None, every.total_seconds()) if isinstance(every, timedelta) else (every, None)
    if any(told is not None and told <= 0 for told in (steps, seconds, keep)):
        message = f"`checkpoint_every` and `keep` must be above zero, not {every} and {keep}"
        raise UsageError("E474", message)
    return Saving(steps, seconds, keep)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
