"""Slots get places that never collide."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.schedule.arena import place_slots, rounded
from netspec.schedule.slots import FOREVER, Slot


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    begin = draw(st.integers(-1, 20))
    end = draw(st.one_of(st.integers(max(begin, 0), 25), st.just(FOREVER)))
    return Slot(begin, end, draw(st.integers(1, 500)))


@given(st.lists(slots(), max_size=25))
def test_slots_that_are_live_together_lie_apart(chosen: list[Slot]) -> None:
    arena_bytes = place_slots(chosen)
    for i, one in enumerate(chosen):
        assert one.offset_bytes % 64 == 0
        assert 0 <= one.offset_bytes <= arena_bytes - one.size_bytes
        for other in chosen[:i]:
            apart_in_time = one.end < other.begin or other.end < one.begin
            lower, upper = sorted((one, other), key=lambda slot: slot.offset_bytes)
            assert apart_in_time or lower.offset_bytes + lower.size_bytes <= upper.offset_bytes


def test_slots_one_after_the_other_share_a_place() -> None:
    chain = [Slot(i, i, 640) for i in range(5)]
    assert place_slots(chain) == rounded(640)
    assert {slot.offset_bytes for slot in chain} == {0}


def test_what_outlives_the_step_stands_in_front() -> None:
    weight, passing = Slot(-1, FOREVER, 100), Slot(0, 3, 1000)
    place_slots([passing, weight])
    assert (weight.offset_bytes, passing.offset_bytes) == (0, 128)
