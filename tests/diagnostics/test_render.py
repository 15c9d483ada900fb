"""The look of rustc, and the same as data."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.message import Diagnostic, Label, Repair, Severity
from netspec.diagnostics.render import SHOWN_DIAGNOSTICS, as_json, render
from netspec.diagnostics.text import Source, Span
from tests.conftest import Golden

DEEP = Source(
    "specs/deep.net",
    "net deep {\n    input 3x32x32\n    # two layers\n    conv 64 5x5\n    pool max 2x2\n    relu\n\n"
    "    pool max 2x2\n    conv 256 5x5\n\tconv 1 日本 ḱ x\n}\n",
)


def span(text: str, source: Source = DEEP) -> Span:
    """The first place of a piece of the source."""
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def error(label: Label, *secondary: Label, code: str = "E999", **rest: object) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, "it does not fit", label, secondary, **rest)  # type: ignore[arg-type]


KERNEL = Diagnostic(
    "E301",
    Severity.ERROR,
    "kernel 5x5 does not fit in a 2x2 input",
    Label(Span(DEEP, DEEP.text.index("256 5x5") + 4, DEEP.text.index("256 5x5") + 7), "larger than its input"),
    (Label(Span(DEEP, DEEP.text.rindex("pool"), DEEP.text.rindex("2x2") + 3), "this layer produces 128x2x2"),),
    ("height and width: 32 -> conv 30 -> pool 15",),
    ("add `pad=2`, use a kernel of at most 2, or drop a `pool`",),
)


def test_an_error_looks_as_in_the_language_reference() -> None:
    assert render([KERNEL], colour=False) == (
        "error[E301]: kernel 5x5 does not fit in a 2x2 input\n"
        " --> specs/deep.net:9:14\n"
        "  |\n"
        "8 |     pool max 2x2\n"
        "  |     ------------ this layer produces 128x2x2\n"
        "9 |     conv 256 5x5\n"
        "  |              ^^^ larger than its input\n"
        "  |\n"
        "  = note: height and width: 32 -> conv 30 -> pool 15\n"
        "  = help: add `pad=2`, use a kernel of at most 2, or drop a `pool`\n"
        "\n"
        "error: 1 error in specs/deep.net\n"
    )


LONG = Source("long.net", "a " * 200 + "wrong " + "b " * 300 + "end\n")
OTHER = Source("blocks.net", "block b(c) {\n    conv c 3x3\n}\n")
FORMS = {
    "one label": [error(Label(span("256"), "here"))],
    "no text": [error(Label(span("256"), ""))],
    "several labels on a line": [
        error(Label(span("64"), "the middle"), Label(span("conv"), "the first"), Label(span("5x5"), "the last"))
    ],
    "labels that overlap": [error(Label(span("64"), "inside"), Label(span("conv 64 5x5"), "around"))],
    "labels at one place": [error(Label(span("64"), "first"), Label(span("64"), "second"))],
    "far lines": [error(Label(span("256"), "here"), Label(span("net"), "the net"), Label(span("relu"), "between"))],
    "a line between": [
        error(Label(span("relu"), "here"), Label(span("pool"), "before"), Label(span("conv 256"), "on"))
    ],
    "wide letters and tabs": [
        error(Label(span("x\n}"), "narrow"), Label(span("日本"), "wide"), Label(span("ḱ"), "one"))
    ],
    "a span over lines": [error(Label(Span(DEEP, 9, len(DEEP.text) - 1), "the body"))],
    "the end of the text": [error(Label(Span(DEEP, len(DEEP.text), len(DEEP.text)), "the text ends here"))],
    "an empty text": [error(Label(Span(Source("e.net", ""), 0, 0), "nothing"))],
    "a long line": [error(Label(span("wrong", LONG), "here"), Label(span("end", LONG), "far behind"))],
    "two files": [error(Label(span("3x3", OTHER), "too large"), Label(span("conv 64"), "called from here"))],
    "repairs": [
        error(Label(span("256"), "here"), repair=Repair(span("256"), "(2*c)")),
        error(Label(span("64"), "here"), repair=Repair(span("64"), "")),
        error(Label(span("5x5"), "here"), repair=Repair(Span(DEEP, 20, 20), ")")),
        error(Label(span("relu"), "write `tanh`"), repair=Repair(span("relu"), "tanh")),
        error(Label(span("input"), "here"), helps=("say `output`",), repair=Repair(span("input"), "output")),
    ],
    "errors and warnings": [
        KERNEL,
        Diagnostic("W101", Severity.WARNING, "`x` is not used", Label(span("relu"), "")),
        Diagnostic("W102", Severity.WARNING, "two", Label(span("3x3", OTHER), "")),
    ],
    "warnings only": [Diagnostic("W101", Severity.WARNING, "`x` is not used", Label(span("relu"), "defined here"))],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_looks_as_in_the_golden_file(form: str, golden: Golden) -> None:
    golden(f"{form.replace(' ', '_')}.txt", render(FORMS[form], colour=False))


def test_colours_change_nothing_but_colour(golden: Golden) -> None:
    everything = [diagnostic for form in FORMS.values() for diagnostic in form]
    coloured = render(everything, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(everything, colour=False)
    golden("colours.txt", render([KERNEL], colour=True).replace("\x1b", "ESC"))


def test_no_diagnostics_give_no_text() -> None:
    assert render([], colour=True) == ""


def test_of_very_many_diagnostics_the_first_are_shown() -> None:
    many = [error(Label(span("relu"), ""), code=f"E{k}") for k in range(1000, 2234)]
    shown = render(many, colour=False)
    assert [int(code) for code in re.findall(r"error\[E(\d+)\]", shown)] == list(range(1000, 1000 + SHOWN_DIAGNOSTICS))
    assert shown.endswith("error: 1,234 errors in specs/deep.net; the first 100 are shown\n")
    assert len(as_json(many)["diagnostics"]) == 1234


def test_nothing_of_a_text_reaches_the_terminal_as_a_control() -> None:
    evil = "\x1b[31mred\x07 \x9b1m \u202eabc\u2066 \r\n\ud800 \x7f end"
    source = Source(f"x{evil}.net", evil)
    diagnostic = Diagnostic(
        "E1",
        Severity.ERROR,
        evil,
        Label(Span(source, 0, 4), evil),
        (Label(Span(source, 10, 14), evil),),
        (evil,),
        (evil,),
        Repair(Span(source, 0, 2), evil),
    )
    text = render([diagnostic], colour=False)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    text.encode("utf-8")


def test_data_holds_every_place_and_word() -> None:
    diagnostic = error(
        Label(span("conv 64 5x5\n    pool"), "over two lines"),
        Label(span("3x3", OTHER), "there"),
        notes=("a note",),
        helps=("a help",),
        repair=Repair(span("64"), "32"),
    )
    (entry,) = as_json([diagnostic])["diagnostics"]
    place = {"file": "specs/deep.net", "line": 4, "column": 5, "end_line": 5, "end_column": 9}
    elsewhere = {"file": "blocks.net", "line": 2, "column": 12, "end_line": 2, "end_column": 15}
    assert entry == {
        "code": "E999",
        "severity": "error",
        "message": "it does not fit",
        **place,
        "labels": [
            {**place, "text": "over two lines", "primary": True},
            {**elsewhere, "text": "there", "primary": False},
        ],
        "notes": ["a note"],
        "helps": ["write `32`", "a help"],
        "repair": {**place, "column": 10, "end_line": 4, "end_column": 12, "text": "32"},
    }
    assert json.loads(json.dumps(as_json([diagnostic, KERNEL])))["diagnostics"][1]["repair"] is None


@given(st.text(max_size=300), st.data())
def test_any_text_and_any_labels_can_be_shown(text: str, data: st.DataObject) -> None:
    source = Source("any.net", text)

    def label() -> Label:
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        return Label(Span(source, start, end), data.draw(st.text(max_size=20)))

    diagnostic = error(label(), *(label() for _ in range(data.draw(st.integers(0, 4)))))
    shown = render([diagnostic], colour=False)
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    assert "^" in shown
    assert all(len(line) < 500 for line in shown.split("\n"))
    assert len(as_json([diagnostic])["diagnostics"][0]["labels"]) == 1 + len(diagnostic.secondary)
