"""What commands print alike: JSON without NaN, colour where it is welcome, nothing that moves a cursor."""

import io
import json
from pathlib import Path

import pytest

from netspec.cli.show import printing
from netspec.cli.show.tables import show, table
from netspec.diagnostics.failure import DataError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_has_no_word_for_what_is_not_finite(capsys: pytest.CaptureFixture[str]):
    printing.say_json({"loss": float("nan"), "rates": (1.5, float("inf")), "run": Path("runs/a"), "ä": {"b": [True]}})
    said = capsys.readouterr().out
    assert json.loads(said) == {"loss": None, "rates": [1.5, None], "run": "runs/a", "ä": {"b": [True]}}
    assert "ä" in said


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colour_is_for_terminals_that_want_it(environment: dict, expected: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert printing.wants_colour(Terminal()) is expected
    assert printing.wants_colour(io.StringIO()) is False


def test_a_message_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]):
    printing.report_failure(DataError("E500", "no file `\x1b[2Ja`", notes=("\x07",)), as_json=False)
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\x07" not in said


def test_a_failure_without_a_place_has_the_same_keys_as_one_with(capsys: pytest.CaptureFixture[str]):
    printing.report_failure(DataError("E500", "no", notes=("a",), helps=("b",)), as_json=True)
    (entry,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert entry["code"] == "E500"
    assert (entry["notes"], entry["helps"], entry["file"], entry["line"]) == (["a"], ["b"], None, None)


def test_a_table_is_not_cut_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    show(table((("name", "left"), ("number", "right")), [("x" * 200, "1,000")], ("total", "1,000")))
    said = capsys.readouterr().out
    assert "x" * 200 in said
    assert "[" not in said


def test_markup_in_a_cell_is_text(capsys: pytest.CaptureFixture[str]):
    show(table((("name", "left"),), [("[red]a[/red]",)]))
    assert "[red]a[/red]" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "said"), [(0, "0 layers"), (1, "1 layer"), (2000, "2,000 layers")])
def test_nouns_follow_their_numbers(count: int, said: str):
    assert printing.counted(count, "layer") == said


ODD = "a\x1b[2J\x9b\x07\udcfc\u202e"
SEEN = r"a␛[2J�␇\xfc�"


def test_nothing_that_is_said_moves_the_cursor(capsys: pytest.CaptureFixture[str]):
    printing.say(f"first {ODD}\n\tsecond")
    printing.remark(ODD)
    printing.say_line(f"{ODD}\nerror[E999]: no")
    printing.note(f"{ODD}\nerror[E999]: no")
    printing.show_warning(ODD, UserWarning)
    show(table(((" ", "left"),), [(ODD,)], (f"{ODD}\nall",)))
    said = capsys.readouterr()
    assert said.out.startswith(f"first {SEEN}\n\tsecond\n{SEEN}␊error[E999]: no\n")
    assert said.out.count(SEEN) == 4
    assert f"{SEEN}␊all" in said.out
    assert said.err == f"{SEEN}\nnote: {SEEN}␊error[E999]: no\nnote: {SEEN}\n"


def test_a_name_in_colons_is_no_picture(capsys: pytest.CaptureFixture[str]):
    show(table((("name", "left"),), [(":dog:",)]))
    assert ":dog:" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_json_whatever_the_stream_can_encode(encoding: str, monkeypatch: pytest.MonkeyPatch):
    content = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(content, encoding=encoding, errors="backslashreplace"))
    printing.say_json({ODD: ["ä", "猫", "😀"]})
    printing.sys.stdout.flush()
    assert json.loads(content.getvalue().decode(encoding)) == {ODD: ["ä", "猫", "😀"]}
    assert b"\x1b" not in content.getvalue()
