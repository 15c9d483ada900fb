import os
from pathlib import Path

import pytest

from netspec.data.failures import located, reading, require_file
from netspec.diagnostics.failure import DataError
from netspec.diagnostics.text import Source, Span
from tests.data.samples import refuses


def test_missing_files_folders_and_empty_files_are_refused(tmp_path: Path):
    (tmp_path / "empty").touch()
    assert "there is no file" in refuses("E502", lambda: require_file(tmp_path / "none")).message
    assert "is a folder" in refuses("E502", lambda: require_file(tmp_path)).message
    assert "is empty" in refuses("E502", lambda: require_file(tmp_path / "empty")).message
    assert "there is no file" in refuses("E502", lambda: require_file(Path("a\0b"))).message
    assert "not a directory" in refuses("E502", lambda: require_file(tmp_path / "empty" / "x")).message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    assert "not an ordinary file" in refuses("E502", lambda: require_file(tmp_path / "pipe")).message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "may not be read"),
        (IsADirectoryError(21, "Is a directory"), "cannot be read: is a directory"),
        (OSError(5, "Input/output error"), "cannot be read: input/output error"),
        (MemoryError(), "more memory than there is"),
    ],
)
def test_what_the_system_refuses_names_the_file(error: Exception, words: str):
    def fail() -> None:
        with reading(Path("some/file")):
            raise error

    told = refuses("E502", fail)
    assert "`some/file`" in told.message
    assert words in told.message


def test_an_error_tells_where_the_spec_asks_for_the_data():
    source = Source("n.net", "net n { }\ndata mnist\n")
    error = located(DataError("E501", "not here", notes=("a",), helps=("b",)), Span(source, 10, 20))
    assert error.notes == ("a", "asked for at n.net:2:1: `data mnist`")
    assert error.helps == ("b",)
    assert located(error, None) is error
