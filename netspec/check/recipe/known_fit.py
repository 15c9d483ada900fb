"""Whether a built-in set fits the net, as far as that is known before the set is opened."""

from __future__ import annotations

from netspec.check.words import data as words
from netspec.diagnostics.message import Report
from netspec.ir.data_fit import classes_told_apart, misfit
from netspec.ir.graph import Graph, Shape
from netspec.ir.known_data import Known, known, picture_fault
from netspec.ir.operations import LossName
from netspec.ir.recipe import DataOptions, Experiment, Transform


def fit_images(
    graph: Graph, data: DataOptions, augment: tuple[Transform, ...], report: Report, settable: frozenset[str]
) -> None:
    """Reports images that do not fit the net's input.

    What is `settable` of the input (`channels`, `size`), by a parameter of the net, only training needs to fit.
    """
    image, found = graph.layers[0], known(data, graph.inputs[0].shape)
    if found is None or data.span is None:
        return
    fault = picture_fault(sum(found.counts), found.shape) if data.source == "shapes" else None
    if fault is not None:
        report.add(words.pictures_impossible(fault, data.span))
        return
    shape, wanted, pad = _resized(found, data), image.output.shape, _crop_pad(augment)
    kind = misfit(shape, wanted, pad)
    if kind is not None and kind not in settable:
        helps = words.input_helps(kind, shape, wanted, pad is not None)
        report.add(words.images_against_input(kind, data.source, shape, image, data.span, helps))


def fit_classes(graph: Graph, data: DataOptions, loss: LossName, report: Report) -> None:
    """Reports more classes than the net's outputs tell apart, where nothing else was said of outputs and loss."""
    found, output = known(data, None), graph.layers[-1]
    outputs = output.output.shape
    if len(outputs) != 1 or (data.classes and outputs != (1,)) or (loss == "cross_entropy" and outputs == (1,)):
        return
    classes = len(data.classes) or (len(found.counts) if found is not None else 0)
    room = classes_told_apart(outputs[0], loss)
    if data.span is not None and room is not None and classes > room:
        source = data.source if not data.is_path else "data"
        report.add(words.classes_beyond_outputs(source, classes, outputs[0], data.span, output))


def training_needs(experiment: Experiment) -> str | None:
    """What must be set for the spec, which is without mistakes, to be trained on its data: the net's parameters, where
    its default size is not that of the images."""
    graph, data = experiment.graph, experiment.data
    found = known(data, graph.inputs[0].shape) if data is not None else None
    if data is None or found is None:
        return None
    shape, wanted = _resized(found, data), graph.inputs[0].shape
    if misfit(shape, wanted, _crop_pad(experiment.augment)) is None:
        return None
    return (
        f"to train on `{data.source}` the input must be {'x'.join(map(str, shape))}{_by_setting(graph, shape, wanted)}"
    )


def _by_setting(graph: Graph, shape: Shape, wanted: Shape) -> str:
    """The parameters of the net that probably are sides of its input, set to those of the images."""
    sides = dict(zip(wanted, shape, strict=False))
    fitting = [f"--with {name}={sides[int(value)]}" for name, value in graph.arguments if value in sides]
    return f", as `{' '.join(fitting)}` makes it" if fitting else ""


def _resized(found: Known, data: DataOptions) -> Shape:
    return found.shape if data.resize is None or found.shape[1:] == (1, 1) else (found.shape[0], *data.resize)


def _crop_pad(augment: tuple[Transform, ...]) -> int | None:
    """Zeros around an image before it is cropped; None where nothing is cropped."""
    return next((int(str(one.values.get("pad", 0))) for one in augment if one.kind == "crop"), None)
