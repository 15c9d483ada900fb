"""What keeps the folder of compiled code small."""

import os
import time
from pathlib import Path

import pytest

from netspec.runtime import cache_limits
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.cache_limits import MOST_VERSIONS, cached_versions, clear, keep_within_limits, mark_used

CODE = Code("symbol", bytes(1000))


def used(path: Path, seconds_ago: float) -> Path:
    """Lets a path be used so long ago."""
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    return path


def test_versions_are_listed_by_last_use(tmp_path: Path) -> None:
    for age, version in enumerate(("new", "old", "older")):
        CodeCache(tmp_path / version).store("kernel", CODE)
        used(tmp_path / version / "kernel.o", 100 * age)
    versions = cached_versions(tmp_path)
    assert [(version.folder.name, version.files) for version in versions] == [("new", 1), ("old", 1), ("older", 1)]
    assert all(version.size_bytes > 1000 for version in versions)
    clear(tmp_path)
    assert cached_versions(tmp_path) == () == cached_versions(tmp_path / "nowhere")


def test_the_versions_used_longest_ago_are_forgotten_when_a_new_one_begins(tmp_path: Path) -> None:
    for age in range(MOST_VERSIONS + 3):
        CodeCache(tmp_path / f"v{age:02}").store("kernel", CODE)
        used(tmp_path / f"v{age:02}" / "kernel.o", 100 + age)
        used(tmp_path / f"v{age:02}", 100 + age)
    CodeCache(tmp_path / "new").store("kernel", CODE)
    kept = [f"v{age:02}" for age in range(MOST_VERSIONS - 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", *kept]


def test_the_files_used_longest_ago_go_when_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CodeCache(tmp_path / "v1")
    for age in range(4):
        cache.store(f"kernel{age}", CODE)
        used(tmp_path / "v1" / f"kernel{age}.o", 100 * age)
    monkeypatch.setattr(cache_limits, "MOST_BYTES", 2500)
    keep_within_limits(tmp_path / "v1")
    assert sorted(path.name for path in (tmp_path / "v1").iterdir()) == ["kernel0.o", "kernel1.o"]


def test_what_a_killed_process_left_goes_when_it_is_old(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    for name, age in (("recent", 10), ("old", 10_000)):
        (tmp_path / "v1" / f"{name}.part").write_bytes(b"half")
        used(tmp_path / "v1" / f"{name}.part", age)
    keep_within_limits(tmp_path / "v1")
    assert [path.name for path in (tmp_path / "v1").iterdir()] == ["recent.part"]


def test_use_is_marked_once_a_day(tmp_path: Path) -> None:
    fresh, stale = tmp_path / "fresh", tmp_path / "stale"
    for path, age in ((fresh, 1000), (stale, 100_000)):
        path.touch()
        used(path, age)
    before = fresh.stat().st_mtime
    mark_used(fresh)
    mark_used(stale)
    mark_used(tmp_path / "gone")
    assert fresh.stat().st_mtime == before
    assert stale.stat().st_mtime > before


def test_loading_marks_a_file_as_used(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path)
    cache.store("kernel", CODE)
    path = used(tmp_path / "kernel.o", 100_000)
    assert cache.load("kernel") == CODE
    assert time.time() - path.stat().st_mtime < 1000
