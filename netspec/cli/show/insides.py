"""What `netspec inside` tells: documents for programs, tables and lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from rich.table import Table

from netspec.cli.show.printing import say_line
from netspec.cli.show.tables import Column, show
from netspec.counting.receptive import receptive_fields
from netspec.insight.maximisation import Maximised
from netspec.ir.graph import Graph, Layer
from netspec.train.draw.contact import Sheet
from netspec.train.draw.inside_sheets import capped
from netspec.train.step.scores import Array
from netspec.train.use.looked import Attribution, Excited

Document = dict[str, object]

UNIT_COLUMNS: tuple[Column, ...] = (
    ("channel", "right"),
    ("largest", "right"),
    ("least", "right"),
    ("images", "left"),
    ("their classes", "left"),
    ("made image", "right"),
)
MAP_COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("shape", "left"),
    ("smallest", "right"),
    ("largest", "right"),
    ("at rest", "right"),
    ("strongest channels", "left"),
)
STRONGEST = 5
"""Channels that are named, by their largest numbers."""


@dataclass(slots=True)
class Findings:
    """What a command found: a document for programs, lines and tables for people, and sheets to draw, by the end of
    their file's name."""

    document: Document
    lines: list[str | Table] = field(default_factory=list[str | Table])
    sheets: dict[str, Sheet] = field(default_factory=dict[str, Sheet])

    def say(self) -> None:
        """Prints lines and tables on standard output."""
        for line in self.lines:
            if isinstance(line, str):
                say_line(line)
            else:
                show(line)


def more(count: int, most: int, noun: str, which: str = "first") -> str:
    """The end of a line that says that not all are shown; empty where they are."""
    told = capped(count, most, noun, which)
    return f"; {told} are shown, `--channels` sets how many" if told else ""


def layers_document(graph: Graph) -> list[Document]:
    """Every layer whose units can be looked at: all but the input."""
    fields = receptive_fields(graph)
    return [
        {
            "layer": layer.name,
            "kind": layer.kind,
            "shape": list(layer.output.shape),
            "receptive_field": list(fields[layer.output.name]) if layer.output.name in fields else None,
        }
        for layer in graph.layers
        if layer.output not in graph.inputs
    ]


def units_document(
    layer: Layer, found: Sequence[Excited], made: Sequence[Maximised], classes: Sequence[Sequence[str]]
) -> Document:
    """What excites the channels of a layer; `classes` are those of each channel's images."""
    units = [
        {
            "channel": one.channel,
            "images": [_image_document(one, place, name) for place, name in enumerate(names)],
            "made": {"begin": float(image.values[0]), "end": float(image.values[-1])},
        }
        for one, image, names in zip(found, made, classes, strict=True)
    ]
    return {"layer": layer.name, "channels": layer.output.shape[0], "shown": len(found), "units": units}


def _image_document(one: Excited, place: int, name: str) -> Document:
    box, position = one.crops[place], one.units[place].position
    return {
        "image": one.numbers[place],
        "class": name,
        "value": one.values[place],
        "position": None if position is None else list(position),
        "crop": None if box is None else list(box),
        "gradient": float(np.abs(one.plain[place]).max()),
        "guided": float(np.abs(one.guided[place]).max()),
    }


def units_rows(
    found: Sequence[Excited], made: Sequence[Maximised], classes: Sequence[Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    """A row a channel, of `UNIT_COLUMNS`."""
    for one, image, names in zip(found, made, classes, strict=True):
        usual = ", ".join(f"{name} ({count})" for name, count in Counter(names).most_common(3))
        numbers = " ".join(map(str, one.numbers))
        least, most = (f"{value:.4g}" for value in (one.values[-1], one.values[0]))
        end = "at rest" if image.at_rest else f"{image.values[-1]:.4g}"
        yield str(one.channel), most, least, numbers, usual, end


def maps_document(layer: Layer, outputs: Array) -> Document:
    """Outputs (K, y, x), or (K,), of a layer for one image."""
    peaks = outputs.reshape(len(outputs), -1).max(axis=1)
    return {
        "layer": layer.name,
        "shape": list(layer.output.shape),
        "smallest": float(outputs.min()),
        "largest": float(outputs.max()),
        "at_rest": int((peaks <= 0).sum()),
        "strongest": np.argsort(-peaks, kind="stable")[:STRONGEST].tolist(),
    }


def maps_rows(documents: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, ...]]:
    """A row a layer, of `MAP_COLUMNS`."""
    texts: dict[str, Callable[[object], str]] = {
        "layer": str,
        "shape": lambda shape: _separated(shape, "x"),
        "smallest": lambda number: f"{number:.4g}",
        "largest": lambda number: f"{number:.4g}",
        "at_rest": str,
        "strongest": lambda channels: _separated(channels, " "),
    }
    for document in documents:
        yield tuple(text(document[key]) for key, text in texts.items())


def _separated(numbers: object, by: str) -> str:
    return by.join(map(str, cast("list[int]", numbers)))


def attribution_document(found: Attribution) -> Document:
    """The unit and the pictures' numbers."""
    cam, covered = found.cam, found.occlusion
    return {
        "unit": {"layer": found.unit.layer.name, "channel": found.unit.channel, "value": found.value},
        "saliency": found.saliency.tolist(),
        "grad_cam": cam if cam is None or found.cam_layer is None else _cam_document(found.cam_layer, cam),
        "occlusion": covered and _occlusion_document(found, covered.values[0]),
    }


def _cam_document(layer: Layer, cam: Array) -> Document:
    return {"layer": layer.name, "values": cam.tolist()}


def _occlusion_document(found: Attribution, values: Array) -> Document:
    return {"patch": list(found.patch), "stride": list(found.stride), "values": values.tolist()}


def attribution_lines(found: Attribution) -> Iterator[str]:
    """Where the value comes from, for a person."""
    yield f"the unit: number {found.unit.channel} of {found.unit.layer.name}, {found.value:.4g} for this image"
    what = "pixel" if found.saliency.ndim == 2 else "number"
    yield f"saliency: it moves most with {what} {_place(found.saliency.argmax(), found.saliency.shape)}"
    if found.cam is not None and found.cam_layer is not None:
        place = _place(found.cam.argmax(), found.cam.shape)
        size = " x ".join(map(str, found.cam.shape))
        yield f"Grad-CAM of {found.cam_layer.name}: the maps raise it most at {place} of {size}"
    if found.occlusion is not None:
        values = found.occlusion.values[0]
        row, column = np.unravel_index(int(values.argmin()), values.shape)
        top, left = int(row) * found.stride[0], int(column) * found.stride[1]
        patch = " x ".join(map(str, found.patch))
        yield f"occlusion: least, {values.min():.4g}, with a patch of {patch} at row {top}, column {left}"


def _place(number: np.intp, shape: tuple[int, ...]) -> str:
    places = [int(place) for place in np.unravel_index(number, shape)]
    return f"row {places[0]}, column {places[1]}" if len(places) == 2 else str(places[0])
