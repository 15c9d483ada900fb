import io
import tarfile
from pathlib import Path

import pytest

from netspec.data.members import read_members
from netspec.data.pictures import picture_options, read_folder
from netspec.data.system_files import files_in, folders_in, is_hidden
from tests.data.test_pictures import folder, picture

HIDDEN = (".ipynb_checkpoints", ".git", "@eaDir", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "#recycle")


@pytest.mark.parametrize("name", HIDDEN)
def test_folders_of_the_system_are_read_nowhere_in_a_folder_of_pictures(tmp_path: Path, name: str):
    for part, count in (("train", 3), ("test", 2)):
        folder(tmp_path / part, each=count)
        for place in (tmp_path, tmp_path / part, tmp_path / part / "cat", tmp_path / part / "dog" / "more"):
            picture(place / name / "x.png", 200)
            picture(place / name / "cat" / "y.png", 200)
    found = read_folder(tmp_path, None, picture_options((3, 4, 4), None, True))
    assert found.class_names == ("cat", "dog")
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (6, 4)
    assert found.notices == ()


@pytest.mark.parametrize("name", [*HIDDEN, "Thumbs.db", "DESKTOP.INI", "._a.png", ".DS_Store", "Icon\r"])
def test_what_systems_leave_is_hidden_in_any_case(tmp_path: Path, name: str):
    assert is_hidden(name)
    assert is_hidden(name.upper())
    (tmp_path / name).mkdir()
    (tmp_path / f"{name}.png").mkdir()
    shown = [] if name.startswith(".") else [f"{name}.png"]
    assert [path.name for path in folders_in(tmp_path)] == shown
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("name", ["@home", "_a", "macosx", "lost", "tmp", "..", "$", "~cat"])
def test_other_names_are_a_persons_own(name: str):
    assert not is_hidden(name)


@pytest.mark.parametrize("name", HIDDEN)
def test_members_of_an_archive_below_such_a_folder_are_not_read(tmp_path: Path, name: str):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for place in ("./set/a.bin", f"./set/{name}/a.bin", f"{name}/a.bin"):
            info = tarfile.TarInfo(place)
            info.size = len(place)
            archive.addfile(info, io.BytesIO(place.encode()))
    (tmp_path / "all.tar").write_bytes(buffer.getvalue())
    assert read_members(tmp_path / "all.tar", {"a.bin"}) == {"a.bin": b"./set/a.bin"}
