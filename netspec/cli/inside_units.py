"""What units of a trained net look for: `netspec inside` without an image."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from netspec.cli.data_options import data_progress
from netspec.cli.show.insides import (
    UNIT_COLUMNS,
    Document,
    Findings,
    layers_document,
    more,
    units_document,
    units_rows,
)
from netspec.cli.show.printing import counted, note
from netspec.cli.show.tables import table
from netspec.data.dataset import Part
from netspec.diagnostics.failure import UsageError
from netspec.insight.filters import first_with_filters, layer_filters
from netspec.insight.maximisation import Ascent, Maximised, maximise_each
from netspec.insight.net import Net
from netspec.insight.units import Unit
from netspec.ir.graph import Layer
from netspec.predict.intake import Intake
from netspec.runtime.device import Device
from netspec.train.draw.inside_sheets import excited_sheet, filter_sheet, made_sheet
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step.preparation import in_units_of
from netspec.train.use.evaluate import measured_part
from netspec.train.use.looked import excited, intake_of, opened_net
from netspec.train.use.predict import class_name
from netspec.train.use.trained import Trained

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked: a part by its name, how many channels of a layer, how images are made, and from which seed."""

    places: DataPlaces
    part: str | None
    channels: int
    ascent: Ascent
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Exhibits:
    """A part of the data, and how the net sees its images."""

    name: str
    part: Part
    intake: Intake


def look_at_units(trained: Trained, named: Sequence[Layer], device: Device, wishes: Wishes) -> Findings:
    """The filters of the first layer, and what excites the channels of the layers that are named. Raises UsageError
    (E463), DataError, DeviceError (E590)."""
    graph = trained.experiment.graph
    listed = layers_document(graph)
    found = Findings({"net": graph.name, "layers": listed, "filters": None, "part": None, "images": None})
    _add_filters(found, trained, wishes.channels)
    documents: list[Document] = []
    if named:
        exhibits, net = _exhibits(trained, wishes), opened_net(trained, device)
        documents = [_excited(found, trained, net, layer, exhibits, wishes) for layer in named]
        found.document.update({"part": exhibits.name, "images": len(exhibits.part)})
    else:
        names = ", ".join(str(each["layer"]) for each in listed)
        found.lines += [f"layers: {names}", "name some of them to see what excites their channels"]
    found.document.update({"excited": documents, "steps": wishes.ascent.steps, "seed": wishes.seed})
    return found


def _add_filters(found: Findings, trained: Trained, most: int) -> None:
    """The filters of the first layer that has some."""
    graph = trained.experiment.graph
    try:
        layer = first_with_filters(graph)
    except UsageError as none:
        found.lines.append(none.message)
        return
    filters = layer_filters(graph, trained.weights, layer)
    count, size = len(filters), "x".join(map(str, filters.shape[1:]))
    found.document["filters"] = {"layer": layer.name, "shape": list(filters.shape), "shown": min(most, count)}
    found.lines.append(f"{counted(count, 'filter')} of {layer.name}, {size}{more(count, most, 'filter')}")
    found.sheets[f"{layer.name}-filters"] = filter_sheet(graph.name, layer, filters, most)


def _exhibits(trained: Trained, wishes: Wishes) -> Exhibits:
    """The part that is asked for, else the one that an evaluation measures. Raises UsageError (E463), DataError."""
    dataset = load_data(trained.experiment, wishes.places, trained.known, to_measure=True)
    for notice in dataset.notices:
        note(notice)
    intake = intake_of(trained, in_units_of(trained.preparation, dataset))
    if wishes.part is None:
        return Exhibits(*measured_part(dataset), intake)
    part = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}[wishes.part]
    if part is None:
        raise UsageError("E463", f"the data have no {wishes.part} part")
    return Exhibits(wishes.part, part, intake)


def _excited(found: Findings, trained: Trained, net: Net, layer: Layer, exhibits: Exhibits, wishes: Wishes) -> Document:
    """What excites the channels of a layer."""
    part, channels = exhibits.part, int(layer.output.shape[0])
    count = min(wishes.channels, channels)
    units = excited(net, layer, part, exhibits.intake, count, data_progress)
    whole = list(_told(units, count, f"gradients of {layer.name}"))
    made = _made(net, layer, count, wishes)
    classes = [[class_name(trained.preparation, int(part.labels[number])) for number in one.numbers] for one in whole]
    told = f"the {exhibits.name} part"
    head = f"what excites {layer.name} most, of {counted(len(part), 'image')} of {told}"
    found.lines += ["", head + more(channels, count, "channel"), ""]
    found.lines += [table(UNIT_COLUMNS, units_rows(whole, made, classes)), ""]
    if len(net.shape) == 3:
        found.sheets[f"{layer.name}-excites"] = excited_sheet(net.graph.name, layer, told, whole, exhibits.intake)
        how = f"{wishes.ascent.steps} steps, seed {wishes.seed}"
        found.sheets[f"{layer.name}-made"] = made_sheet(net.graph.name, layer, made, how, exhibits.intake)
    return units_document(layer, whole, made, classes)


def _made(net: Net, layer: Layer, count: int, wishes: Wishes) -> list[Maximised]:
    """An image for each of the first `count` channels."""
    units, label = [Unit(layer, channel) for channel in range(count)], f"images for {layer.name}"
    with click.progressbar(length=count * wishes.ascent.steps, label=label, file=sys.stderr, hidden=_hidden()) as bar:
        return maximise_each(net, units, wishes.seed, wishes.ascent, bar.update)


def _told(work: Iterable[Result], count: int, label: str) -> Iterator[Result]:
    """The results of work, with a bar on a terminal."""
    with click.progressbar(work, length=count, label=label, file=sys.stderr, hidden=_hidden()) as bar:
        yield from bar


def _hidden() -> bool:
    """Whether no person sees a bar."""
    return not sys.stderr.isatty()
