"""An exception that nobody catches says as much as the command line does."""

import pytest

from netspec.diagnostics.failure import DataError, DeviceError, DivergedError, NetspecError, SpecError, UsageError
from netspec.diagnostics.message import Diagnostic, Label, Severity
from netspec.diagnostics.render import render
from netspec.diagnostics.text import Source, Span


@pytest.mark.parametrize("kind", [NetspecError, UsageError, DataError, DeviceError, DivergedError])
def test_the_text_of_an_error_holds_its_notes_and_helps(kind: type[NetspecError]) -> None:
    error = kind("E501", "no such set", notes=("looked in `a`", "and in `b`"), helps=("`netspec data fetch`",))
    assert str(error).splitlines() == [
        "no such set",
        "  = note: looked in `a`",
        "  = note: and in `b`",
        "  = help: `netspec data fetch`",
    ]
    assert str(kind("E501", "no such set")) == "no such set"
    assert error.message == "no such set"


def test_the_text_of_a_broken_spec_is_what_the_command_line_shows() -> None:
    source = Source("a.net", "net n { konv 3; dense ten }\n")
    labels = (Label(Span(source, 8, 12), "no layer"), Label(Span(source, 22, 25), "no number"))
    found = tuple(
        Diagnostic("E201", Severity.ERROR, f"mistake {k}", label, notes=(f"note {k}",), helps=(f"help {k}",))
        for k, label in enumerate(labels)
    )
    text = str(SpecError(found))
    assert text == render(found, colour=False).rstrip("\n")
    assert all(told in text for told in ("a.net:1:9", "mistake 0", "help 1", "mistake 1", "note 1"))


def test_nothing_in_a_name_moves_the_cursor() -> None:
    assert "\x1b" not in str(DataError("E502", "`a\x1b[2J`", notes=("\x1b]0;t\x07",)))
