"""Calls that bring a minibatch and the scalars of a step into the arena, before the first launch."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Graph, Value
from netspec.schedule.cuda.augment import draw_call, tone_calls, warp_calls
from netspec.schedule.cuda.calls.building import Calls, Scratch, per_number, per_output, scratches
from netspec.schedule.cuda.calls.building import Planning as Planning
from netspec.targets.cuda.sizes import Images


@dataclass(frozen=True, slots=True)
class Arrival:
    """The calls, and scratch arrays that only they use."""

    calls: Calls
    scratch: tuple[Scratch, ...] = ()


def arrival(graph: Graph, augmentation: Augmentation | None, planning: Planning) -> Arrival:
    """Calls for the inputs of a graph. The image is the first batched input of floats; the caller writes others."""
    image = next((value for value in graph.inputs if value.batched and value.dtype == "float32"), None)
    scalars = tuple(value for value in graph.inputs if not value.batched and value.shape == ())
    taking = tuple(
        per_number("take_scalar", 1, value, "state", column, len(scalars)) for column, value in enumerate(scalars)
    )
    gathering: Calls = ()
    for value in graph.inputs:
        if value.batched and value.dtype == "int32":
            gathering += (per_number("gather_labels", planning.batch, value, "state", "images"),)
        elif value is image:
            gathering += image_calls(value, augmentation, planning)
    return Arrival((*taking, *gathering), scratches(gathering))


def image_calls(value: Value, augmentation: Augmentation | None, planning: Planning) -> Calls:
    """Calls that load images into an input, and augment them."""
    sizes = image_sizes(value)
    copying = per_output("gather_images", value, planning, value, "state", "images", sizes)
    if augmentation is None:
        return (copying,)
    coming = warp_calls(value, sizes, augmentation, planning) if augmentation.warps else (copying,)
    draws = draw_call(value, sizes, augmentation, planning)
    return (draws, *coming, *tone_calls(value, sizes, augmentation, planning))


def image_sizes(value: Value) -> Images:
    """Channels, height and width of an input; a flat vector of F numbers is F channels of one pixel."""
    channels, height, width = (*value.shape, 1, 1)[:3]
    return Images(channels, height, width)
