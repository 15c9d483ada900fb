"""`netspec check`: every mistake of every file, and nothing else. Imports neither NumPy nor Numba nor rich."""

from __future__ import annotations

import click

from netspec.cli import printing
from netspec.cli.options import find_spec, json_option, override_options
from netspec.cli.printing import counted
from netspec.diagnostics import render
from netspec.diagnostics.failure import NetspecError, SpecError
from netspec.diagnostics.message import Diagnostic, Severity
from netspec.frontend import examine, read_source
from netspec.ir.recipe import Experiment, Library


@click.command("check")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@override_options
@json_option
def command(specs: tuple[str, ...], with_values: dict[str, str], settings: tuple[str, ...], as_json: bool) -> int:
    """Tell every mistake of one or more specs; warnings alone do not fail.

    With `--json` the answer is one object, `{"diagnostics": [...]}`, empty when nothing is wrong.
    """
    status = 0
    found: list[dict[str, object]] = []
    for spec in specs:
        try:
            checked, diagnostics = _examine(spec, with_values, settings)
        except NetspecError as error:
            status = max(status, error.exit_status)
            found += printing.failure_as_json(error)
            if not as_json:
                printing.report_failure(error, as_json=False)
            continue
        found += render.as_json(diagnostics)["diagnostics"]
        if not as_json:
            printing.show_diagnostics(diagnostics)
            printing.say_line(_summary(spec, checked, diagnostics))
    if as_json:
        printing.say_json({"diagnostics": found})
    return status


def _examine(
    spec: str, with_values: dict[str, str], settings: tuple[str, ...]
) -> tuple[Experiment | Library, tuple[Diagnostic, ...]]:
    """The checked file and its warnings. Raises NetspecError where it cannot be read or has errors."""
    checked, report = examine(read_source(find_spec(spec)), with_values=with_values, settings=settings)
    if report.failed:
        raise SpecError(report.sorted())
    return checked, report.sorted()


def _summary(spec: str, checked: Experiment | Library, diagnostics: tuple[Diagnostic, ...]) -> str:
    match checked:
        case Library():
            parts = (counted(len(checked.blocks), "block"), counted(len(checked.lets), "let"))
        case Experiment():
            parts = (counted(len(checked.graph.layers), "layer"),)
    warnings = sum(d.severity is Severity.WARNING for d in diagnostics)
    remark = f", {counted(warnings, 'warning')}" if warnings else ""
    return f"{spec}: no mistakes in {' and '.join(parts)}{remark}"
