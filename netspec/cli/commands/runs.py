"""`netspec runs`: lists runs in a table."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from netspec.cli.commands.plot import names
from netspec.cli.options import json_option
from netspec.cli.show.printing import note, say_json, say_line
from netspec.cli.show.tables import Column, show, table
from netspec.cli.show.training_display import duration, percent
from netspec.train.run.runs import ORDERS, Summary, list_runs

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
    ("rate", "right"),
    ("seed", "right"),
    ("overrides", "left"),
)


@click.command("runs")
@click.argument("folders", metavar="[DIR...]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--sort",
    "order",
    type=click.Choice(tuple(ORDERS)),
    default="begun",
    show_default=True,
    help="By what; of accuracies the highest comes first, else the lowest, and what is not known last.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@json_option
def command(folders: tuple[Path, ...], order: str, reverse: bool, as_json: bool) -> None:
    """List the runs in the folders of DIR, or DIR itself where it is a run (default: runs), the oldest first.

    `best valid.` is the highest validation accuracy of any epoch, `test` the test accuracy of the weights kept, `rate`
    the learning rate that the schedule begins with, and `overrides` what a run was given with `--with` and `--set`.
    A run is `killed` where its record says that it is running and no process trains it. Folders that hold no run that
    can be read are named.
    """
    places = folders or (FOLDER,)
    runs, unreadable = list_runs(places, order, reverse=reverse) if folders or FOLDER.is_dir() else ((), ())
    for other in unreadable:
        note(f"left out: {other.why}")
    if as_json:
        say_json(
            {
                "folder": places[0] if len(places) == 1 else None,
                "folders": places,
                "runs": [asdict(run) for run in runs],
                "unreadable": [asdict(one) for one in unreadable],
            }
        )
    elif runs:
        show(table(COLUMNS, map(_cells, runs, names([run.folder for run in runs]))))
    else:
        say_line(f"no runs in {', '.join(map(str, places))}")


def _cells(run: Summary, name: str) -> tuple[str, ...]:
    done = run.status == "finished" or run.planned is None
    return (
        name,
        run.net,
        Path(run.data).name if run.data else "-",
        run.status,
        f"{run.epochs:,}" if done else f"{run.epochs:,} of {run.planned:,}",
        percent(run.validation_accuracy),
        percent(run.test_accuracy),
        duration(run.seconds),
        f"{datetime.fromisoformat(run.begun):%Y-%m-%d %H:%M}",
        "-" if run.rate is None else f"{run.rate:g}",
        str(run.seed),
        " ".join(setting for setting in run.overrides if not setting.startswith("data=")),
    )
