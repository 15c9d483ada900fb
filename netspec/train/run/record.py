"""Recording of a run's events in its folder: metrics, checkpoints, and at the end weights, curve and result."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from netspec.diagnostics.failure import DivergedError, NetspecError
from netspec.train.draw.curve import draw_curve
from netspec.train.events import Diverged, EpochDone, Event, Finished, Lost, Progress, Started, Warned
from netspec.train.run.cadence import KEPT, Cadence
from netspec.train.run.checkpoint import write_checkpoint
from netspec.train.run.document import Run
from netspec.train.run.evidence import write_evidence
from netspec.train.run.files import append_line, sync, write_whole
from netspec.train.run.folder import CURVE, METRICS, WEIGHTS, save_record
from netspec.train.run.metrics import Line, line_of, scores_document
from netspec.train.run.weights import write_weights
from netspec.train.step.scores import Scores, Weights
from netspec.train.watch.diverged import diverged_document


def record(run: Run, events: Iterator[Event], *, lines: Sequence[Line] = ()) -> Generator[Event, None, None]:
    """Yields the events after recording them; `lines` are those of epochs done in earlier sittings.

    After an end by Ctrl-C or by closing the iterator, the run folder contains the current weights and a checkpoint to
    resume from. Every end is recorded in `run.json`. Raises DataError (E540), and the exceptions of the training.
    """
    recorder = _Recorder(run, list(lines))
    try:
        for event in events:
            recorder.take(event)
            yield event
    except DivergedError:
        recorder.end("diverged")
        raise
    except (KeyboardInterrupt, GeneratorExit):
        recorder.interrupt()
        raise
    except BaseException:
        recorder.end("failed")
        raise


class _Recorder:
    def __init__(self, run: Run, lines: list[Line]) -> None:
        self._run, self._saving, self._lines = run, run.options.saving, lines
        self._started: Started | None = None
        self._cadence = Cadence(self._saving)

    def take(self, event: Event) -> None:
        """Records one event."""
        match event:
            case Started():
                self._started = event
            case Progress():
                if self._cadence.due(event):
                    self._save()
            case EpochDone():
                self._lines.append(line_of(event))
                append_line(self._run.folder / METRICS, self._lines[-1].text())
                if self._cadence.due(event):
                    self._save()
            case Lost() | Warned():
                pass
            case Finished():
                self._finish(event)
            case Diverged():
                self._keep_evidence(event)

    def _save(self, kept: int = KEPT) -> None:
        """Writes a checkpoint, after syncing the metrics. None is written before the first step, within a step, or
        where numbers are not finite. The last `kept` are kept, unless the options set another number."""
        snapshot = self._started.snapshot() if self._started else None
        if snapshot is None or snapshot.position.step == 0 or not snapshot.sound:
            return
        begun = perf_counter()
        sync(self._run.folder / METRICS)
        write_checkpoint(self._run.folder, snapshot, self._saving.keep or kept)
        self._cadence.saved(begun)

    def _finish(self, end: Finished) -> None:
        # Other checkpoints depend on the clock; without them equal trainings leave equal folders.
        self._save(kept=1)
        checksum = self._keep(end.weights)
        finished = replace(self._run, status="finished", result=result_document(end), weights_sha256=checksum)
        self._draw(end.test)
        save_record(finished)
        self._run = finished

    def _keep_evidence(self, diverged: Diverged) -> None:
        """Writes the state to replay; the rest goes into `run.json`, which is written last."""
        write_evidence(self._run.folder, diverged.before)
        self._run = replace(self._run, result={"diverged": diverged_document(diverged)})

    def interrupt(self) -> None:
        """Saves checkpoint, weights and curve, where the training has started and its numbers are finite."""
        if self._run.status == "finished":
            return
        try:
            snapshot = self._started.snapshot() if self._started else None
            if self._started is not None and snapshot is not None and snapshot.sound:
                self._save()
                self._keep(self._started.weights())
                self._draw(None)
        finally:
            self.end("interrupted")

    def end(self, status: str) -> None:
        """Records the status in `run.json`, if the disk permits."""
        with contextlib.suppress(NetspecError):
            save_record(replace(self._run, status=status))

    def _keep(self, weights: Weights) -> str:
        """Writes the weights and returns the file's SHA-256."""
        path = self._run.folder / WEIGHTS
        write_weights(path, weights)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def _draw(self, test: Scores | None) -> None:
        if self._lines:
            write_whole(self._run.folder / CURVE, draw_curve(self._run.folder.name, self._lines, test))


def result_document(end: Finished) -> dict[str, Any]:
    """JSON of the end of a training, for `train --json` and `run.json`."""
    return {
        "epochs": end.epochs,
        "seconds": round(end.seconds, 3),
        "kept_epoch": end.kept_epoch,
        "best_epoch": end.best_epoch,
        **scores_document("train", end.training),
        **scores_document("validation", end.validation),
        **scores_document("test", end.test),
    }
