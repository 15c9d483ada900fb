"""`netspec filters`: what a layer has learnt to look for, and what it sees in an image, as pictures."""

from __future__ import annotations

from pathlib import Path

import click

from netspec.cli.chosen_image import find_image
from netspec.cli.device_options import device_options
from netspec.cli.named_layer import find_layer
from netspec.cli.options import (
    channels_option,
    data_dir_option,
    data_option,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.show.insides import more
from netspec.cli.show.printing import counted, say_json, say_line
from netspec.cli.trained import load_trained
from netspec.data.environment import readable_data_folder
from netspec.insight.filters import first_with_filters, layer_filters
from netspec.runtime.device import DeviceChoice, open_kept
from netspec.train.draw.contact import draw_sheet
from netspec.train.draw.inside_sheets import filter_sheet, map_sheet
from netspec.train.run.begin import DataPlaces
from netspec.train.run.files import write_whole
from netspec.train.use.looked import intake_of, layer_maps, opened_net


@click.command("filters")
@click.argument("target", metavar="RUN|SPEC")
@click.option(
    "--image", metavar="FILE|INDEX", help="Draw the maps of this image instead: a file, or a number in the test part."
)
@click.option("--layer", "name", metavar="NAME", help="Which layer  [default: the first with filters].")
@channels_option
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
    channels: int,
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

    Filters are those of `conv`, of `local`, for each position, and of `dense` on an image. Zero is middle grey and each
    has its own scale; those of three channels are in colour, and of other channels each is a tile. Maps are of one
    scale, which the picture tells; images are prepared as in training. `netspec inside` draws this and more.
    """
    places = DataPlaces(data_dir, readable_data_folder())
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    graph = trained.experiment.graph
    layer = first_with_filters(graph) if name is None else find_layer(graph, name)
    if image is None:
        what, which, of = "filters", "first", ""
        shown = layer_filters(graph, trained.weights, layer)
        sheet = filter_sheet(graph.name, layer, shown, channels)
    else:
        images, told, preparation = find_image(trained, image, places)
        net, intake = opened_net(trained, open_kept(choice, trained.planned_by)), intake_of(trained, preparation)
        (shown,) = layer_maps(net, layer, intake.normal(images, net.shape))
        what, which, of = "maps", "strongest", f", of {told}"
        sheet = map_sheet(graph.name, layer, shown, told, channels)
    target_file = png or Path(f"{graph.name}-{layer.name}-{what}.png")
    write_whole(target_file, draw_sheet(sheet))
    if as_json:
        say_json({"png": target_file, "layer": layer.name, "what": what, "shape": list(shown.shape)})
    else:
        noun, rest = what[:-1], more(len(shown), channels, what[:-1], which)
        size = "x".join(map(str, shown.shape[-2:]))
        say_line(f"wrote {target_file}: {counted(len(shown), noun)} of {layer.name}, {size}{of}{rest}")
