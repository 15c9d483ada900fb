"""A file is replaced whole or left as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError
from netspec.train.run.files import append_line, check_can_make, check_can_write, make_folder, write_whole


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write_whole(tmp_path / "none" / "file", b"new")
    assert caught.value.code == "E540"
    assert "no such file" in caught.value.message


def test_whether_a_file_can_be_written_is_known_before_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    check_can_write(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    with pytest.raises(DataError) as caught:
        check_can_write(tmp_path / "none" / "file")
    assert caught.value.code == "E540"


def test_a_folder_where_a_file_stands_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError):
        make_folder(tmp_path / "file" / "run")


SMALL_DISK = """
import resource, sys
from pathlib import Path
from netspec.diagnostics.failure import DataError
from netspec.train.run.files import append_line, write_whole
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
path = Path(sys.argv[1])
try:
    write_whole(path, bytes(5000)) if sys.argv[2] == "whole" else append_line(path, "x" * 2000)
except DataError as error:
    print(error.code, error.message)
"""


@pytest.mark.parametrize("how", ["whole", "line"])
def test_a_write_that_the_system_cuts_off_leaves_the_old_content(tmp_path: Path, how: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old\n")
    done = subprocess.run([sys.executable, "-c", SMALL_DISK, path, how], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("E540 cannot write")
    assert path.read_bytes() == b"old\n"
    assert os.listdir(tmp_path) == ["file"]


def test_lines_are_added_one_after_the_other(tmp_path: Path) -> None:
    for line in ("one", "two"):
        append_line(tmp_path / "lines", line)
    assert (tmp_path / "lines").read_text() == "one\ntwo\n"


def test_a_folder_that_cannot_be_made_is_told_beforehand(tmp_path: Path) -> None:
    check_can_make(tmp_path / "one" / "two")
    check_can_make(tmp_path)
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_bytes(b"here")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataError, match="not a directory") as caught:
            check_can_make(folder)
        assert caught.value.code == "E540"
