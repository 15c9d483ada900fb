"""The runs in a folder, a summary of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import NetspecError, UsageError
from netspec.train.metrics import Line, read_lines
from netspec.train.run import METRICS, RECORD, open_run
from netspec.train.run_document import Run


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a run: `epochs` done of those `planned`, the highest validation accuracy of any epoch, the test
    accuracy of the weights kept, the seconds spent, and when it began (ISO 8601). None is what is not known."""

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


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that holds no run that can be read, and why."""

    folder: Path
    code: str
    why: str


def list_runs(folder: Path) -> tuple[tuple[Summary, ...], tuple[Unreadable, ...]]:
    """The runs in the folders of a folder, the oldest first, or the one run that the folder itself is; and what could
    not be read. Raises UsageError (E462) where there is no such folder."""
    if not folder.is_dir():
        raise UsageError("E462", f"`{folder}` is not a folder", helps=("name the one that holds the run folders",))
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = [_summary_of(path) for path in ([folder] if (folder / RECORD).exists() else inside)]
    runs = [run for run in found if isinstance(run, Summary)]
    runs.sort(key=lambda run: (datetime.fromisoformat(run.begun), run.folder))
    return tuple(runs), tuple(run for run in found if isinstance(run, Unreadable))


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
        status=run.status,
        epochs=len(lines),
        planned=planned if isinstance(planned, int) else None,
        validation_accuracy=max(validated, default=None),
        test_accuracy=_number(run.result.get("test_accuracy")),
        seconds=round(sum(line.seconds for line in lines), 3) if spent is None else spent,
        begun=run.begun or _written(run.folder / RECORD),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _written(path: Path) -> str:
    """When a file was last written, which is all that tells the age of a run that an older version made."""
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds")
