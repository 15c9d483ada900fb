"""What the language can say and this version cannot train yet, told before anything is written."""

from __future__ import annotations

from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Diagnostic, Label, Severity
from netspec.ir.recipe import Experiment

PRECISIONS = frozenset({"float32"})


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
