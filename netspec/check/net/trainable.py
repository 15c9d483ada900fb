"""What keeps a checked spec from being trained, and from nothing else: its net can be counted, measured and asked."""

from __future__ import annotations

from netspec.check.net.batches import check_batch, known_images
from netspec.check.words import training as words
from netspec.diagnostics.message import Diagnostic
from netspec.ir.graph import Graph
from netspec.ir.recipe import DataOptions, Experiment


def untrainable(experiment: Experiment) -> tuple[Diagnostic, ...]:
    """The errors: those of `fewer_classes`, and E410 where batch normalisation has one number a channel. A net with
    mistakes has no layers, and what depends on them is not judged."""
    graph, data = experiment.graph, experiment.data
    lone = check_batch(graph, experiment.train, data, known_images(data) if data else None)
    return (*fewer_classes(graph, data), *((lone,) if lone is not None else ()))


def fewer_classes(graph: Graph, data: DataOptions | None) -> tuple[Diagnostic, ...]:
    """E407 where `classes` keeps one class, or fewer than the net has outputs. A net that has learnt all of them can be
    measured on some."""
    kept = len(data.measured or data.classes) if data is not None and not data.unclear else 0
    output = graph.layers[-1] if graph.layers else None
    place = (data and (data.lines.get("classes") or data.span)) or (output and output.span)
    if place is None:
        return ()
    if kept == 1:
        return (words.one_class(place),)
    outputs = output.output.shape if output is not None else ()
    if output is not None and len(outputs) == 1 and 1 < kept < outputs[0]:
        return (words.classes_against_outputs(kept, outputs[0], place, output),)
    return ()
