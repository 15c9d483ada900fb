"""`netspec predict`: image files in, class and probability out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from netspec.cli.options import (
    data_dir_option,
    data_option,
    exact_option,
    json_option,
    override_options,
    threads_option,
    weights_option,
)
from netspec.cli.printing import note, say_json, say_line
from netspec.cli.trained import load_trained
from netspec.cli.training_display import percent
from netspec.cli.tuning import tuning_option
from netspec.data.environment import readable_data_folder
from netspec.ir.costs import Costs
from netspec.train.begin import DataPlaces
from netspec.train.device import host_device
from netspec.train.predict import class_name, read_pictures
from netspec.train.predictor import predict
from netspec.train.preparation import Preparation
from netspec.train.scores import Array


@click.command("predict")
@click.argument("target", metavar="RUN|SPEC")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--top", type=click.IntRange(1), default=1, show_default=True, help="How many classes to name.")
@weights_option
@data_option
@data_dir_option
@threads_option
@exact_option
@tuning_option
@override_options
@json_option
def command(
    target: str,
    images: tuple[Path, ...],
    top: int,
    weights: Path | None,
    data: str | None,
    data_dir: Path | None,
    threads: int | None,
    exact: bool,
    costs: Costs | None,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Classify image files with a run, or with SPEC and --weights FILE; images are prepared as in its training."""
    places = DataPlaces(data_dir, readable_data_folder())
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    pictures, notices = read_pictures(images, trained.preparation)
    for notice in notices:
        note(notice)
    found = predict(trained, pictures, host_device(threads, exact=exact or trained.exact, costs=costs or trained.costs))
    ranked = [ranking(row, top, trained.preparation) for row in found]
    documents = [{"image": path, **rows[0], "top": rows} for path, rows in zip(images, ranked, strict=True)]
    if as_json:
        say_json({"predictions": documents})
    else:
        for path, rows in zip(images, ranked, strict=True):
            say_line(f"{path}: " + ", ".join(f"{row['class']} {percent(row['probability'])}" for row in rows))


def ranking(row: Array, top: int, preparation: Preparation) -> list[dict[str, Any]]:
    """The `top` likeliest classes of an image, best first. One output is the probability of class 1."""
    both = np.array([1 - row[0], row[0]]) if len(row) == 1 else row
    order = np.argsort(-both, kind="stable")[:top]
    return [{"class": class_name(preparation, int(k)), "label": int(k), "probability": float(both[k])} for k in order]
