import functools
from pathlib import Path

import pytest

from netspec.bench import streaming
from netspec.bench.memory import anonymous_bytes
from netspec.bench.streaming import MAKERS, measure_streaming
from netspec.runtime.device import DeviceChoice, open_device
from netspec.train.run import begin


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_data_that_are_made_are_trained_on_from_their_files(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SIDES", dict.fromkeys(MAKERS, 32))
    places = functools.partial(begin.DataPlaces, held_bytes=0)
    monkeypatch.setattr(streaming, "DataPlaces", places)
    told: list[str] = []
    found = measure_streaming(
        kind, 3072 * 300, 0.1, tmp_path, open_device(DeviceChoice(1)), lambda what, done, of: told.append(what)
    )
    assert (found.kind, found.images, found.data_bytes) == (kind, 300, 3072 * 300)
    assert found.images_per_second > 0
    assert found.held_images_per_second > 0
    assert (found.waiting is None) == (kind != "pictures")
    assert found.waiting is None or 0 <= found.waiting <= 1
    assert found.anonymous_bytes >= anonymous_bytes() // 2 > 0
    assert told


@pytest.mark.parametrize("kind", ["idx", "npy", "cifar"])
def test_a_sparse_file_takes_no_room(tmp_path: Path, kind: str) -> None:
    place = MAKERS[kind](tmp_path, 100_000, 32)
    assert place.stat().st_size > 300_000_000
    assert place.stat().st_blocks * 512 < 1_000_000
