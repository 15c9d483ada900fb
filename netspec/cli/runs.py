"""`netspec runs`: lists runs in a table."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.printing import note, say_json, say_line
from netspec.cli.tables import Column, show, table
from netspec.cli.training_display import duration, percent
from netspec.train.runs import Summary, list_runs

FOLDER = Path("runs")
"""Where `netspec train` puts a run that is not told where to go."""
COLUMNS: tuple[Column, ...] = (
    ("run", "left"),
    ("net", "left"),
    ("data", "left"),
    ("status", "left"),
    ("epochs", "right"),
    ("best valid.", "right"),
    ("test", "right"),
    ("time", "right"),
    ("begun", "right"),
)


@click.command("runs")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@json_option
def command(folder: Path | None, as_json: bool) -> None:
    """List the runs in the folders of DIR (default: runs), the oldest first.

    `best valid.` is the highest validation accuracy of any epoch, `test` the test accuracy of the weights kept.
    Folders that hold no run that can be read are named.
    """
    place = folder or FOLDER
    runs, unreadable = list_runs(place) if folder or place.is_dir() else ((), ())
    for other in unreadable:
        note(f"left out: {other.why}")
    if as_json:
        say_json(
            {"folder": place, "runs": [asdict(run) for run in runs], "unreadable": [asdict(one) for one in unreadable]}
        )
    elif runs:
        show(table(COLUMNS, map(_cells, runs)))
    else:
        say_line(f"no runs in {place}")


def _cells(run: Summary) -> tuple[str, ...]:
    done = run.status == "finished" or run.planned is None
    return (
        str(run.folder.name or run.folder),
        run.net,
        Path(run.data).name if run.data else "-",
        run.status,
        f"{run.epochs:,}" if done else f"{run.epochs:,} of {run.planned:,}",
        _percent(run.validation_accuracy),
        _percent(run.test_accuracy),
        duration(run.seconds),
        f"{datetime.fromisoformat(run.begun):%Y-%m-%d %H:%M}",
    )


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else percent(fraction)
