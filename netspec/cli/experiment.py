"""The spec that a command works on: found, read, checked, its warnings shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netspec.cli.options import find_spec
from netspec.cli.printing import show_diagnostics
from netspec.compiler import examine, read_source, without_net
from netspec.diagnostics.failure import SpecError
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

    `data` is what `--data` gave. Raises UsageError (E106, E601) where there is no such file, SpecError where it has
    mistakes or no net (E607).
    """
    source = read_source(find_spec(spec))
    given = (f"data={data}",) if data else ()
    checked, report = examine(source, with_values=with_values, settings=(*given, *settings), traced=traced)
    if report.failed:
        raise SpecError(report.sorted())
    show_diagnostics(report.sorted())
    if isinstance(checked, Library):
        raise SpecError((without_net(source),))
    return checked
