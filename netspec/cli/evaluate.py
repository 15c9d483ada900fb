"""`netspec evaluate`: loss and accuracy of a trained net."""

from __future__ import annotations

from pathlib import Path

import click

from netspec.cli.options import (
    data_dir_option,
    data_option,
    exact_option,
    json_option,
    override_options,
    readable_data_folder,
    threads_option,
    weights_option,
)
from netspec.cli.printing import remark, say, say_json
from netspec.cli.trained import load_trained
from netspec.cli.training_display import scores_line
from netspec.train.begin import DataPlaces, load_data
from netspec.train.device import host_device
from netspec.train.evaluate import evaluate


@click.command("evaluate")
@click.argument("target", metavar="RUN|SPEC")
@weights_option
@click.option("--strict", is_flag=True, help="Make data files that would be skipped an error.")
@data_option
@data_dir_option
@threads_option
@exact_option
@override_options
@json_option
def command(
    target: str,
    weights: Path | None,
    strict: bool,
    data: str | None,
    data_dir: Path | None,
    threads: int | None,
    exact: bool,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure a run, or SPEC with --weights FILE, on the test part of its data, else on the validation part."""
    places = DataPlaces(data_dir, readable_data_folder(), strict)
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    dataset = load_data(trained.experiment, places)
    for notice in dataset.notices:
        remark(f"note: {notice}")
    device = host_device(threads, exact=exact or trained.exact)
    found = evaluate(trained.experiment, dataset, trained.preparation, trained.weights, device=device)
    if as_json:
        scores = found.scores
        say_json({"part": found.part, "images": scores.images, "loss": scores.loss, "accuracy": scores.accuracy})
    else:
        say(f"{trained.experiment.graph.name} on {dataset.description}")
        say(scores_line(found.part, found.scores))
