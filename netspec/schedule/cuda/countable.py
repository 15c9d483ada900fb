"""Check that kernels can count the numbers of every array: they index by int32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netspec.diagnostics.failure import DeviceError
from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Graph, Node
from netspec.schedule.cuda.calls.building import Planning, Scratch, numbers
from netspec.schedule.cuda.incoming import arrival
from netspec.schedule.cuda.table import CALLS
from netspec.schedule.largest_batch import largest_batch
from netspec.targets.cuda.program import MOST_NUMBERS


def check_countable(
    graph: Graph, order: tuple[Node, ...], planning: Planning, augmentation: Augmentation | None
) -> None:
    """Raises DeviceError (E586) where the largest array of a step has more than `MOST_NUMBERS`, with the largest batch
    at which none has."""

    def sizes(planning: Planning) -> Iterator[tuple[str, int]]:
        yield from _sizes(graph, order, planning)
        for scratch in arrival(graph, augmentation, planning).scratch:
            yield "augment", scratch.count

    def fits(batch: int) -> bool:
        return all(size <= MOST_NUMBERS for _, size in sizes(replace(planning, batch=batch)))

    layer, size = max(sizes(planning), key=lambda found: found[1])
    if size <= MOST_NUMBERS:
        return
    message = f"an array of `{layer}` has {size:,} numbers at batch {planning.batch:,}"
    limit = f"kernels of a GPU count the numbers of an array up to {MOST_NUMBERS:,}"
    batch = largest_batch(fits, planning.batch)
    helps = ("no batch is small enough: the images, or the layer, have to be smaller",)
    if batch is not None:
        helps = (f"the largest batch that fits is {batch:,}: `--set train.batch={batch}`",)
    raise DeviceError("E586", message, notes=(limit,), helps=helps)


def _sizes(graph: Graph, order: tuple[Node, ...], planning: Planning) -> Iterator[tuple[str, int]]:
    """Every array: the layer, or the value, that it is of, and its numbers for a full minibatch."""
    kept = (*(parameter.value for parameter in graph.parameters), *(state.value for state in graph.states))
    for value in (*kept, *graph.inputs):
        yield value.name, numbers(value, planning)
    for node in order:
        for value in node.outputs:
            yield node.layer, numbers(value, planning)
        for call in CALLS[type(node.operation)](node, planning):
            for argument in call.arguments:
                if isinstance(argument, Scratch):
                    yield node.layer, argument.count
