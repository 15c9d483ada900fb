"""The first half of the order of the stages: a file -> text -> syntax tree -> checked graph and recipe.

It stands apart from `compiler.py` so that `netspec check` imports nothing that only running needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from netspec.check.elaborate import elaborate
from netspec.diagnostics.failure import SpecError, UsageError
from netspec.diagnostics.message import Diagnostic, Label, Report, Severity
from netspec.diagnostics.text import Source, Span
from netspec.ir.collector import resting_collector
from netspec.ir.recipe import Experiment, Library
from netspec.syntax.parse import parse

LONGEST_FILE_BYTES = 128 * 1024
Reader = Callable[[str, Source], Source]
"""Finds the file that a `use "path"` in a source names; raises UsageError (E119, E121) or SpecError (E120)."""


def read_source(path: Path) -> Source:
    """Reads a spec. Raises UsageError (E119) where it cannot be read, SpecError (E120) where it is not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE_BYTES + 4)
    except OSError as error:
        raise UsageError("E119", f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None
    text = content.decode("utf-8-sig", errors="replace")
    source = Source(str(path), text)
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) <= LONGEST_FILE_BYTES:
            raise SpecError((_not_utf8(source, content, error.start),)) from None
    return source


def _not_utf8(source: Source, content: bytes, offset: int) -> Diagnostic:
    place = len(content[:offset].decode("utf-8-sig", errors="replace"))
    label = Label(Span(source, place, place + 1), f"byte 0x{content[offset]:02x} at offset {offset}")
    return Diagnostic("E120", Severity.ERROR, "the file is not UTF-8 text", label, helps=("save it as UTF-8",))


def reader(root: Path) -> Reader:
    """Reads used files relative to the file that uses them, inside the folder tree `root` only."""

    def read(name: str, base: Source) -> Source:
        wanted = Path(base.name).parent / name
        if not wanted.resolve().is_relative_to(root.resolve()):
            raise UsageError("E121", f"`{name}` lies outside the folder `{root}`")
        return read_source(wanted)

    return read


@resting_collector()
def examine(
    source: Source,
    *,
    root: Path | None = None,
    with_values: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    traced: bool = False,
) -> tuple[Experiment | Library, Report]:
    """Parses and checks; the report holds every mistake and warning, and the result is partial where it failed.

    `root` is the folder that used files must lie in (default: the source's own), `with_values` sets parameters of the
    net (`{"D": "64"}`), `settings` override attributes (`train.sgd.rate=0.1`), and `traced` makes every number of the
    graph carry its closed form in the net's parameters.
    """
    report = Report()
    network = parse(source, report)
    checked = elaborate(
        network,
        report,
        read=reader(root or Path(source.name).parent),
        parameters=with_values or {},
        settings=settings,
        traced=traced,
    )
    return checked, report


def check(
    source: Source,
    *,
    root: Path | None = None,
    with_values: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    traced: bool = False,
) -> Experiment | Library:
    """As `examine`, for callers that go on only with a valid spec. Raises SpecError with every diagnostic."""
    checked, report = examine(source, root=root, with_values=with_values, settings=settings, traced=traced)
    if report.failed:
        raise SpecError(report.sorted())
    return checked


def check_experiment(
    source: Source, *, with_values: Mapping[str, str] | None = None, settings: Sequence[str] = ()
) -> Experiment:
    """As `check`, for callers that need a net. Raises SpecError also where the file holds none (E607)."""
    checked = check(source, with_values=with_values, settings=settings)
    if isinstance(checked, Library):
        raise SpecError((without_net(source),))
    return checked


def without_net(source: Source) -> Diagnostic:
    """A library was given where a network is needed."""
    return Diagnostic(
        "E607",
        Severity.ERROR,
        "there is no `net` in this file",
        Label(Span(source, 0, min(1, len(source.text))), "a file without a `net` is a library: it can only be used"),
        helps=("add `net NAME { input …  … }`, or name the file that uses this one",),
    )
