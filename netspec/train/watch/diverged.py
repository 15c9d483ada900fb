"""Messages for a training whose numbers are no longer finite: where it began, and what usually helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netspec.diagnostics.failure import DivergedError
from netspec.ir.operations import BatchNorm
from netspec.ir.recipe import Experiment
from netspec.train.events import Diverged, Warned
from netspec.train.watch.explosion import Explosion
from netspec.train.watch.numerics import Culprit, LayerFigures, Magnitude


def diverged_error(diverged: Diverged, experiment: Experiment) -> DivergedError:
    """E460, with the layer, the step, the learning rate, the largest weight and gradient."""
    message = f"training diverged {_when(diverged)}: {_what(diverged.numerics.culprit)}"
    return DivergedError("E460", message, notes=tuple(_notes(diverged)), helps=tuple(_helps(diverged, experiment)))


def explosion_warning(explosion: Explosion, epoch: int, rate: float, experiment: Experiment) -> Warned:
    """W402: the loss is still finite; `rate` is the learning rate of that step."""
    message = (
        f"the loss has exploded by step {explosion.step:,} (epoch {epoch}): {explosion.loss:.4g} over "
        f"{explosion.images:,} images, {explosion.lowest:.4g} at its lowest; learning rate {rate:g}"
    )
    return Warned("W402", message, tuple(usual_helps(experiment)))


def _when(diverged: Diverged) -> str:
    position = diverged.before.position
    if diverged.phase == "training":
        relation = "before" if _is_weight(diverged.numerics.culprit) else "in"
        return f"{relation} step {position.step + 1:,} (epoch {position.epochs + 1})"
    return f"after step {position.step:,}, as the {diverged.phase} images were measured"


def _is_weight(culprit: Culprit | None) -> bool:
    """Whether a weight was infinite or NaN before the step."""
    return culprit is not None and culprit.role == "weight"


def _what(culprit: Culprit | None) -> str:
    if culprit is None:
        return "the loss is not finite"
    kind = "not a number" if culprit.nan else "infinite"
    match culprit.role:
        case "weight":
            return f"`{culprit.name}` is {kind} already, in {culprit.broken:,} of its numbers"
        case "input":
            return f"pixels of `{culprit.name}` are {kind}"
        case "activations":
            return f"activations of `{culprit.layer}` are {kind}, the first numbers to be so"
        case "statistics":
            return f"`{culprit.name}` of `{culprit.layer}` is {kind}, the first number to be so"
        case "loss":
            return f"the loss is {kind}, the first number to be so"
        case "gradient":
            return f"`{culprit.name}`, a gradient made in `{culprit.layer}`, is {kind}, the first number to be so"
        case "weight gradient":
            return f"the gradient of `{culprit.of}` is {kind}, the first number to be so"
        case "update":
            return f"the step makes `{culprit.of}` {kind}, the first number to be so"


def _notes(diverged: Diverged) -> Iterator[str]:
    numerics, culprit = diverged.numerics, diverged.numerics.culprit
    if culprit and culprit.image is not None and 2 * culprit.images < numerics.images:
        where = f"{culprit.images} of the {numerics.images} images of the minibatch"
        yield f"it is so in {where}, the first of them number {culprit.image:,} of the {diverged.phase} part, from 0"
    if diverged.phase == "training":
        if _unmoved(diverged):
            yield "the weights were as they started: the learning rate has no part in it"
        else:
            yield f"the learning rate of that step was {numerics.rate:g}"
    yield from _largest("weight before it" if diverged.phase == "training" else "weight", numerics.largest_weight)
    yield from _largest("gradient", numerics.largest_gradient)


def _largest(what: str, size: Magnitude | None) -> Iterator[str]:
    if size and size.largest is None:
        yield f"no {what} was finite"
    elif size:
        yield f"the largest {what} was {size.largest:.3g}, in `{size.where}`"


def _unmoved(diverged: Diverged) -> bool:
    """Whether a number was infinite or NaN before any step had changed a weight."""
    culprit = diverged.numerics.culprit
    begun = diverged.phase != "training" or diverged.before.position.step > 0
    return not begun and culprit is not None and culprit.role != "update"


def _helps(diverged: Diverged, experiment: Experiment) -> Iterator[str]:
    if not _unmoved(diverged):
        yield from usual_helps(experiment)
        return
    if any(parameter.initial.kind in ("normal", "uniform") for parameter in experiment.graph.parameters):
        yield "smaller weights to start from usually help: leave out `init`, or lower its amount"
    if not _is_weight(diverged.numerics.culprit):
        yield from _bounding_helps(experiment)


def usual_helps(experiment: Experiment) -> Iterator[str]:
    """Repairs that keep numbers bounded, the likeliest first."""
    recipe = experiment.train
    yield f"a smaller learning rate usually helps: `--set train.sgd.rate={recipe.sgd.rate / 10:g}`"
    if not recipe.schedule.warmup:
        yield f"so does letting it grow at first: `schedule {recipe.schedule.kind} … warmup=1`"
    yield from _bounding_helps(experiment)


def _bounding_helps(experiment: Experiment) -> Iterator[str]:
    """Repairs that keep activations bounded."""
    recipe, data = experiment.train, experiment.data
    if data is not None and data.normalize == "none":
        yield "and normalised pixels: `normalize=standard`"
    if recipe.batch != 1 and not any(isinstance(node.operation, BatchNorm) for node in experiment.graph.nodes):
        yield "and batch normalisation, which keeps activations in bounds: `batchnorm` behind a layer"


def diverged_document(diverged: Diverged) -> dict[str, Any]:
    """The same as a JSON document."""
    position, numerics = diverged.before.position, diverged.numerics
    return {
        "phase": diverged.phase,
        "epoch": position.epochs + (diverged.phase != "test"),
        "step": position.step + (diverged.phase == "training"),
        "images": numerics.images,
        "rate": numerics.rate,
        "loss": numerics.loss,
        "first": _culprit_document(numerics.culprit),
        "layers": [_layer_document(layer) for layer in numerics.layers],
    }


def _culprit_document(culprit: Culprit | None) -> dict[str, Any] | None:
    if culprit is None:
        return None
    return {
        "name": culprit.name,
        "layer": culprit.layer,
        "what": culprit.role,
        "value": "not a number" if culprit.nan else "infinite",
        "not_finite": culprit.broken,
        "image": culprit.image,
    }


def _layer_document(layer: LayerFigures) -> dict[str, Any]:
    sizes = {"activation": layer.activations, "weight": layer.weights, "gradient": layer.gradients}
    largest = {f"largest_{what}": size.largest if size else None for what, size in sizes.items()}
    return {"name": layer.name, **largest, "not_finite": sum(size.broken for size in sizes.values() if size)}
