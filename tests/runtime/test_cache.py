"""Machine code on disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from netspec.runtime.cache import KEPT_VERSIONS, Code, CodeCache, version_key

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


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = CodeCache(tmp_path / "file")
    cache.store("kernel", CODE)
    assert cache.load("kernel") is None


def test_without_a_folder_nothing_is_kept() -> None:
    cache = CodeCache(None)
    cache.store("kernel", CODE)
    assert cache.load("kernel") is None


def test_the_key_changes_with_every_source_and_every_fact(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("1")
    keys = {version_key([source], "numba 1"), version_key([source], "numba 2"), version_key([])}
    source.write_text("2")
    keys.add(version_key([source], "numba 1"))
    assert len(keys) == 4


def test_the_oldest_versions_are_forgotten_when_a_new_one_begins(tmp_path: Path) -> None:
    for age in range(KEPT_VERSIONS + 3):
        CodeCache(tmp_path / f"v{age}").store("kernel", CODE)
        os.utime(tmp_path / f"v{age}", (1000 - age, 1000 - age))
    CodeCache(tmp_path / "new").store("kernel", CODE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", *(f"v{age}" for age in range(KEPT_VERSIONS))]
