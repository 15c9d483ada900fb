import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from netspec.data import ring as module
from netspec.data.ring import Ring
from netspec.data.stored import Stored
from netspec.diagnostics.failure import DataError

COUNT = 500


@dataclass
class Numbered:
    """A source whose image k is filled with k, and which remembers what was read."""

    shape: tuple[int, ...] = (COUNT, 1, 2, 2)
    dtype: np.dtype = field(default_factory=lambda: np.dtype(np.float32))
    broken: int = -1
    seen: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def read(self, rows: np.ndarray) -> np.ndarray:
        self.gate.wait(10)
        self.seen += rows.tolist()
        if self.broken in rows:
            raise DataError("E530", "gone")
        return np.broadcast_to(rows[:, None, None, None], (len(rows), 1, 2, 2)).astype(np.float32)


def ring_of(source: Numbered, order: np.ndarray, readers: int = 3, *, first: int = 0, least: int = 20) -> Ring:
    return Ring(Stored.whole(source), order, first=first, least=least, readers=readers)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUFFER_BYTES", 70 * 16)


@pytest.mark.parametrize("readers", [1, 2, 7])
@pytest.mark.parametrize("first", [0, 120])
def test_every_image_of_the_order_passes_by_in_a_bounded_buffer(readers: int, first: int) -> None:
    source, order = Numbered(), np.random.default_rng(1).permutation(COUNT)
    source.gate.set()
    ring, place = ring_of(source, order, readers, first=first), first
    assert ring.capacity == 70
    while place < COUNT:
        least = min(20, COUNT - place)
        images = ring.ready(place, least)
        assert least <= images <= 35
        slots = ring.slots[place : place + images]
        np.testing.assert_array_equal(ring.buffer[slots, 0, 0, 0], order[place : place + images])
        place += images
        ring.release(place)
    ring.close()
    assert sorted(source.seen) == sorted(order[first:].tolist())


def test_nothing_is_read_beyond_the_buffer_until_room_is_made() -> None:
    source = Numbered()
    source.gate.set()
    ring = ring_of(source, np.arange(COUNT))
    assert ring.ready(0, 35) == 35
    ring.ready(0, 70)
    assert max(source.seen) == 69
    ring.release(10)
    ring.ready(10, 70)
    assert max(source.seen) == 79
    ring.close()


def test_waiting_is_timed() -> None:
    source = Numbered()
    ring = ring_of(source, np.arange(COUNT))
    threading.Timer(0.1, source.gate.set).start()
    ring.ready(0, 20)
    assert 0.05 < ring.waited_seconds < 5
    ring.close()


def test_what_a_reader_raises_is_raised_where_the_image_is_needed() -> None:
    source = Numbered(broken=55)
    source.gate.set()
    ring = ring_of(source, np.arange(COUNT))
    assert 32 <= ring.ready(0, 32) <= 35
    with pytest.raises(DataError, match="gone"):
        ring.ready(40, 20)
    ring.close()


def test_two_minibatches_fit_however_large() -> None:
    source = Numbered()
    source.gate.set()
    ring = ring_of(source, np.arange(COUNT), least=100)
    assert ring.capacity == 200
    ring.close()
    ring = ring_of(source, np.arange(COUNT), least=COUNT)
    assert ring.ready(0, COUNT) == ring.capacity == COUNT
    ring.close()


def test_who_goes_ahead_gets_no_late_image_over_a_wanted_one() -> None:
    source = Numbered()
    ring = ring_of(source, np.arange(COUNT), readers=9)
    threading.Timer(0.1, source.gate.set).start()
    ring.release(300)
    assert ring.ready(300, 20) >= 20
    np.testing.assert_array_equal(ring.buffer[ring.slots[300:320], 0, 0, 0], np.arange(300, 320))
    ring.close()
    assert not set(range(70, 300)) & set(source.seen)


def test_who_goes_back_has_the_images_read_again() -> None:
    source, order = Numbered(), np.random.default_rng(2).permutation(COUNT)
    source.gate.set()
    ring = ring_of(source, order)
    for first, least in ((0, 20), (20, 20), (40, 20), (300, 20), (0, 20), (20, 35)):
        ring.release(first) if first > 20 else None
        images = ring.ready(first, least)
        np.testing.assert_array_equal(
            ring.buffer[ring.slots[first : first + images], 0, 0, 0], order[first : first + images]
        )
    ring.close()
