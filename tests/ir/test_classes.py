from hypothesis import given
from hypothesis import strategies as st

from netspec.data.figures import FIGURES
from netspec.ir.classes import numbers_of
from netspec.ir.known_data import GENERATED_CLASSES, STORED


def test_a_number_counts_classes_unless_all_are_called_by_numbers():
    assert numbers_of(("1", "2", "x"), (1, 2)) == [1, 2]
    assert numbers_of(("1", "2"), (1, 2, 0)) == [0, 1, None]
    assert numbers_of(("1", "2"), ("2",)) == [1]


def test_a_name_of_several_classes_is_that_of_none():
    assert numbers_of(("cat", "dog", "cat"), ("cat", "dog")) == [None, 1]


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_every_class_is_found_by_its_name(names: list[str]):
    assert numbers_of(names, tuple(names)) == list(range(len(names)))


def test_known_sets_have_a_count_for_every_name_and_figures_are_drawn_in_the_order_of_theirs():
    assert all(len(known.names) == len(known.counts) for known in STORED.values())
    assert GENERATED_CLASSES["shapes"] == tuple(FIGURES)
