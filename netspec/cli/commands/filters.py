"""`netspec filters`: what a layer has learnt to look for, and what it sees in an image, as pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from netspec.cli.device_options import device_options
from netspec.cli.named_layer import find_layer
from netspec.cli.options import (
    data_dir_option,
    data_option,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.show.printing import counted, note, say_json, say_line
from netspec.cli.trained import load_trained
from netspec.data.dataset import Dataset, Images, Part
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.failure import UsageError
from netspec.runtime.device import DeviceChoice, open_kept
from netspec.train.draw.filters import first_convolution, layer_filters, layer_maps
from netspec.train.draw.tiles import draw_tiles, filter_tiles, map_tiles
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.files import write_whole
from netspec.train.step.preparation import Preparation, in_units_of
from netspec.train.use.predict import class_name, read_pictures
from netspec.train.use.trained import Trained


@click.command("filters")
@click.argument("target", metavar="RUN|SPEC")
@click.option(
    "--image", metavar="FILE|INDEX", help="Draw the maps of this image instead: a file, or a number in the test part."
)
@click.option("--layer", "name", metavar="NAME", help="Which layer  [default: the first convolution].")
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The picture  [default: NET-LAYER-filters.png or NET-LAYER-maps.png].",
)
@weights_option
@data_option
@data_dir_option
@device_options
@override_options
@json_option
def command(
    target: str,
    image: str | None,
    name: str | None,
    png: Path | None,
    weights: Path | None,
    data: str | None,
    data_dir: Path | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Draw the filters of a layer of a run, or of SPEC with --weights FILE; with --image the maps of an image in it.

    In filters zero is middle grey and each has its own scale; those of three channels are in colour, and of other
    channels each is a tile, a row a filter. Maps are of one scale, with zero black; images are prepared as in training.
    """
    places = DataPlaces(data_dir, readable_data_folder())
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    graph = trained.experiment.graph
    layer = first_convolution(graph) if name is None else find_layer(graph, name)
    if image is None:
        what, (shown, told) = "filters", (layer_filters(trained, layer), "")
        tiles, columns = filter_tiles(shown)
    else:
        what, (images, told, preparation) = "maps", find_image(trained, image, places)
        device = open_kept(choice, trained.planned_by)
        (shown,) = layer_maps(replace(trained, preparation=preparation), layer, images, device)
        tiles, columns = map_tiles(shown)
    target_file = png or Path(f"{graph.name}-{layer.name}-{what}.png")
    write_whole(target_file, draw_tiles(tiles, columns))
    if as_json:
        say_json({"png": target_file, "layer": layer.name, "what": what, "shape": list(shown.shape)})
    else:
        size = "x".join(map(str, shown.shape[-2:]))
        say_line(f"wrote {target_file}: {counted(len(shown), what[:-1])} of {layer.name}, {size}{told}")


def find_image(trained: Trained, image: str, places: DataPlaces) -> tuple[Images, str, Preparation]:
    """One image (1, C, H, W) in the units of the data set, what it is, and how it is prepared.

    A number is an image of the test part, else of the validation part, else of the training part of the data that were
    trained on. Raises UsageError (E473), DataError (E512, E514, E559, or where the data cannot be had).
    """
    if not (image.isascii() and image.isdigit()):
        images, notices = read_pictures([Path(image)], trained.preparation)
        for notice in notices:
            note(notice)
        return images, f", of {image}", trained.preparation
    dataset = load_data(trained.experiment, places, trained.known, to_measure=True)
    name, part = _part(dataset)
    number = int(image)
    if number >= len(part):
        raise UsageError("E473", f"there is no image {number}: the {name} part has {len(part):,}, counted from 0")
    told = class_name(trained.preparation, int(part.labels[number]))
    preparation = in_units_of(trained.preparation, dataset)
    return part.images[number : number + 1], f", of image {number} of the {name} part, class {told}", preparation


def _part(dataset: Dataset) -> tuple[str, Part]:
    parts = {"test": dataset.test, "validation": dataset.validation, "training": dataset.train}
    return next((name, part) for name, part in parts.items() if part)
