"""What the language can say and this version cannot train yet, told before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Diagnostic, Label, Severity
from netspec.diagnostics.text import Span
from netspec.ir.recipe import Experiment

TRANSFORMS = frozenset({"crop"})
PRECISIONS = frozenset({"float32"})


def check_trainable(experiment: Experiment) -> None:
    """Raises SpecError (E452, E453), every line that cannot run yet located in it."""
    found = tuple(_unsupported(experiment))
    if found:
        raise SpecError(found)


def _unsupported(experiment: Experiment) -> Iterator[Diagnostic]:
    train = experiment.train
    for transform in experiment.augment:
        if transform.kind not in TRANSFORMS:
            what = f"the transform `{transform.kind}` cannot be trained with yet"
            help_ = f"leave the line out; {_listed(TRANSFORMS)} can be used"
            yield _diagnostic(experiment, "E452", what, transform.span, help_)
    if train.precision not in PRECISIONS:
        what, place = f"the precision `{train.precision}` cannot be trained with yet", train.lines.get("precision")
        yield _diagnostic(experiment, "E453", what, place or train.span, "use `precision float32`, the default")


def _listed(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in sorted(names))


def _diagnostic(experiment: Experiment, code: str, message: str, span: Span | None, help_: str) -> Diagnostic:
    place = span or experiment.graph.layers[0].span
    return Diagnostic(code, Severity.ERROR, message, Label(place, "parsed and checked, but not run"), helps=(help_,))
