"""`netspec predict`: image files in, class and probability out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from netspec.cli.device_options import device_options
from netspec.cli.options import (
    data_dir_option,
    data_option,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.show.printing import note, say_json, say_line
from netspec.cli.show.training_display import percent
from netspec.cli.trained import load_trained
from netspec.data.environment import readable_data_folder
from netspec.predict.verdict import Verdict
from netspec.runtime.device import DeviceChoice, open_kept
from netspec.train.run.begin import DataPlaces
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import Array
from netspec.train.use.predict import class_name, read_pictures
from netspec.train.use.predictor import verdict


@click.command("predict")
@click.argument("target", metavar="RUN|SPEC")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--top", type=click.IntRange(1), default=1, show_default=True, help="How many classes to name.")
@weights_option
@data_option
@data_dir_option
@device_options
@override_options
@json_option
def command(
    target: str,
    images: tuple[Path, ...],
    top: int,
    weights: Path | None,
    data: str | None,
    data_dir: Path | None,
    choice: DeviceChoice,
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
    device = open_kept(choice, trained.planned_by)
    documents = predictions(verdict(trained, pictures, device), top, trained.preparation)
    if as_json:
        say_json({"predictions": [{"image": path, **told} for path, told in zip(images, documents, strict=True)]})
    else:
        for path, told in zip(images, documents, strict=True):
            say_line(f"{path}: {said_of(told)}")


def predictions(found: Verdict, top: int, preparation: Preparation) -> list[dict[str, Any]]:
    """What is told of each image: its `top` likeliest classes, best first, or the number of a regression."""
    if found.ranks is None:
        nothing = {"class": None, "label": None, "probability": None, "top": None}
        return [{**nothing, "number": float(number)} for (number,) in found.said]
    ranked = [ranking(row, order[:top], preparation) for row, order in zip(found.said, found.ranks, strict=True)]
    return [{**rows[0], "top": rows, "number": None} for rows in ranked]


def ranking(row: Array, order: NDArray[np.int64], preparation: Preparation) -> list[dict[str, Any]]:
    """The classes of an image in this order. One output is the probability of class 1."""
    both = np.array([1 - row[0], row[0]]) if len(row) == 1 else row
    return [{"class": class_name(preparation, int(k)), "label": int(k), "probability": float(both[k])} for k in order]


def said_of(told: Mapping[str, Any]) -> str:
    """The same for a person: classes with probabilities, or the number."""
    if told["number"] is not None:
        return f"{told['number']:.6g}"
    return ", ".join(f"{row['class']} {percent(row['probability'])}" for row in told["top"])
