"""Machine code on disk."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netspec.runtime import cache
from netspec.runtime.cache import CacheWarning, Code, CodeCache, version_key

CODE = Code("symbol", b"\x7fELF\n\x00rest")


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path / "deep" / "folder")
    assert cache.load("kernel-4x2x16") is None
    cache.store("kernel-4x2x16", CODE)
    assert CodeCache(tmp_path / "deep" / "folder").load("kernel-4x2x16") == CODE
    assert [path.name for path in (tmp_path / "deep" / "folder").iterdir()] == ["kernel-4x2x16.o"]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: b[::-1]])
def test_a_damaged_file_counts_as_missing(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = CodeCache(tmp_path)
    cache.store("kernel", CODE)
    path = tmp_path / "kernel.o"
    path.write_bytes(damage(path.read_bytes()))
    assert cache.load("kernel") is None


def test_a_folder_that_cannot_be_written_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = CodeCache(tmp_path / "file" / "v1")
    with pytest.warns(CacheWarning, match="cannot be kept in .*: not a directory"):
        cache.store("kernel", CODE)
    assert cache.load("kernel") is None


def test_a_folder_that_another_process_drops_in_between_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, drops = tmp_path / "v", [True]

    def drop(_: Path) -> None:
        if drops.pop():
            folder.rmdir()

    monkeypatch.setattr(cache, "keep_within_limits", drop)
    CodeCache(folder).store("a", CODE)
    assert (CodeCache(folder).load("a"), drops) == (CODE, [])


def test_without_a_folder_nothing_is_kept() -> None:
    cache = CodeCache(None)
    cache.store("kernel", CODE)
    assert cache.load("kernel") is None


def test_the_key_changes_with_every_source_and_every_fact(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("1")
    keys = {version_key({"a.py": source}, "numba 1"), version_key({"a.py": source}, "numba 2"), version_key({})}
    keys.add(version_key({"inside/a.py": source}, "numba 1"))
    source.write_text("2")
    keys.add(version_key({"a.py": source}, "numba 1"))
    assert len(keys) == 5


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(CacheWarning, match="no space left"):
        CodeCache(tmp_path / "v1").store("kernel", CODE)
    assert list((tmp_path / "v1").iterdir()) == []


COMPILE_AND_STORE = """
import sys, pathlib
from netspec.kernels.cpu.layers.sums import sum_images
from netspec.kernels.cpu.language.tile import TileShape
from netspec.runtime.cpu.native import code_cache, link_kernels
link_kernels([(sum_images, TileShape(rows, 1, 4, 32)) for rows in (1, 2)], code_cache(pathlib.Path(sys.argv[1])))
"""


def test_several_processes_fill_an_empty_cache_at_once(tmp_path: Path) -> None:
    run = [sys.executable, "-c", COMPILE_AND_STORE, str(tmp_path)]
    writers = [subprocess.Popen(run) for _ in range(3)]
    killed = subprocess.Popen(run)
    time.sleep(1)
    killed.kill()
    killed.wait()
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    (folder,) = (tmp_path / "kernels").iterdir()
    names = [path.stem for path in folder.iterdir() if path.suffix == ".o"]
    assert len(names) == 3  # the driver and two kernels
    assert all(CodeCache(folder).load(name) for name in names)
