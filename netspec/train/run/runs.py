"""Summaries of the runs in folders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import NetspecError, UsageError
from netspec.train.run.document import Run
from netspec.train.run.folder import METRICS, RECORD, open_run
from netspec.train.run.latest_weights import state
from netspec.train.run.metrics import Line, read_lines


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a run: its `latest_weights.state`, `epochs` done of those `planned`, the highest validation accuracy
    of its epochs, the test accuracy of its final weights, the seconds spent, and its start (ISO 8601). `rate` is the
    learning rate that the schedule multiplies; `overrides` are the run's values and settings, `D=64` and
    `train.epochs=3`. None means unknown."""

    folder: Path
    net: str
    data: str | None
    status: str
    epochs: int
    planned: int | None
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds: float
    begun: str
    rate: float | None
    seed: int
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder without a readable run, with the code and the message of the error."""

    folder: Path
    code: str
    why: str


ORDERS: dict[str, Callable[[Summary], Any]] = {
    "begun": lambda run: datetime.fromisoformat(run.begun),
    "run": lambda run: run.folder.name,
    "net": lambda run: run.net,
    "data": lambda run: Path(run.data).name if run.data else None,
    "status": lambda run: run.status,
    "epochs": lambda run: run.epochs,
    "rate": lambda run: run.rate,
    "seed": lambda run: run.seed,
    "validation": lambda run: run.validation_accuracy,
    "test": lambda run: run.test_accuracy,
    "time": lambda run: run.seconds,
}
"""Sort keys of runs, by name."""
BEST_FIRST = frozenset({"validation", "test"})
"""Keys by which the highest value is first."""


def list_runs(
    folders: Sequence[Path], order: str = "begun", *, reverse: bool = False
) -> tuple[tuple[Summary, ...], tuple[Unreadable, ...]]:
    """The runs in the subfolders of each folder, or the folder itself where it is a run, each once; and the unreadable
    ones. They are sorted by a key of `ORDERS`, then by age, oldest first; runs without that value come last. Raises
    UsageError (E462) where a folder does not exist."""
    places = {path.resolve(): path for folder in folders for path in _inside(folder)}
    found = [_summary_of(path) for path in places.values()]
    runs = sorted((run for run in found if isinstance(run, Summary)), key=lambda run: str(run.folder))
    runs.sort(key=ORDERS["begun"])
    known = [run for run in runs if ORDERS[order](run) is not None]
    known.sort(key=ORDERS[order], reverse=reverse != (order in BEST_FIRST))
    unknown = [run for run in runs if ORDERS[order](run) is None]
    unreadable = sorted((run for run in found if isinstance(run, Unreadable)), key=lambda run: str(run.folder))
    return (*known, *unknown), tuple(unreadable)


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError("E462", f"`{folder}` is not a folder", helps=("name the one that holds the run folders",))
    if (folder / RECORD).exists():
        return [folder]
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _summary_of(folder: Path) -> Summary | Unreadable:
    try:
        run = open_run(folder)
        return _summary(run, read_lines(folder / METRICS, sys.maxsize))
    except NetspecError as error:
        return Unreadable(folder, error.code, error.message)


def _summary(run: Run, lines: Sequence[Line]) -> Summary:
    validated = [line.validation_accuracy for line in lines if line.validation_accuracy is not None]
    spent = _number(run.result.get("seconds"))
    planned = run.identity.get("train.epochs")
    return Summary(
        folder=run.folder,
        net=run.spec.removesuffix(".net").removesuffix(".run"),
        data=run.data.source if run.data else None,
        status=state(run),
        epochs=len(lines),
        planned=planned if isinstance(planned, int) else None,
        validation_accuracy=max(validated, default=None),
        test_accuracy=_number(run.result.get("test_accuracy")),
        seconds=round(sum(line.seconds for line in lines), 3) if spent is None else spent,
        begun=run.begun or _written(run.folder / RECORD),
        rate=_number(run.identity.get("train.sgd.rate")),
        seed=run.seed,
        overrides=(*(f"{name}={value}" for name, value in run.with_values.items()), *run.settings),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _written(path: Path) -> str:
    """Time of a file's last modification: the only sign of the age of a run of an older version."""
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds")
