"""`netspec inside`: what the units of a trained net look for, or what the net sees in an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from netspec.cli.combinations import USUAL, refuse_what_is_ignored
from netspec.cli.data_options import data_progress
from netspec.cli.device_options import device_options
from netspec.cli.inside_image import Asked, look_at_image
from netspec.cli.inside_units import Wishes, look_at_units
from netspec.cli.named_layer import find_layer
from netspec.cli.options import (
    channels_option,
    data_dir_option,
    data_option,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.show.printing import counted, say_json, say_line
from netspec.cli.trained import load_trained
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Layer
from netspec.runtime.device import DeviceChoice, open_kept
from netspec.train.draw.contact import Sheet, draw_sheet
from netspec.train.run.begin import DataPlaces
from netspec.train.run.files import check_can_make, make_folder, write_whole
from netspec.train.use.looked import ascent_for

ALWAYS = ("target", "channels", "png", "weights", "data", "data_dir", "with_values", "settings")
DEVICES = ("device", "threads", "exact", "costs")
TAKES = {
    "image": (*ALWAYS, *DEVICES, "layers", "wanted"),
    "layers": (*ALWAYS, *DEVICES, "part", "steps", "seed"),
    USUAL: (*ALWAYS, *DEVICES),
}


@click.command("inside")
@click.argument("target", metavar="RUN|SPEC")
@click.argument("layers", metavar="[LAYER...]", nargs=-1)
@click.option("--image", metavar="FILE|INDEX", help="What the net sees in this image: a file, or a number in the data.")
@click.option("--class", "wanted", metavar="NAME", help="What speaks for this class  [default: the predicted one].")
@click.option(
    "--part",
    type=click.Choice(["train", "validation", "test"]),
    help="Where exciting images are looked for  [default: the test part, else the validation part].",
)
@channels_option
@click.option("--steps", type=click.IntRange(1), default=200, show_default=True, help="Steps that an image is made in.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the noise that it is made from.")
@click.option("--png", metavar="DIR", type=click.Path(path_type=Path), help="Write pictures into this folder.")
@weights_option
@data_option
@data_dir_option
@device_options
@override_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    layers: tuple[str, ...],
    image: str | None,
    wanted: str | None,
    part: str | None,
    channels: int,
    steps: int,
    seed: int,
    png: Path | None,
    weights: Path | None,
    data: str | None,
    data_dir: Path | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look into a trained net: a RUN, or SPEC with --weights FILE.

    Without --image: the filters of its first layer, and for each channel of every LAYER the nine images that excite it
    most, cropped to what the unit sees, beside the gradients of the unit by them, plain and guided, and an image made
    to excite it. With --image: the maps of every LAYER, else of all layers, and where in the image the prediction comes
    from, by saliency, Grad-CAM and occlusion.
    """
    refuse_what_is_ignored(ctx, TAKES)
    if png is not None:
        check_can_make(png)
    places = DataPlaces(data_dir, readable_data_folder(), progress=data_progress)
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    graph = trained.experiment.graph
    named = [_with_units(graph, name) for name in dict.fromkeys(layers)]
    if png is not None:
        _check_drawable(graph)
    device = open_kept(choice, trained.planned_by)
    if image is None:
        ascent = ascent_for(graph.inputs[0].shape, steps)
        found = look_at_units(trained, named, device, Wishes(places, part, channels, ascent, seed))
    else:
        found = look_at_image(trained, named, device, Asked(places, image, wanted, channels))
    files = [] if png is None else _draw(png, graph.name, found.sheets)
    if as_json:
        say_json({**found.document, "png": files})
        return
    found.say()
    if png is not None:
        say_line(f"wrote {counted(len(files), 'picture')} into {png}")
    elif found.sheets:
        say_line("`--png DIR` draws all of this")


def _with_units(graph: Graph, name: str) -> Layer:
    """The layer of this name. Raises UsageError: E604 where there is none, E479 where it is the image itself."""
    layer = find_layer(graph, name)
    if layer.output in graph.inputs:
        raise UsageError("E479", f"`{name}` is the image itself and has no units")
    return layer


def _check_drawable(graph: Graph) -> None:
    """Raises UsageError (E488) where the net takes no images."""
    if len(graph.inputs[0].shape) != 3:
        takes = counted(graph.inputs[0].elements, "number")
        helps = ("without `--png` the numbers are told",)
        raise UsageError("E488", f"`{graph.name}` takes {takes} and no image, so there are no pictures", helps=helps)


def _draw(folder: Path, net: str, sheets: Mapping[str, Sheet]) -> list[Path]:
    """Draws every sheet, then writes all of them. Raises DataError (E540)."""
    drawn = {folder / f"{net}-{what}.png": draw_sheet(sheet) for what, sheet in sheets.items()}
    make_folder(folder)
    for path, content in drawn.items():
        write_whole(path, content)
    return list(drawn)
