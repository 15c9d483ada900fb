"""netspec from Python: `netspec.load("digits")` gives a network that can be checked, counted, trained and asked.

    import netspec

    network = netspec.load("digits")
    result = network.train()
    print(result.validation.accuracy)
    print(network.predict(images).argmax(axis=1))

Every mistake in a spec raises `netspec.SpecError`, whose `diagnostics` say what is wrong and where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from netspec.compiler import training_program
from netspec.counting.table import Count, count
from netspec.data.manner import HELD_BYTES
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.message import Diagnostic
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment, examine, read_source
from netspec.ir.costs import SHIPPED, Costs
from netspec.ir.program import Program
from netspec.ir.recipe import DataOptions, Experiment
from netspec.ir.target import Target
from netspec.predict.intake import as_images
from netspec.predict.predictor import Predictor
from netspec.resources import bundled_specs
from netspec.train.begin import DataPlaces, Origin, begin, load_data
from netspec.train.cadence import Saving
from netspec.train.device import host_device
from netspec.train.evaluate import Evaluation, evaluate
from netspec.train.events import Event, Finished
from netspec.train.predictor import make_predictor, predict
from netspec.train.preparation import prepared
from netspec.train.resume import resume as resume_run
from netspec.train.run import WEIGHTS, holds_run, kept_data, open_run
from netspec.train.run_document import Run
from netspec.train.run_options import RunOptions
from netspec.train.scores import Array
from netspec.train.trained import Trained, from_file, kept_classes
from netspec.train.tuning import read_tuning
from netspec.train.weights import write_weights


def load(
    spec: str | Path,
    *,
    with_: Mapping[str, int | float | str] | None = None,
    set_: Sequence[str] = (),
    data: str | None = None,
) -> Network:
    """A network from the text of a spec, the path of one, the name of a bundled one, or a run folder.

    `with_` sets parameters of the net (`{"D": 64}`), `set_` overrides attributes (`["train.sgd.rate=0.1"]`), `data`
    names the data to train on. A run folder brings its overrides and weights along. Nothing is checked before it is
    needed: `check` tells every mistake. Raises UsageError where there is no such file.
    """
    settings = (*((f"data={data}",) if data else ()), *set_)
    values = {name: str(value) for name, value in (with_ or {}).items()}
    if isinstance(spec, str) and ("\n" in spec or "{" in spec):
        return Network(Origin(Source("<text>", spec), values, settings))
    path = Path(spec)
    if path.is_dir():
        return _load_run(path, values, settings)
    if not path.exists():
        path = bundled_specs().get(str(spec), path)
    return Network(Origin(read_source(path), values, settings))


def _load_run(folder: Path, values: Mapping[str, str], settings: tuple[str, ...]) -> Network:
    run = open_run(folder)
    source = read_source(folder / run.spec)
    origin = Origin(source, {**run.with_values, **values}, (*run.settings, *settings))
    network = Network(origin, data=lambda checked: kept_data(run, checked, settings))
    if (folder / WEIGHTS).exists():
        network.load_weights(folder / WEIGHTS)
    return network


class Network:
    """A spec, and its weights once it has some. Made by `load`."""

    def __init__(
        self, origin: Origin, *, data: Callable[[DataOptions | None], DataOptions | None] | None = None
    ) -> None:
        """`data` says what takes the place of the data that the spec names."""
        self._origin, self._data = origin, data
        self._trained: Trained | None = None

    @cached_property
    def experiment(self) -> Experiment:
        """The checked spec: graph, data, augmentation, recipe. Raises SpecError."""
        origin = self._origin
        checked = check_experiment(origin.source, with_values=origin.with_values, settings=origin.settings)
        return replace(checked, data=self._data(checked.data)) if self._data else checked

    def check(self) -> tuple[Diagnostic, ...]:
        """Every mistake and warning of the spec in the order of the text; empty where there is none."""
        origin = self._origin
        _, report = examine(origin.source, with_values=origin.with_values, settings=origin.settings)
        return report.sorted()

    def count(self) -> Count:
        """Parameters, multiply-adds and activations, layer by layer and in total. Raises SpecError."""
        return count(self.experiment.graph)

    def compile(self, batch: int | None = None, target: Target | None = None) -> Program:
        """One training step as launches over one planned arena, for `batch` images (default: the spec's) on a kind of
        processor (default: this one). Raises SpecError."""
        return training_program(self.experiment, target or host_device().target, batch)

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
        threads: int | None = None,
        exact: bool = False,
        tuning: str | Path | None = None,
        watch: Callable[[Event], None] | None = None,
    ) -> Finished:
        """Trains by the spec's recipe; the network has the weights from then on.

        `run` names a folder for spec, metrics, curve, checkpoints and weights; none is written without it. With
        `resume` a run that is in the folder already goes on from its last checkpoint, to the bits that it would have
        come to; the same call so begins a training and, after a kill, goes on with it. What has changed since is an
        error, unless `force`. Without `resume`, `force` replaces a run that is there. Checkpoints are written after
        epochs, and within them after so many steps (an int) or so long (a timedelta, else ten minutes) as
        `checkpoint_every` tells; the last `keep` are kept, else two, and of a finished run the last alone. A run
        remembers both and `strict`, and goes on with them where they are not given anew.

        `weights` is a file to start from. `data_dir` holds data sets, a folder each; parts of the data that take more
        than `data_memory` bytes stay in their files, which changes no bit of the result; `strict` makes files that
        would be skipped an error. `threads` defaults to the physical cores that this process may use, by its affinity
        and its cgroups, and changes no bit of the result. `exact` plans without Winograd's convolution, and `tuning`
        names a table of `netspec tune` to plan by, then and whenever the weights are used; a run that goes on does so
        by its own table. `watch` is called with every event.

        Raises SpecError, UsageError (E461 where the folder is taken, E468 where a run cannot go on as it began, E474
        where options cannot be), DataError and DeviceError before the first step, DivergedError (E460) when the loss
        stops being a number, DataError (E540) where the folder can no longer be written.
        """
        places = DataPlaces(_path(data_dir), held_bytes=data_memory)
        options = RunOptions(_saving(checkpoint_every, keep), strict=strict)
        folder = _path(run)
        if resume and folder is None:
            raise UsageError("E474", "`resume` needs the folder of a run", helps=("name it with `run`",))
        kept = open_run(folder) if resume and folder is not None and holds_run(folder) else None
        costs = _costs(tuning, kept)
        device = host_device(threads, exact=exact, costs=costs)
        if kept is not None:
            begun = resume_run(kept, self.experiment, places=places, device=device, options=options, force=force)
        else:
            begun = begin(
                self.experiment,
                self._origin,
                places=places,
                device=device,
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
                    kept = kept_classes(self.experiment.data)
                    self._trained = Trained(self.experiment, prepared(begun.dataset), event.weights, exact, costs, kept)
                    return event
        raise AssertionError("a training ends with Finished")

    def evaluate(
        self, *, data_dir: str | Path | None = None, data_memory: int = HELD_BYTES, threads: int | None = None
    ) -> Evaluation:
        """Mean loss and accuracy (a fraction) on the test part of the spec's data, else on its validation part. Classes
        are matched by name, of files that hold numbers only by number.

        `data_dir`, `data_memory` and `threads` as in `train`.

        Raises UsageError where there are no weights (E464) or neither part (E463), DataError (E548 where
        the data have a class that the weights do not know).
        """
        trained = self._require_weights()
        dataset = load_data(self.experiment, DataPlaces(_path(data_dir), held_bytes=data_memory), trained.known)
        device = host_device(threads, exact=trained.exact, costs=trained.costs)
        return evaluate(self.experiment, dataset, trained.preparation, trained.weights, device=device)

    def predict(self, images: NDArray[Any], *, threads: int | None = None) -> Array:
        """Probabilities (N, K), float32, of images (N, C, H, W) or one image (C, H, W), in the units of the data set.

        For a net with one output (N, 1): the probability of class 1. Raises UsageError where there are no weights
        (E464) or the images do not fit (E465).
        """
        trained = self._require_weights()
        fitting = as_images(images, trained.preparation.shape)
        device = host_device(threads, exact=trained.exact, costs=trained.costs)
        return predict(trained, fitting, device)

    def predictor(self, batch: int = 1, *, threads: int | None = None) -> Predictor:
        """The net and its weights of now, compiled for images that come a few at a time: see `Predictor`.

        `batch` images are worked on at once, 1 for answers as soon as they can be had. Raises UsageError where there
        are no weights (E464) or `batch` is below one (E467), DeviceError (E590) where memory does not suffice.
        """
        trained = self._require_weights()
        return make_predictor(trained, host_device(threads, exact=trained.exact, costs=trained.costs), batch)

    @property
    def weights(self) -> dict[str, Array]:
        """Parameters and running statistics by name (`conv1.weight`), float32. Raises UsageError (E464)."""
        return dict(self._require_weights().weights)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the outputs stand for. Raises UsageError (E464) where there are no weights."""
        return self._require_weights().preparation.class_names

    def load_weights(self, path: str | Path, *, data_dir: str | Path | None = None) -> None:
        """Takes weights from a file; see `train.trained.from_file` for how images will be prepared.

        Raises DataError where the file is broken or holds another net's weights.
        """
        self._trained = from_file(self.experiment, Path(path), DataPlaces(_path(data_dir)))

    def save_weights(self, path: str | Path) -> None:
        """Writes the weights as safetensors, whole or not at all. Raises UsageError (E464), DataError (E540)."""
        write_weights(Path(path), self._require_weights().weights)

    def _require_weights(self) -> Trained:
        if self._trained is None:
            helps = ("call `train` or `load_weights` first",)
            raise UsageError("E464", f"`{self.experiment.graph.name}` has no weights yet", helps=helps)
        return self._trained


def _saving(every: int | timedelta | None, keep: int | None) -> Saving:
    """When checkpoints are written. Raises UsageError (E474)."""
    steps, seconds = (None, every.total_seconds()) if isinstance(every, timedelta) else (every, None)
    if any(told is not None and told <= 0 for told in (steps, seconds, keep)):
        message = f"`checkpoint_every` and `keep` must be above zero, not {every} and {keep}"
        raise UsageError("E474", message)
    return Saving(steps, seconds, keep)


def _costs(tuning: str | Path | None, run: Run | None) -> Costs:
    """The named table, else the one that the run goes on with. Raises DataError (E547)."""
    if tuning is not None:
        return read_tuning(Path(tuning))
    return SHIPPED if run is None else run.costs


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
