"""`netspec scales`: what initial weights that are too small or too large do to activations and gradients."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from netspec.cli.data_options import data_progress
from netspec.cli.experiment import load_experiment
from netspec.cli.options import (
    data_dir_option,
    data_option,
    json_option,
    override_options,
    spec_argument,
)
from netspec.cli.show.printing import note, say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.cells import shown
from netspec.ir.recipe import Experiment
from netspec.train.draw.scales_plot import draw_scales
from netspec.train.run.begin import DataPlaces, load_data, remarks
from netspec.train.run.files import write_whole
from netspec.train.use.scales import (
    FUNCTIONS,
    SCALES,
    Exhibits,
    LayerScale,
    Trial,
    noise_exhibits,
    real_exhibits,
    try_scales,
)

NOTHING = "-"


def _scales(ctx: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...]:
    """Numbers above zero, in ascending order, each once."""
    if text is None:
        return SCALES
    try:
        numbers = sorted({float(number) for number in text.split(",")})
    except ValueError:
        numbers = []
    if not numbers or not all(0 < number < math.inf for number in numbers):
        raise click.BadParameter(f"'{text}' is not a list of numbers above 0, as in 0.1,1,10.")
    return tuple(numbers)


@click.command("scales")
@spec_argument
@click.option("--images", type=click.IntRange(1), default=16, show_default=True, help="How many images are shown.")
@click.option("--scales", callback=_scales, metavar="LIST", help="Scales to try  [default: 0.1,0.5,1,1.41,3,10].")
@click.option("--seed", type=click.IntRange(0), help="Of the weights and the choice of images  [default: the spec's].")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Draw them too, into this picture.")
@data_option
@data_dir_option
@override_options
@json_option
def command(
    spec: str,
    images: int,
    scales: tuple[float, ...],
    seed: int | None,
    png: Path | None,
    data: str | None,
    data_dir: Path | None,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show how large activations and gradients are in every layer of SPEC before any training.

    Sigmoid, tanh and ReLU in turn take the place of every activation function, and weights are drawn from a normal
    distribution of deviation SCALE / sqrt(fan-in). The images are those of the spec's data, or noise where it names
    none. Deviations are over all images and units; gradients are of an image's loss.
    """
    experiment = load_experiment(spec, with_values=with_values, settings=settings, data=data)
    seed = experiment.train.seed if seed is None else seed
    exhibits = _exhibits(experiment, images, seed, data_dir)
    graph, loss = experiment.graph, experiment.train.loss
    tried = try_scales(graph, loss, exhibits, scales, seed)
    total, hidden = len(scales) * len(FUNCTIONS), not sys.stderr.isatty()
    with click.progressbar(tried, length=total, label="trying", file=sys.stderr, hidden=hidden) as bar:
        trials = list(bar)
    title = f"{graph.name}, {exhibits.description}, seed {seed}"
    if png is not None:
        write_whole(png, draw_scales(title, trials))
    if as_json:
        say_json(_document(experiment, exhibits, seed, png, trials))
    else:
        _show(title, trials)
        if png is not None:
            say(f"\nwrote {shown(str(png))}")


def _exhibits(experiment: Experiment, images: int, seed: int, data_dir: Path | None) -> Exhibits:
    """Images of the data that the spec names, else noise. Raises DataError."""
    if experiment.data is None:
        return noise_exhibits(experiment.graph, images, seed)
    dataset = load_data(experiment, DataPlaces(data_dir, readable_data_folder(), progress=data_progress))
    for notice in remarks(dataset, experiment):
        note(notice)
    return real_exhibits(experiment, dataset, images, seed)


def _show(title: str, trials: Sequence[Trial]) -> None:
    say(f"{shown(title)}\nrows are layers, columns initial scales: weights have deviation scale / sqrt(fan-in)")
    for function in FUNCTIONS:
        tried = [trial for trial in trials if trial.function == function]
        for what in ("activation", "gradient"):
            say(f"\n{function}: deviation of {what}s\n")
            columns: list[Column] = [("layer", "left"), *((f"{trial.scale:.3g}", "right") for trial in tried)]
            rows = zip(*(trial.layers for trial in tried), strict=True)
            show(table(columns, (_cells(row, what) for row in rows)))


def _cells(row: Sequence[LayerScale], what: str) -> tuple[str, ...]:
    figures = (layer.activation if what == "activation" else layer.gradient for layer in row)
    return row[0].layer, *(NOTHING if figure is None else f"{figure:.2e}" for figure in figures)


def _document(
    experiment: Experiment, exhibits: Exhibits, seed: int, png: Path | None, trials: Sequence[Trial]
) -> dict[str, object]:
    return {
        "net": experiment.graph.name,
        "images": exhibits.description,
        "real": experiment.data is not None,
        "seed": seed,
        "png": png,
        "trials": [asdict(trial) for trial in trials],
    }
