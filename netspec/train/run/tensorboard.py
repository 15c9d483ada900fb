"""Event files for TensorBoard: one scalar per figure, one step per epoch."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportAttributeAccessIssue=false
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false
# tensorboardX has no types, and creates its message classes at import
from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path

from netspec.diagnostics.failure import DataError, UsageError
from netspec.train.events import EpochDone, Event, Finished
from netspec.train.run.files import cannot_write, remove
from netspec.train.run.folder import EVENTS, METRICS
from netspec.train.run.metrics import Line, line_of, read_lines

FLUSH_SECONDS = 1.0
"""Longest time between flushes, rounded up to whole epochs."""


def check_installed() -> None:
    """Raises UsageError (E603) where the extra is missing; to be called before anything is written."""
    if find_spec("tensorboardX") is None:
        message = "TensorBoard's event files need tensorboardX, which is not installed"
        raise UsageError("E603", message, helps=("pip install 'netspec[tensorboard]'",))


def with_event_file(folder: Path, events: Generator[Event, None, None]) -> Generator[Event, None, None]:
    """Yields the events of a run after writing its figures to a new event file in the run's folder.

    It begins with the epochs of earlier sittings, whose event files are removed. Raises DataError (E540).
    """
    with closing(events):
        file = _EventFile(folder)
        try:
            for line in read_lines(folder / METRICS, sys.maxsize):
                file.add(line.epoch, epoch_scalars(line))
            for event in events:
                if isinstance(event, EpochDone):
                    file.add(event.epoch, epoch_scalars(line_of(event)))
                elif isinstance(event, Finished):
                    file.add(event.epochs, dict(_end_scalars(event)))
                yield event
        finally:
            file.close()


def epoch_scalars(line: Line) -> dict[str, float]:
    """Figures of an epoch's line by TensorBoard's tags, which group them; without those that were not measured."""
    figures = {
        "loss/training": line.train_loss,
        "loss/validation": line.validation_loss,
        "accuracy/training": line.train_accuracy,
        "accuracy/validation": line.validation_accuracy,
        "rate": line.rate,
    }
    return {tag: figure for tag, figure in figures.items() if figure is not None}


def _end_scalars(end: Finished) -> Iterator[tuple[str, float]]:
    if end.test is not None:
        yield "loss/test", end.test.loss
        if end.test.accuracy is not None:
            yield "accuracy/test", end.test.accuracy


class _EventFile:
    """An open event file. Raises DataError (E540) where a write fails."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import RecordWriter  # noqa: PLC0415 (an extra)
        from tensorboardX.proto import event_pb2, summary_pb2  # noqa: PLC0415

        self._messages, self._summaries = event_pb2, summary_pb2
        remove(folder.glob(EVENTS))
        self._path = folder.absolute() / EVENTS.replace("*", f"{time.time_ns() // 1000:016}")
        self._flushed_seconds = time.perf_counter()
        try:
            self._writer = RecordWriter(str(self._path))
            self._write(file_version="brain.Event:2")
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Writes the scalars of a step, by tag."""
        values = [self._summaries.Summary.Value(tag=tag, simple_value=scalar) for tag, scalar in scalars.items()]
        try:
            self._write(step=step, summary=self._summaries.Summary(value=values))
            if time.perf_counter() - self._flushed_seconds >= FLUSH_SECONDS:
                self._writer.flush()
                self._flushed_seconds = time.perf_counter()
        except OSError as error:
            raise self._refused(error) from None

    def _write(self, **content: object) -> None:
        self._writer.write(self._messages.Event(wall_time=time.time(), **content).SerializeToString())

    def close(self) -> None:
        """Flushes and closes the file."""
        try:
            self._writer.close()
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> DataError:
        with suppress(OSError):
            self._writer.close()
        return cannot_write(self._path, error)
