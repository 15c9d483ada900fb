"""Places in a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.text import Source, Span


def test_lines_and_columns_are_counted_from_one_in_characters() -> None:
    source = Source("a.net", "ab\r\n日本c\n\nd")
    assert [source.position(offset) for offset in (0, 2, 4, 6, 8, 9, 10)] == [
        (1, 1),
        (1, 3),
        (2, 1),
        (2, 3),
        (3, 1),
        (4, 1),
        (4, 2),
    ]
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["ab", "日本c", "", "d"]


def test_a_span_knows_its_text_and_place() -> None:
    source = Source("a.net", "one\ntwo three\n")
    two, three = Span(source, 4, 7), Span(source, 8, 13)
    assert (two.text, two.line, two.column) == ("two", 2, 1)
    assert two.to(three).text == "two three"


@given(st.text(), st.data())
def test_every_offset_lies_on_its_line(text: str, data: st.DataObject) -> None:
    source = Source("", text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = source.position(offset)
    assert source.line_starts[line - 1] + column - 1 == offset
    assert "\n" not in text[source.line_starts[line - 1] : offset]
