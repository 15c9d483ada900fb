"""Whether the training recipe fits the net: loss and output, crop and input, held-out data and who watches them."""

from __future__ import annotations

from dataclasses import replace

from netspec.check.recipe.known_fit import fit_classes, fit_images
from netspec.check.recipe.training import Training
from netspec.check.words import training as words
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Span
from netspec.ir.graph import Graph, Layer
from netspec.ir.operations import Activation, LossName, Softmax
from netspec.ir.recipe import DataOptions, TrainOptions, Transform

ON_LOGITS: tuple[LossName, ...] = ("cross_entropy", "binary_cross_entropy", "hinge")

OF_SINGLE_NUMBERS = frozenset({"brightness", "noise"})
"""Transforms of vectors too; the others need rows and columns."""


def fit(
    graph: Graph,
    training: Training | None,
    data: DataOptions | None,
    augment: tuple[Transform, ...],
    report: Report,
    settable: frozenset[str] = frozenset(),
) -> TrainOptions:
    """The training options with the loss decided; what does not fit is reported. Of the net's input `channels` and
    `size` are `settable` where they depend on a parameter of the net.

    A net that has neither `train` nor `data` is not meant to be trained (it may end in an image), and not judged. What
    matters where it is trained alone is found by `trainable.py`.
    """
    training = training or Training(TrainOptions(), None)
    loss = training.loss or ("binary_cross_entropy" if graph.outputs[0].shape == (1,) else "cross_entropy")
    place = training.options.lines.get("loss") or training.options.span or (data.span if data else None)
    output = graph.layers[-1]
    if place is not None:
        _check_loss(loss, place, output, report)
    if data is not None:
        _check_data(training, data, output, report)
        fit_images(graph, data, augment, report, settable)
        if not data.unclear:
            fit_classes(graph, data, loss, report)
    for transform in augment:
        _check_transform(transform, graph, report)
    return replace(training.options, loss=loss)


def _check_loss(loss: LossName, place: Span, output: Layer, report: Report) -> None:
    shape, last = output.output.shape, output.nodes[-1].operation
    if len(shape) != 1:
        report.add(words.output_not_flat(shape, place, output))
    elif isinstance(last, Softmax) and loss in ON_LOGITS:
        report.add(words.loss_takes_logits(loss, place, output))
    elif loss == "cross_entropy" and shape == (1,):
        report.add(words.loss_needs_classes(place, output))
    elif loss == "binary_cross_entropy" and isinstance(last, Activation) and last.function == "sigmoid":
        report.add(words.sigmoid_before_loss(loss, place, output))


def _check_data(training: Training, data: DataOptions, output: Layer, report: Report) -> None:
    outputs, kept = output.output.shape, len(data.classes)
    span = data.span or output.span
    if len(outputs) == 1 and 1 < outputs[0] < kept and not data.unclear:
        place = data.lines.get("classes") or span
        report.add(words.classes_against_outputs(kept, outputs[0], place, output))
    if data.validate > 0:
        return
    schedule = training.options.schedule
    if schedule.kind == "plateau" and schedule.span is not None:
        report.add(words.nothing_to_watch("plateau", schedule.span, span))
    if "stop" in training.options.lines:
        report.add(words.nothing_to_watch("stop", training.options.lines["stop"], span))


def _check_transform(transform: Transform, graph: Graph, report: Report) -> None:
    image, place = graph.layers[0], transform.span
    if place is None or transform.kind in OF_SINGLE_NUMBERS:
        return
    shape = image.output.shape
    if len(shape) != 3:
        report.add(words.transform_of_a_vector(transform.kind, place, image.span))
        return
    if transform.kind != "crop":
        return
    crop = (int(str(transform.values["height"])), int(str(transform.values["width"])))
    if crop != shape[1:]:
        report.add(words.crop_against_input(crop, shape[1:], place, image.span))
