"""Writes a run folder while its events pass by."""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from netspec.diagnostics.failure import DivergedError
from netspec.train.curve import draw_curve
from netspec.train.events import EpochDone, Event, Finished, Progress, Scores, Started, Weights
from netspec.train.files import append_line, write_whole
from netspec.train.run import CURVE, METRICS, WEIGHTS, save_record
from netspec.train.run_document import Run
from netspec.train.weights import write_weights


def record(run: Run, events: Iterator[Event]) -> Generator[Event, None, None]:
    """Passes the events on after writing down what they tell.

    Whoever stops listening before the end, be it by Ctrl-C or by closing the iterator, finds the weights as they were
    in the run folder. Raises DataError (E540), and whatever the training raises.
    """
    started: Started | None = None
    epochs: list[EpochDone] = []
    try:
        for event in events:
            match event:
                case Started():
                    started = event
                case Progress():
                    pass
                case EpochDone():
                    epochs.append(event)
                    append_line(run.folder / METRICS, json.dumps(epoch_document(event)))
                case Finished():
                    finished = replace(run, status="finished", result=result_document(event))
                    _keep(finished, event.weights)
                    run = finished
                    _draw(run, epochs, event.test)
            yield event
    except DivergedError:
        save_record(replace(run, status="diverged"))
        raise
    except (KeyboardInterrupt, GeneratorExit):
        if run.status != "finished":
            _interrupted(replace(run, status="interrupted"), started, epochs)
        raise


def _interrupted(run: Run, started: Started | None, epochs: list[EpochDone]) -> None:
    """Keeps what there is: before the start, no weights."""
    if started is None:
        return save_record(run)
    _keep(run, started.weights())
    return _draw(run, epochs, None)


def _keep(run: Run, weights: Weights) -> None:
    write_weights(run.folder / WEIGHTS, weights)
    save_record(run)


def _draw(run: Run, epochs: list[EpochDone], test: Scores | None) -> None:
    """The curve comes last: it takes the longest, and is the first thing to do without."""
    if epochs:
        write_whole(run.folder / CURVE, draw_curve(run.folder.name, epochs, test))


def epoch_document(done: EpochDone) -> dict[str, Any]:
    """A line of `metrics.jsonl`; what was not measured or is not finite is null."""
    return {
        "epoch": done.epoch,
        "step": done.step,
        "rate": done.rate,
        "train_loss": _finite(done.training.loss),
        "train_accuracy": _finite(done.training.accuracy),
        **_scores_document("validation", done.validation),
        "seconds": round(done.seconds, 3),
        "images_per_second": round(done.images_per_second, 1),
    }


def result_document(end: Finished) -> dict[str, Any]:
    """The end of a training: what `train --json` prints, and what `run.json` keeps."""
    return {
        "epochs": end.epochs,
        "seconds": round(end.seconds, 3),
        "train_loss": _finite(end.training.loss),
        "train_accuracy": _finite(end.training.accuracy),
        **_scores_document("validation", end.validation),
        **_scores_document("test", end.test),
    }


def _scores_document(part: str, scores: Scores | None) -> dict[str, Any]:
    loss, accuracy = (scores.loss, scores.accuracy) if scores else (math.nan, math.nan)
    return {f"{part}_loss": _finite(loss), f"{part}_accuracy": _finite(accuracy)}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
