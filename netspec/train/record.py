"""Writes a run folder while its events pass by."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from netspec.diagnostics.failure import DivergedError
from netspec.train.curve import draw_curve
from netspec.train.events import EpochDone, Event, Finished, Progress, Started
from netspec.train.files import append_line, write_whole
from netspec.train.metrics import Line, line_of, scores_document
from netspec.train.run import CURVE, METRICS, WEIGHTS, save_record
from netspec.train.run_document import Run
from netspec.train.scores import Scores, Weights
from netspec.train.weights import write_weights


def record(run: Run, events: Iterator[Event]) -> Generator[Event, None, None]:
    """Passes the events on after writing down what they tell.

    Whoever stops listening before the end, be it by Ctrl-C or by closing the iterator, finds the weights as they were
    in the run folder. Raises DataError (E540), and whatever the training raises.
    """
    started: Started | None = None
    lines: list[Line] = []
    try:
        for event in events:
            match event:
                case Started():
                    started = event
                case Progress():
                    pass
                case EpochDone():
                    lines.append(line_of(event))
                    append_line(run.folder / METRICS, lines[-1].text())
                case Finished():
                    finished = replace(run, status="finished", result=result_document(event))
                    _keep(finished, event.weights)
                    run = finished
                    _draw(run, lines, event.test)
            yield event
    except DivergedError:
        save_record(replace(run, status="diverged"))
        raise
    except (KeyboardInterrupt, GeneratorExit):
        if run.status != "finished":
            _interrupted(replace(run, status="interrupted"), started, lines)
        raise


def _interrupted(run: Run, started: Started | None, lines: list[Line]) -> None:
    """Keeps what there is: before the start, no weights."""
    if started is None:
        return save_record(run)
    _keep(run, started.weights())
    return _draw(run, lines, None)


def _keep(run: Run, weights: Weights) -> None:
    write_weights(run.folder / WEIGHTS, weights)
    save_record(run)


def _draw(run: Run, lines: list[Line], test: Scores | None) -> None:
    """The curve comes last: it takes the longest, and is the first thing to do without."""
    if lines:
        write_whole(run.folder / CURVE, draw_curve(run.folder.name, lines, test))


def result_document(end: Finished) -> dict[str, Any]:
    """The end of a training: what `train --json` prints, and what `run.json` keeps."""
    return {
        "epochs": end.epochs,
        "seconds": round(end.seconds, 3),
        "kept_epoch": end.kept_epoch,
        "best_epoch": end.best_epoch,
        **scores_document("train", end.training),
        **scores_document("validation", end.validation),
        **scores_document("test", end.test),
    }
