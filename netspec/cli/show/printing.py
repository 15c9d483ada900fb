"""What every command says in the same way: diagnostics, failures, JSON. Reads NO_COLOR, TERM, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TextIO, cast

import click

from netspec.diagnostics import render
from netspec.diagnostics.cells import shown
from netspec.diagnostics.failure import NetspecError, SpecError
from netspec.diagnostics.json_text import json_text
from netspec.diagnostics.message import Diagnostic
from netspec.diagnostics.paint import BLUE, BOLD, RED, Paint


def wants_colour(stream: TextIO) -> bool:
    """Colour belongs on a terminal whose user has not set NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def prepare_streams() -> None:
    """A letter that the terminal's encoding lacks is escaped, never an error; what a closed stream gets is lost."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    """Stands for a stream that was closed before the program began (`netspec layers >&-`)."""
    return open(os.devnull, "w", encoding="utf-8")


def close_streams(status: int) -> int:
    """Flushes while a closed pipe can still be met quietly."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return silence_streams()
    return status


def silence_streams() -> int:
    """The reader has gone (`netspec layers | head`): what is left goes nowhere, and that is no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    return 0


def say(text: str = "", *, painted: bool = False) -> None:
    """Lines of the answer, on standard output; what is `painted` is safe to show already and has colours."""
    sys.stdout.write((text if painted else visible(text)) + "\n")


def say_line(text: str) -> None:
    """A line of the answer that stays one, whatever the names in it hold."""
    say(shown(text))


def remark(text: str, *, painted: bool = False) -> None:
    """Lines beside the answer, on standard error; `painted` as in `say`."""
    sys.stderr.write((text if painted else visible(text)) + "\n")


def note(text: str) -> None:
    """A remark that stays one line, whatever the names in it hold."""
    remark(f"note: {shown(text)}")


def visible(text: str) -> str:
    """Lines that are safe to show, tabs as they are. A line end in a name would pass: `shown` takes it out."""
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.split("\n"))


def show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    """What Python calls for a warning: a library's remark on how it does its work, which is a note to a person."""
    remark(f"note: {message}")


def say_json(document: Mapping[str, object]) -> None:
    """One JSON object on standard output; a number that is not finite becomes null, as JSON has no other word."""
    plain = _plain(document)
    text = json_text(plain)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # `prepare_streams` would write an escape that JSON does not know
        text = json_text(plain, only_ascii=True)
    sys.stdout.write(text + "\n")


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in cast("Mapping[object, object]", value).items()}
        case list() | tuple():
            return [_plain(item) for item in cast("Sequence[object]", value)]
        case float():
            return value if isfinite(value) else None
        case Path():
            return str(value)
        case _:
            return value


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 layer`, `2 layers`, `1,000 launches`"""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def show_diagnostics(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Errors and warnings with their places, on standard error."""
    if diagnostics:
        remark(render.render(diagnostics, colour=wants_colour(sys.stderr)).rstrip("\n"), painted=True)


def failure_as_json(error: NetspecError) -> list[dict[str, object]]:
    """What `--json` lists under `diagnostics`; a failure that has no place in a text has null there."""
    if isinstance(error, SpecError):
        return render.as_json(error.diagnostics)["diagnostics"]
    said: dict[str, object] = {"code": error.code, "severity": "error", "message": error.message}
    more: dict[str, object] = {"labels": [], "notes": error.notes, "helps": error.helps, "repair": None}
    return [{**said, **dict.fromkeys(("file", "line", "column", "end_line", "end_column")), **more}]


def report_failure(error: NetspecError, *, as_json: bool) -> int:
    """Says what a person can mend: always on standard error, and with `--json` as the answer too."""
    if as_json:
        say_json({"diagnostics": failure_as_json(error)})
    if isinstance(error, SpecError):
        show_diagnostics(error.diagnostics)
    else:
        headline(f"error[{error.code}]", error.message, notes=error.notes, helps=error.helps)
    return error.exit_status


def report_usage(error: click.ClickException) -> int:
    """A wrong option or command: the message and the line that shows how it is meant. No command at all: the help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        remark(error.format_message())
        return error.exit_code
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    notes = (context.get_usage().replace("Usage:", "usage:", 1),) if context else ()
    helps = (f"`{context.command_path} --help` tells more",) if context else ()
    headline("error", message[:1].lower() + message[1:], notes=notes, helps=helps)
    return error.exit_code


def report_stop(status: int) -> int:
    """Ctrl-C or SIGTERM: whoever was at work has said what there is to say."""
    remark("stopped")
    return status


def report_memory() -> int:
    """The system refused an allocation."""
    headline("error[E608]", "not enough memory", helps=("a smaller `batch` needs less: `--set train.batch=16`",))
    return 3


def report_system(error: OSError) -> int:
    """The system refused a file: no space, no permission."""
    what = (error.strerror or str(error) or type(error).__name__).lower()
    headline("error[E609]", f"{error.filename}: {what}" if error.filename else what)
    return 3


def headline(kind: str, message: str, *, notes: tuple[str, ...] = (), helps: tuple[str, ...] = ()) -> None:
    """The look of a diagnostic for a failure that has no place in a text."""
    paint = Paint(colour=wants_colour(sys.stderr))
    remark(paint(kind, RED) + paint(f": {shown(message)}", BOLD), painted=True)
    for word, texts in (("note", notes), ("help", helps)):
        for text in texts:
            remark(f"  {paint('=', BLUE)} {paint(word, BOLD)}: {shown(text)}", painted=True)
