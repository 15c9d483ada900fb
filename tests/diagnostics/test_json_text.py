import json
import os

from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.json_text import json_text

NAMES = st.text() | st.binary().map(os.fsdecode)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


@given(DOCUMENTS, st.booleans())
def test_what_is_written_is_read_again_and_safe_to_show(document: object, only_ascii: bool) -> None:
    text = json_text(document, only_ascii=only_ascii)
    assert json.loads(text.encode("ascii" if only_ascii else "utf-8")) == document
    assert all(line.isprintable() for line in text.split("\n"))


def test_letters_stand_as_they_are_and_bytes_that_are_no_utf_8_as_surrogates() -> None:
    assert json_text(os.fsdecode(b"a\xc3\xa4\xfc\x1b\xc2\x9b")) == r'"aä\udcfc\u001b\u009b"'
    assert json_text("ä😀", only_ascii=True) == r'"\u00e4\ud83d\ude00"'
