"""What a trained net sees in an image: `netspec inside --image`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from netspec.cli.chosen_image import find_image
from netspec.cli.commands.predict import predictions, said_of
from netspec.cli.show.insides import (
    MAP_COLUMNS,
    Findings,
    attribution_document,
    attribution_lines,
    maps_document,
    maps_rows,
)
from netspec.cli.show.tables import table
from netspec.diagnostics.failure import UsageError
from netspec.insight.maps import look
from netspec.insight.net import Net
from netspec.insight.units import Unit
from netspec.ir.graph import Graph, Layer
from netspec.runtime.device import Device
from netspec.train.draw.inside_sheets import map_sheet, prediction_sheet
from netspec.train.run.begin import DataPlaces
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import Array
from netspec.train.use.looked import attributed, intake_of, opened_net, output_layer
from netspec.train.use.predict import class_name
from netspec.train.use.predictor import verdict
from netspec.train.use.trained import Trained

MOST_NAMED = 20
"""Classes that a message lists."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: an image, a class or None for the predicted one, and how many maps of a layer."""

    places: DataPlaces
    image: str
    wanted: str | None
    channels: int


def look_at_image(trained: Trained, named: Sequence[Layer], device: Device, asked: Asked) -> Findings:
    """The maps of the layers that are named, else of all, and where in the image the prediction comes from. Raises
    UsageError (E473, E487), DataError, DeviceError (E590)."""
    images, told, preparation = find_image(trained, asked.image, asked.places)
    graph, net, intake = trained.experiment.graph, opened_net(trained, device), intake_of(trained, preparation)
    (predicted,) = predictions(verdict(replace(trained, preparation=preparation), images, device), 1, preparation)
    unit, speaks_for = _unit(graph, predicted, preparation, asked.wanted)
    image = intake.normal(images, net.shape)
    found = Findings({"net": graph.name, "image": asked.image, "told": told, "prediction": predicted})
    found.lines += [f"{told}: {said_of(predicted)}", ""]
    _add_maps(found, net, named or _all_but_input(graph), image, told, asked.channels)
    attribution = attributed(net, unit, image, named)
    found.document.update({"class": speaks_for, **attribution_document(attribution)})
    what = "what the number comes from" if speaks_for is None else f"evidence for {speaks_for}"
    found.lines += ["", what, *attribution_lines(attribution)]
    if len(net.shape) == 3:
        notes = f"{told}: {what}"
        found.sheets["prediction"] = prediction_sheet(graph.name, image[0], notes, attribution, intake)
    return found


def _all_but_input(graph: Graph) -> list[Layer]:
    return [layer for layer in graph.layers if layer.output not in graph.inputs]


def _unit(
    graph: Graph, predicted: Mapping[str, Any], preparation: Preparation, wanted: str | None
) -> tuple[Unit, str | None]:
    """The output that is looked at, and the class that it speaks for: the one that is wanted, else the predicted one.

    The only output of a net speaks for class 1, or is a number and speaks for none. Raises UsageError (E487).
    """
    layer = output_layer(graph)
    if predicted["number"] is not None:
        if wanted is not None:
            raise UsageError("E487", f"`{graph.name}` gives a number and knows no class `{wanted}`")
        return Unit(layer, 0), None
    outputs = graph.outputs[0].elements
    names = [class_name(preparation, label) for label in range(max(2, outputs))]
    label = int(predicted["label"]) if wanted is None else _label(graph, names, wanted)
    if outputs > 1:
        return Unit(layer, label), names[label]
    if wanted is not None and label == 0:
        helps = (f"give `--class {names[1]}`: where that falls, `{names[0]}` is likelier",)
        raise UsageError("E487", f"the only output of `{graph.name}` speaks for class `{names[1]}`", helps=helps)
    return Unit(layer, 0), names[1]


def _label(graph: Graph, names: Sequence[str], wanted: str) -> int:
    """The number of a class. Raises UsageError (E487)."""
    if wanted in names:
        return names.index(wanted)
    close = get_close_matches(wanted, names, n=3)
    listed = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    helps = (f"did you mean {', '.join(f'`{name}`' for name in close)}?",) if close else (f"there are {listed}",)
    raise UsageError("E487", f"`{graph.name}` knows no class `{wanted}`", helps=helps)


def _add_maps(found: Findings, net: Net, layers: Sequence[Layer], image: Array, told: str, most: int) -> None:
    """What layers make of the image; those that give maps are drawn."""
    outputs = {name: maps[0] for name, maps in look(net, image, layers).items()}
    documents = [maps_document(layer, outputs[layer.name]) for layer in layers]
    found.document["maps"] = documents
    found.lines.append(table(MAP_COLUMNS, maps_rows(documents)))
    if any(len(layer.output.shape) == 3 and layer.output.shape[0] > most for layer in layers):
        found.lines.append(f"at most {most} maps of a layer are drawn, the strongest; `--channels` sets how many")
    for layer in layers:
        if len(layer.output.shape) == 3:
            found.sheets[f"{layer.name}-maps"] = map_sheet(net.graph.name, layer, outputs[layer.name], told, most)
