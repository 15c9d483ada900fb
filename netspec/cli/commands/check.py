"""`netspec check`: every mistake of every file, and nothing else. Imports neither NumPy nor Numba nor rich, unless
`--data` asks to open the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import click

from netspec.check.recipe.known_fit import training_needs
from netspec.cli.combinations import refuse_what_is_ignored
from netspec.cli.options import data_dir_option, find_spec, json_option, override_options
from netspec.cli.show import printing
from netspec.cli.show.printing import counted
from netspec.diagnostics import render
from netspec.diagnostics.failure import NetspecError, SpecError
from netspec.diagnostics.message import Diagnostic, Severity
from netspec.frontend import examine, read_source
from netspec.ir.recipe import Experiment, Library
from netspec.train.limits import report_limits

TAKES = {"opened": ("specs", "data_dir", "with_values", "settings"), "": ("specs", "with_values", "settings")}
"""What goes with `--data`, and without it."""


@click.command("check")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("--data", "opened", is_flag=True, help="Open the data that the spec names, and tell what does not fit.")
@data_dir_option
@override_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    specs: tuple[str, ...],
    opened: bool,
    data_dir: Path | None,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Tell every mistake of one or more specs; warnings alone do not fail.

    What is known of the built-in data sets is checked too; with `--data` the data are opened and read as training
    would. With `--json` the answer is one object, `{"diagnostics": [...]}`, empty when nothing is wrong, with `notices`
    where there are remarks.
    """
    refuse_what_is_ignored(ctx, TAKES)
    answer = _Answer(as_json, opened, data_dir)
    for spec in specs:
        try:
            answer.add(spec, *_examine(spec, with_values, settings))
        except NetspecError as error:
            answer.fail(error)
    if as_json:
        printing.say_json(answer.document)
    return answer.status


@dataclass(slots=True)
class _Answer:
    """What has been found so far; told at once, unless it is to be one document."""

    as_json: bool
    opened: bool
    data_dir: Path | None
    status: int = 0
    found: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    notices: list[str] = field(default_factory=list[str])

    @property
    def document(self) -> dict[str, object]:
        return {"diagnostics": self.found, **({"notices": self.notices} if self.opened or self.notices else {})}

    def add(self, spec: str, checked: Experiment | Library, diagnostics: tuple[Diagnostic, ...]) -> None:
        """A spec without errors. Raises NetspecError where its data are to be opened and do not fit."""
        self.found += render.as_json(diagnostics)["diagnostics"]
        if not self.as_json:
            printing.show_diagnostics(diagnostics)
        remark = self._open(checked) if self.opened else ""
        needs = training_needs(checked) if isinstance(checked, Experiment) else None
        if needs is not None:
            self.notices.append(f"{spec}: {needs}")
        if not self.as_json:
            printing.say_line(f"{_summary(spec, checked, diagnostics)}{f'; {needs}' if needs else ''}{remark}")

    def _open(self, checked: Experiment | Library) -> str:
        if isinstance(checked, Library) or checked.data is None:
            return ", no data to open"
        notices = import_module("netspec.cli.open_data").open_data(checked, self.data_dir)
        self.notices += notices
        if not self.as_json:
            for notice in notices:
                printing.note(notice)
        return f", the data of `{checked.data.source}` fit"

    def fail(self, error: NetspecError) -> None:
        """A spec with errors."""
        self.status = max(self.status, error.exit_status)
        self.found += printing.failure_as_json(error)
        if not self.as_json:
            printing.report_failure(error, as_json=False)


def _examine(
    spec: str, with_values: dict[str, str], settings: tuple[str, ...]
) -> tuple[Experiment | Library, tuple[Diagnostic, ...]]:
    """The checked file and its warnings. Raises NetspecError where it cannot be read or has errors."""
    checked, report = examine(read_source(find_spec(spec)), with_values=with_values, settings=settings)
    report_limits(checked, report)
    if report.failed:
        raise SpecError(report.sorted())
    return checked, report.sorted()


def _summary(spec: str, checked: Experiment | Library, diagnostics: tuple[Diagnostic, ...]) -> str:
    match checked:
        case Library():
            parts = counted(len(checked.blocks), "block"), counted(len(checked.lets), "let")
        case Experiment():
            parts = (counted(len(checked.graph.layers), "layer"),)
    warnings = sum(d.severity is Severity.WARNING for d in diagnostics)
    remark = f", {counted(warnings, 'warning')}" if warnings else ""
    return f"{spec}: no mistakes in {' and '.join(parts)}{remark}"
