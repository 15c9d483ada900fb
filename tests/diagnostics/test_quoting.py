import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.diagnostics.quoting import quoted


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@settings(max_examples=25)
@given(st.lists(st.binary().map(lambda word: os.fsdecode(word.replace(b"\0", b"")))))
def test_a_shell_reads_what_was_quoted(words: list[str]) -> None:
    line = " ".join(map(quoted, words))
    assert line.isprintable()
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' '' {line}"], stdout=subprocess.PIPE, check=True)
    assert done.stdout.split(b"\0")[1:-1] == list(map(os.fsencode, words))


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("runs/a", "runs/a"),
        ("my runs", "'my runs'"),
        ("a\udcfcb", r"$'a\374b'"),
        ("it's\n", r"$'it\'s\012'"),
        ("\ud800", r"$'\355\240\200'"),
    ],
)
def test_words_are_quoted_no_more_than_they_need(word: str, line: str) -> None:
    assert quoted(word) == line
