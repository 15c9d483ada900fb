"""The peak of several threads is of all at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netspec.bench import peak


def test_all_threads_run_at_once_each_in_memory_of_its_own() -> None:
    inside = threading.Barrier(3, timeout=60)
    arenas: list[int] = []

    def entry(*arguments: int) -> None:
        arenas.append(arguments[3])
        inside.wait()

    with ThreadPoolExecutor(3) as pool:
        assert peak._seconds(entry, pool, 3) > 0
    assert len(set(arenas)) == 3


def test_the_peak_is_of_all_threads_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "_seconds", lambda *_: 1e-3)
    found = peak.peaks(tmp_path, 3)
    assert found["threads_gflops"] == pytest.approx(3 * found["gflops"])
    assert peak.peaks(tmp_path, 1)["threads_gflops"] == found["gflops"]
