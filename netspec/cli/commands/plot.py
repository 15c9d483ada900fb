"""`netspec plot`: the learning curves of several runs in one picture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.show.printing import note, say_json, say_line
from netspec.diagnostics.failure import UsageError
from netspec.train.draw.plot import Against, Curve, draw_curves
from netspec.train.run.files import write_whole
from netspec.train.run.folder import METRICS, open_run
from netspec.train.run.metrics import Line, read_lines


@click.command("plot")
@click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("curves.png"),
    show_default=True,
    help="The picture.",
)
@click.option(
    "--against",
    type=click.Choice(["epochs", "images"]),
    default="epochs",
    show_default=True,
    help="What goes to the right: epochs, or images seen, with the losses within epochs.",
)
@json_option
def command(folders: tuple[Path, ...], png: Path, against: Against, as_json: bool) -> None:
    """Draw loss, accuracy and learning rate of every RUN into one picture: training drawn through, validation dashed.

    Runs that are still going on are drawn as far as they are.
    """
    curves = [curve for folder, name in zip(folders, names(folders), strict=True) if (curve := _curve(folder, name))]
    drawn = [curve for curve in curves if against == "epochs" or all(line.images for line in curve.lines)]
    for left in (curve for curve in curves if curve not in drawn):
        note(f"{left.name} is left out: it was trained by a version that did not count images")
    if not drawn:
        helps = ("`netspec train` writes a line an epoch into a run's `metrics.jsonl`",)
        raise UsageError("E471", "none of these runs has anything to draw", helps=helps)
    write_whole(png, draw_curves(drawn, against))
    if as_json:
        say_json({"png": png, "against": against, "runs": [curve.name for curve in drawn]})
    else:
        say_line(f"wrote {png}")


def _curve(folder: Path, name: str) -> Curve | None:
    """A run's curve; None, with a remark, where no epoch is done. Raises UsageError (E462), DataError (E502, E544)."""
    open_run(folder)
    lines: list[Line] = read_lines(folder / METRICS, sys.maxsize)
    if not lines:
        note(f"{name} is left out: it has no whole epoch yet")
        return None
    return Curve(name, tuple(lines))


def names(folders: Sequence[Path]) -> list[str]:
    """The folders' own names where they tell the runs apart, else their paths."""
    own = [folder.resolve().name for folder in folders]
    return own if len(set(own)) == len(own) else [str(folder) for folder in folders]
