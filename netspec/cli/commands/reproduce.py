"""`netspec reproduce`: trains a run once more from its folder alone, and compares."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path

import click

from netspec.cli.commands.train import introduce, watch
from netspec.cli.data_options import data_memory_option, data_progress
from netspec.cli.device_options import threads_option
from netspec.cli.options import data_dir_option, json_option
from netspec.cli.show.printing import counted, say, say_json
from netspec.cli.show.training_display import Display
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.cells import shown
from netspec.runtime.device import DeviceChoice, open_device
from netspec.train.run.begin import DataPlaces
from netspec.train.run.document import Run
from netspec.train.run.folder import open_run, run_experiment
from netspec.train.run.reproduce import Comparison, Difference, begin_again

SHOWN = 12
"""So many differences of the first epoch that differs are told, and as many of the end."""


@click.command("reproduce")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--run", "into", metavar="DIR", type=click.Path(path_type=Path), help="Keep the new run in this folder.")
@click.option("--force", is_flag=True, help="Train though something has changed; replace the run in the new folder.")
@data_dir_option
@data_memory_option
@threads_option
@json_option
def command(
    folder: Path,
    into: Path | None,
    force: bool,
    data_dir: Path | None,
    data_memory: int,
    choice: DeviceChoice,
    as_json: bool,
) -> int:
    """Train RUN once more from its folder alone, and compare every epoch and the weights, to the bit.

    Exit status 1 where anything differs; the first epoch that does is named. Without `--run` nothing is written. What
    decides the bits, as data, versions and the kind of processor, must be as it was.
    """
    run = open_run(folder)
    experiment, device = run_experiment(run), open_device(choice.over(run.planned_by))
    places = DataPlaces(data_dir, readable_data_folder(), held_bytes=data_memory, progress=data_progress)
    begun = begin_again(run, experiment, places=places, device=device, folder=into, force=force)
    comparison, display = Comparison(run), Display(sys.stderr if as_json else sys.stdout)
    introduce(display, begun, experiment, device)
    watch(replace(begun, events=comparison.following(begun.events)), display)
    say_json(comparison_document(run, into, comparison)) if as_json else _show(run, comparison)
    return 0 if comparison.equal else 1


def comparison_document(run: Run, into: Path | None, comparison: Comparison) -> dict[str, object]:
    """The same for programs."""
    return {
        "run": run.folder,
        "into": into,
        "equal": comparison.equal,
        "differs_since": comparison.differs_since,
        "weights_sha256": run.weights_sha256,
        "weights_sha256_now": comparison.weights_sha256,
        "differences": [asdict(found) for found in comparison.differences],
    }


def _show(run: Run, comparison: Comparison) -> None:
    epochs = counted(int(run.result.get("epochs", 0)), "epoch")
    if comparison.equal:
        say(f"\n{shown(str(run.folder))} is reproduced: {epochs} and the weights, to the bit")
        say(f"weights_sha256 {comparison.weights_sha256}")
        return
    since = comparison.differs_since
    say(f"\n{shown(str(run.folder))} is NOT reproduced: it differs {f'since epoch {since}' if since else 'at the end'}")
    first = [found for found in comparison.differences if found.epoch == since]
    last = [found for found in comparison.differences if found.epoch is None]
    for found in (*(first[:SHOWN] if since else ()), *last[:SHOWN]):
        say(_told(found))


def _told(found: Difference) -> str:
    where = "end" if found.epoch is None else f"epoch {found.epoch}"
    return f"{where}: {found.what} was {found.was} and is {found.now}"
