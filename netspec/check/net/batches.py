"""Whether a minibatch holds enough numbers for batch normalisation: told as soon as its size is known."""

from __future__ import annotations

from netspec.check.words import training as words
from netspec.diagnostics.message import Diagnostic
from netspec.ir.graph import Graph, Layer
from netspec.ir.operations import BatchNorm
from netspec.ir.recipe import DataOptions, TrainOptions


def check_batch(graph: Graph, train: TrainOptions, data: DataOptions | None, images: int | None) -> Diagnostic | None:
    """E410 where every minibatch is one image and a batchnorm has one number a channel of it: a number less itself is
    zero, so nothing is learnt. `images` are those to train on, or the most there can be; None where that is not known.

    A last minibatch of one image, with larger ones before it, is fine.
    """
    lone = train.batch == 1
    if not lone and images != 1:
        return None
    layer = _of_single_numbers(graph)
    if layer is None:
        return None
    place = train.lines.get("batch") if lone else data.span if data else None
    return words.nothing_to_normalise(place or train.span or layer.span, layer, lone=lone)


def known_images(data: DataOptions) -> int | None:
    """The most images that a `data` line leaves to train on; None where only the files tell."""
    counts = [int(str(count)) for count in (data.take, data.extra.get("count")) if count is not None]
    return min(counts, default=None)


def _of_single_numbers(graph: Graph) -> Layer | None:
    """The first layer that normalises a flat vector, or a map of one pixel."""
    for layer in graph.layers:
        for node in layer.nodes:
            if isinstance(node.operation, BatchNorm) and node.inputs[0].elements == node.inputs[0].shape[0]:
                return layer
    return None
