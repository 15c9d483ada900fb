"""`netspec cache`."""

from pathlib import Path

import pytest

from netspec.runtime.cache import Code
from netspec.runtime.cpu.compilation import VERSION
from netspec.runtime.cpu.native import code_cache
from tests.cli.harness import process, run, run_json


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one kernel."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code_cache(tmp_path / "netspec").store("kernel", Code("symbol", bytes(1000)))
    return tmp_path / "netspec" / "kernels"


def test_it_tells_what_is_kept_where(folder: Path):
    told = run_json("cache")
    assert (told["folder"], told["current"], told["cleared"]) == (str(folder), VERSION, False)
    assert [version["kernels"] for version in told["versions"]] == [1]
    assert told["bytes"] == sum(path.stat().st_size for path in folder.rglob("*.o"))
    shown = run("cache").stdout
    assert f"{folder}: 1 kernel of 1 version" in shown
    assert "in use" in shown


def test_it_clears_everything(folder: Path):
    assert run("cache", "clear").stdout.startswith("removed 1 kernel of 1 version")
    assert run_json("cache")["versions"] == []
    assert run_json("cache", "clear")["cleared"]


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_note(tmp_path: Path):
    (tmp_path / "file").touch()
    words = ["train", "digits", "--run", "run", "--set", "train.epochs=1", "--set", "data.take=64"]
    done = process(*words, cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("note: compiled kernels cannot be kept") == 1
