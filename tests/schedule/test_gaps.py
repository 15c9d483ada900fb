"""Room is found where a look at every slot finds it."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.schedule.arena import place_slots, rounded
from netspec.schedule.gaps import Occupancy
from netspec.schedule.slots import FOREVER, Slot
from tests.turns import turns

TIMES = 12


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    begin = draw(st.integers(-1, TIMES))
    end = draw(st.one_of(st.integers(max(begin, 0), TIMES), st.just(FOREVER)))
    return Slot(begin, end, draw(st.sampled_from((1, 64, 65, 200, 320, 1000))))


def by_definition(slots: list[Slot]) -> list[int]:
    """Offsets by the rule that `place_slots` states, every slot beside every other."""
    kept = [slot for slot in slots if slot.begin < 0 and slot.end == FOREVER]
    offsets = {id(slot): sum(rounded(other.size_bytes) for other in kept[:k]) for k, slot in enumerate(kept)}
    base = sum(rounded(slot.size_bytes) for slot in kept)
    placed: list[Slot] = []
    passing = [slot for slot in slots if id(slot) not in offsets]
    for slot in sorted(passing, key=lambda slot: (-slot.size_bytes, slot.begin, slot.end)):
        beside = [other for other in placed if slot.begin <= other.end and other.begin <= slot.end]
        taken = [(offsets[id(other)], offsets[id(other)] + rounded(other.size_bytes)) for other in beside]
        size = rounded(slot.size_bytes)
        places = sorted({base, *(end for _, end in taken)})
        offsets[id(slot)] = next(p for p in places if all(p + size <= begin or end <= p for begin, end in taken))
        placed.append(slot)
    return [offsets[id(slot)] for slot in slots]


@given(st.lists(slots(), max_size=30))
def test_every_slot_lies_in_the_lowest_gap(chosen: list[Slot]) -> None:
    expected = by_definition(chosen)
    place_slots(chosen)
    assert [slot.offset_bytes for slot in chosen] == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 6), st.integers(1, 4)), max_size=20))
def test_what_is_taken_at_any_of_the_times_is_no_room(taken: list[tuple[int, int, int, int]]) -> None:
    occupancy, full = Occupancy(10), set[tuple[int, int]]()
    for one, other, begin, size in taken:
        first, last = sorted((one, other))
        found = occupancy.room(first, last, begin, size)
        fits = (
            p
            for p in range(begin, 200)
            if full.isdisjoint((t, p + k) for t in range(first, last + 1) for k in range(size))
        )
        assert found == next(fits)
        occupancy.take(first, last, begin, begin + size)
        full |= {(t, begin + k) for t in range(first, last + 1) for k in range(size)}


def of_a_training_step(layers: int) -> list[Slot]:
    """An activation a layer, kept until its gradient is taken, and gradients that live for a moment."""
    sizes = [1 << 20, 1 << 19, 3 << 18]
    kept = [Slot(k, 2 * layers - k, sizes[k % 3]) for k in range(layers)]
    return kept + [Slot(layers + k, layers + k + 1, sizes[-k % 3]) for k in range(layers)]


def test_eight_times_as_many_slots_take_little_more_than_eight_times_as_long() -> None:
    few, many = (of_a_training_step(layers) for layers in (250, 2000))
    assert turns(lambda: place_slots(many)) < 16 * turns(lambda: place_slots(few))


def test_eight_times_as_many_slots_in_turn_take_eight_times_as_long() -> None:
    """They lie in the same few places, which is noted once for all launches and not at each level of the tree again."""
    few, many = ([Slot(k, k + 1, 1 << 20) for k in range(number)] for number in (512, 4096))
    assert turns(lambda: place_slots(many)) < 8.6 * turns(lambda: place_slots(few))
