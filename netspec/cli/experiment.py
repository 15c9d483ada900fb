"""The spec that a command works on: found, read, checked, its warnings shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from netspec.check.vocabulary.recipe import BUILT_IN_SETS, GENERATED_SETS
from netspec.cli.options import find_spec
from netspec.cli.show.printing import show_diagnostics
from netspec.diagnostics.failure import SpecError
from netspec.frontend import examine, read_source, without_net
from netspec.ir.recipe import Experiment, Library


def load_experiment(
    spec: str,
    *,
    with_values: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    data: str | None = None,
    traced: bool = False,
) -> Experiment:
    """The checked experiment that a SPEC argument names; warnings go to standard error.

    `data` is what `--data` gave. Raises UsageError (E119, E601) where there is no such file, SpecError where it has
    mistakes or no net (E607).
    """
    source = read_source(find_spec(spec))
    given = with_data(data, settings)
    checked, report = examine(source, with_values=with_values, settings=given, traced=traced)
    if report.failed:
        raise SpecError(report.sorted())
    show_diagnostics(report.sorted())
    if isinstance(checked, Library):
        raise SpecError((without_net(source),))
    return checked


def with_data(data: str | None, settings: Sequence[str]) -> tuple[str, ...]:
    """The settings with what `--data` gave before them, so that `--set data.…` adds to it.

    A built-in set goes by its name; anything else is a path, from the current folder.
    """
    if data is None:
        return tuple(settings)
    named = data in BUILT_IN_SETS or data in GENERATED_SETS
    return (f"data={data if named else Path(data).absolute()}", *settings)
