"""What cannot be trained, or not yet: told before anything is written."""

from __future__ import annotations

from netspec.check.batches import check_batch
from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Diagnostic, Label, Severity
from netspec.ir.recipe import Experiment

PRECISIONS = frozenset({"float32"})


def beyond_this_machine(experiment: Experiment) -> tuple[Diagnostic, ...]:
    """A warning (W211) of a precision that is right in a spec and cannot be trained with on this machine."""
    train = experiment.train
    place = train.lines.get("precision")
    if train.precision in PRECISIONS or place is None:
        return ()
    label = Label(place, "training will be refused here")
    message = f"this machine cannot train in `{train.precision}`"
    return (Diagnostic("W211", Severity.WARNING, message, label, helps=("use `precision float32`, the default",)),)


def check_trainable(experiment: Experiment) -> None:
    """Raises SpecError (E453), with the line that cannot run yet located in it."""
    train = experiment.train
    if train.precision in PRECISIONS:
        return
    message = f"the precision `{train.precision}` cannot be trained with yet"
    place = train.lines.get("precision") or train.span or experiment.graph.layers[0].span
    label = Label(place, "parsed and checked, but not run")
    helps = ("use `precision float32`, the default",)
    raise SpecError((Diagnostic("E453", Severity.ERROR, message, label, helps=helps),))


def check_statistics(experiment: Experiment, images: int) -> None:
    """Raises SpecError (E410) where minibatches of so many images in all leave a batchnorm one number a channel."""
    found = check_batch(experiment.graph, experiment.train, experiment.data, images)
    if found is not None:
        raise SpecError((found,))
