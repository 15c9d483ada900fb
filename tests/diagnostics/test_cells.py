"""Text in the cells of a terminal."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.cells import TAB_CELLS, columns, laid_out, shown, spelled


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [0]),
        ("ab", [0, 1, 2]),
        ("\ta", [0, TAB_CELLS, TAB_CELLS + 1]),
        ("日本x", [0, 2, 4, 5]),
        ("e\u0301x", [0, 1, 1, 2]),
        ("\x1b[", [0, 1, 2]),
        ("\udcfcx\x9b", [0, 4, 5, 6]),
    ],
)
def test_every_letter_begins_at_its_cell(text: str, places: list[int]) -> None:
    assert columns(text) == places


def test_control_characters_are_shown_as_pictures() -> None:
    assert shown("a\x1b[1m\0\x7f\u202e\ud800\u2028") == "a␛[1m␀\ufffd\ufffd\ufffd\ufffd"
    assert shown("plain text: größe 日本") == "plain text: größe 日本"
    assert laid_out("\tx\xa0y") == f"{' ' * TAB_CELLS}x y"


def test_a_byte_of_a_name_that_is_no_utf_8_is_shown_as_its_number() -> None:
    assert shown(os.fsdecode(b"M\xfcller\x80")) == r"M\xfcller\x80"


def test_drawings_get_escapes_of_what_cannot_be_shown() -> None:
    assert spelled("größe\n\x1b[m\x9b\udcfc\ud800\u202e") == r"größe\n\x1b[m\x9b\xfc\ud800\u202e"


NAMES = st.text(st.characters()) | st.binary().map(os.fsdecode)
"""Also what is no UTF-8, as Python names files."""


@given(NAMES)
def test_what_is_shown_can_be_printed(text: str) -> None:
    assert shown(text).isprintable()
    assert laid_out(text).isprintable()
    assert spelled(text).isprintable()
    assert len(columns(text)) == len(text) + 1
    laid_out(text).encode("utf-8")
