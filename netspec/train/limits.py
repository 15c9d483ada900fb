"""What cannot be trained: reported before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.check.net.batches import check_batch
from netspec.check.net.trainable import untrainable
from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Diagnostic, Label, Report, Severity
from netspec.ir.recipe import Experiment, Library

PRECISIONS = frozenset({"float32"})


def report_limits(checked: Experiment | Library, report: Report) -> None:
    """Reports what keeps a checked spec from being trained, and warns of what this machine lacks for it."""
    if isinstance(checked, Experiment):
        for found in (*untrainable(checked), *beyond_this_machine(checked)):
            report.add(found)


def beyond_this_machine(experiment: Experiment) -> tuple[Diagnostic, ...]:
    """A warning (W211) of a precision that the language has and this machine does not."""
    train = experiment.train
    place = train.lines.get("precision")
    if train.precision in PRECISIONS or place is None:
        return ()
    label = Label(place, "training will be refused here")
    message = f"this machine cannot train in `{train.precision}`"
    return (Diagnostic("W211", Severity.WARNING, message, label, helps=("use `precision float32`, the default",)),)


def check_trainable(experiment: Experiment) -> None:
    """Raises SpecError with all that keeps a spec from being trained: E407, E410, and E453 with the line."""
    found = (*untrainable(experiment), *_imprecise(experiment))
    if found:
        raise SpecError(found)


def _imprecise(experiment: Experiment) -> Iterator[Diagnostic]:
    train = experiment.train
    if train.precision in PRECISIONS:
        return
    message = f"the precision `{train.precision}` cannot be trained with yet"
    place = train.lines.get("precision") or train.span or experiment.graph.layers[0].span
    label = Label(place, "parsed and checked, but not run")
    yield Diagnostic("E453", Severity.ERROR, message, label, helps=("use `precision float32`, the default",))


def check_statistics(experiment: Experiment, images: int) -> None:
    """Raises SpecError (E410) where a minibatch of so many training images leaves a batchnorm one number a channel."""
    found = check_batch(experiment.graph, experiment.train, experiment.data, images)
    if found is not None:
        raise SpecError((found,))
