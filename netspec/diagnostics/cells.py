"""How text stands in the cells of a terminal: tabs, wide letters, and letters that must not be shown as they are."""

from __future__ import annotations

import unicodedata

TAB_CELLS = 4
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CONTROL_PICTURES = 0x2400
"""U+2400 and up show the control characters U+0000 and up"""
BYTES = range(0xDC80, 0xDD00)
"""What Python puts in place of bytes of a file's name that are no UTF-8: U+DC00 and the byte (`surrogateescape`)"""


def shown(text: str) -> str:
    """The text with nothing in it that moves a cursor, turns the direction of writing, or cannot be encoded.

    A byte of a file's name that is no UTF-8 is shown as `\\xfc`.
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_shown_letter, text))


def spelled(text: str) -> str:
    """The same with escapes, `\\n` and `\\x1b`, for typefaces that have no pictures of control characters."""
    return "".join(letter if letter.isprintable() else _spelled_letter(letter) for letter in text)


def columns(text: str) -> list[int]:
    """The cell at which each letter of `laid_out(text)` begins, counted from zero, and at last the cell behind it."""
    places = [0]
    for letter in text:
        places.append(places[-1] + _cells(letter))
    return places


def laid_out(text: str) -> str:
    """The text as it is printed: as many cells as `columns` says."""
    return "".join(" " * TAB_CELLS if letter == "\t" else _shown_letter(letter) for letter in text)


def _shown_letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    if ord(letter) in BYTES:
        return _spelled_letter(letter)
    match unicodedata.category(letter):
        case "Cc" if letter < " ":
            return chr(CONTROL_PICTURES + ord(letter))
        case "Zs":
            return " "
        case _:
            return REPLACEMENT


def _spelled_letter(letter: str) -> str:
    if ord(letter) in BYTES:
        return f"\\x{ord(letter) & 0xFF:02x}"
    return letter.encode("unicode_escape").decode()


def _cells(letter: str) -> int:
    if letter == "\t":
        return TAB_CELLS
    if letter.isascii():
        return 1
    if unicodedata.combining(letter):
        return 0
    if not letter.isprintable():
        return len(_shown_letter(letter))
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
