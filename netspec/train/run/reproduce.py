"""Reproduction of a run from its folder alone, and comparison of its results."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.quoting import quoted
from netspec.frontend import read_source
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Event, Finished
from netspec.train.limits import check_trainable
from netspec.train.run.begin import Begun, DataPlaces, Origin, begin_with
from netspec.train.run.data_line import anew, check_data_line, unread_notes
from netspec.train.run.dataset import load_again
from netspec.train.run.document import Run
from netspec.train.run.folder import METRICS, START, WEIGHTS, check_folder, run_texts
from netspec.train.run.identity import differences, identity, source_facts
from netspec.train.run.latest_weights import TOLD, state
from netspec.train.run.metrics import Line, line_of, read_lines
from netspec.train.run.record import result_document
from netspec.train.run.weights import weights_content

UNCOMPARED = frozenset({"seconds", "images_per_second", "waited_seconds", "layers"})
"""Fields that are not compared: times, which differ in every training, and `layers`, which only `--stats` records."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that differs: of an epoch, or of the end where `epoch` is None."""

    epoch: int | None
    what: str
    was: Any
    now: Any


def begin_again(
    run: Run, experiment: Experiment, *, places: DataPlaces, device: Device, folder: Path | None, force: bool = False
) -> Begun:
    """Begins the training of a finished run again, with its own spec, data, initial weights and settings; its results
    are not read. `experiment` is the run's own (`folder.run_experiment`). Without `folder` nothing is written.

    Raises UsageError: E470 where the run is not finished, E469 where facts that decide the bits have changed, unless
    `force`, E461 where `folder` contains a run; SpecError, DataError.
    """
    if run.status != "finished":
        raise _unfinished(run)
    check_trainable(experiment)
    if force:
        check_data_line(run, experiment)
    if folder is not None:
        _check_other_folder(run, folder)
        check_folder(folder, force=force)
    dataset = load_again(run, experiment, places, None if force else partial(_changed, run))
    found = differences(run.identity, {**source_facts(run_texts(run)), **identity(experiment, dataset, device)})
    if found and not force:
        unread = unread_notes(run, experiment)
        forced = "`--force` trains all the same, and tells what comes out differently"
        raise _changed(run, (*found, *unread), anew(run) if unread else forced)
    start = run.folder / START
    return begin_with(
        dataset,
        experiment,
        Origin(read_source(run.folder / run.spec), run.with_values, run.settings),
        device=device,
        keep=folder is not None,
        folder=folder,
        weights=start if start.exists() else None,
    )


def _changed(run: Run, notes: tuple[str, ...], *helps: str) -> UsageError:
    """E469, with what has changed."""
    helps = ("put back what has changed", *helps)
    return UsageError("E469", f"`{run.folder}` cannot come to the same bits here", notes=notes, helps=helps)


def _unfinished(run: Run) -> UsageError:
    """E470, with helps that depend on the run's state. A run that diverged cannot be finished, only replayed."""
    told, folder = state(run), quoted(str(run.folder))
    helps = {
        "diverged": f"`netspec train --replay {folder}` takes the step again in which it diverged, to the same bits",
        "running": f"wait for its end, or stop it and go on with `netspec train --resume {folder}`",
    }
    otherwise = f"`netspec train --resume {folder}` brings it to its end"
    said = TOLD.get(told, f"is {told}")
    return UsageError("E470", f"`{run.folder}` is not finished: it {said}", helps=(helps.get(told, otherwise),))


def _check_other_folder(run: Run, folder: Path) -> None:
    """Raises UsageError (E461) where `folder` is that of the run itself."""
    if folder.exists() and folder.samefile(run.folder):
        raise UsageError("E461", f"`{folder}` is the run itself", helps=("name another folder with `--run DIR`",))


class Comparison:
    """Comparison of a training with the records of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lines = {line.epoch: line for line in read_lines(run.folder / METRICS, sys.maxsize)}
        self.differences: list[Difference] = []
        self.weights_sha256: str | None = None

    @property
    def differs_since(self) -> int | None:
        """The first epoch whose figures differ; None where all are equal."""
        return min((found.epoch for found in self.differences if found.epoch is not None), default=None)

    @property
    def equal(self) -> bool:
        """Whether the training has finished with all figures and every bit of the weights as recorded."""
        return self.weights_sha256 is not None and not self.differences

    def following(self, events: Generator[Event, None, None]) -> Generator[Event, None, None]:
        """Yields the events after comparing them."""
        with closing(events):
            for event in events:
                self._take(event)
                yield event

    def _take(self, event: Event) -> None:
        match event:
            case EpochDone():
                self._compare_epoch(line_of(event))
            case Finished():
                self._compare_end(event)
            case _:
                pass

    def _compare_epoch(self, now: Line) -> None:
        then = self._lines.pop(now.epoch, None)
        if then is None:
            self.differences.append(Difference(now.epoch, "the epoch", "not recorded", "trained"))
            return
        self.differences += _figures(now.epoch, asdict(then), asdict(now))

    def _compare_end(self, end: Finished) -> None:
        self.differences += [Difference(epoch, "the epoch", "recorded", "not trained") for epoch in sorted(self._lines)]
        self.differences += _figures(None, self._run.result, result_document(end))
        self.weights_sha256 = hashlib.sha256(weights_content(end.weights)).hexdigest()
        if self.weights_sha256 != self._run.weights_sha256:
            self.differences.append(Difference(None, "weights_sha256", self._run.weights_sha256, self.weights_sha256))
        self.differences += _changed_file(self._run)


def _figures(epoch: int | None, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """The figures that differ, those in `UNCOMPARED` excepted."""
    for name in (*then, *(name for name in now if name not in then)):
        if name not in UNCOMPARED and then.get(name) != now.get(name):
            yield Difference(epoch, name, then.get(name), now.get(name))


def _changed_file(run: Run) -> Iterator[Difference]:
    """A difference where the run's file of weights is not the recorded one."""
    try:
        found = hashlib.sha256((run.folder / WEIGHTS).read_bytes()).hexdigest()
    except OSError:
        found = None
    if found != run.weights_sha256:
        yield Difference(None, f"the file {WEIGHTS}", run.weights_sha256, found)
