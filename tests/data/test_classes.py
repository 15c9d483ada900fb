"""Classes by number and by name: those that a spec keeps, and those that a trained net knows."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.data.classes import Known, as_named, chosen, keep_classes, keeping, numbers_of
from netspec.data.dataset import Collection, Part
from netspec.data.levels import Levels
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from tests.data.samples import refuses
from tests.data.test_splits import part_of, places

NAMES = ("dark", "grey", "light")


def collection(numbers: list[int], names: tuple[str, ...] = ("a", "b", "c"), *, numbered: bool = False) -> Collection:
    return Collection("it", names, Levels(), part_of(numbers), test=part_of(numbers[::-1]), numbered=numbered)


def numbered(numbers: list[int]) -> Collection:
    """What an IDX file of these labels holds."""
    return collection(numbers, tuple(map(str, range(max(numbers) + 1))), numbered=True)


def called(part: Part | None, names: tuple[str, ...]) -> dict[int, str]:
    """Of each image what its class is called."""
    assert part is not None
    return {place: names[label] for place, label in zip(places(part), part.labels, strict=True)}


def test_classes_are_kept_and_renumbered_in_the_order_given():
    kept = keep_classes(collection([0, 1, 2, 2, 0]), (2, 0))
    assert kept.class_names == ("c", "a")
    assert kept.train.labels.tolist() == [1, 0, 0, 1]
    assert places(kept.train) == [0, 2, 3, 4]
    assert kept.test is not None
    assert kept.test.labels.tolist() == [1, 0, 0, 1]


def test_no_classes_named_means_all():
    whole = collection([0, 1, 2])
    assert keep_classes(whole, ()) is whole


@pytest.mark.parametrize("classes", [(3,), (0, 0), (-1, 0), (0, 10**9)])
def test_classes_that_do_not_exist_or_stand_twice_are_refused(classes: tuple[int, ...]):
    assert "0 to 2" in refuses("E516", lambda: keep_classes(collection([0, 1, 2]), classes)).notes[0]


def test_at_least_one_image_must_be_left():
    refuses("E516", lambda: keep_classes(collection([0, 0, 1]), (2,)))


def test_classes_are_kept_by_name_too():
    kept = keep_classes(collection([0, 1, 2, 2, 0], ("cat", "ankle boot", "3")), ("3", "cat"))
    assert kept.class_names == ("3", "cat")
    assert kept.train.labels.tolist() == [1, 0, 0, 1]
    assert kept.description == "it, of them the classes `3` and `cat`"
    mixed = keep_classes(collection([0, 1, 2], ("cat", "dog", "emu")), ("emu", 0))
    assert mixed.class_names == ("emu", "cat")


@pytest.mark.parametrize("classes", [("cow", "cat"), ("cat", 0), ("cat", 3), ("1", "cat")])
def test_names_that_are_not_there_or_mean_a_class_twice_are_refused(classes: tuple[int | str, ...]):
    whole = collection([0, 1, 2], ("cat", "dog", "emu"))
    error = refuses("E516", lambda: keep_classes(whole, classes))
    assert error.notes == ("the classes are `cat`, `dog` and `emu`, or 0 to 2",)


def test_a_name_of_two_classes_means_none():
    error = refuses("E516", lambda: keep_classes(collection([0, 1, 2], ("cat", "dog", "cat")), ("cat", "dog")))
    assert error.message == "`classes`: there are several classes `cat`"


def test_where_classes_are_called_by_numbers_a_number_is_a_name():
    folders = collection([0, 1, 2], ("1", "9", "10"))
    assert keep_classes(folders, (9, 10)).train.labels.tolist() == [0, 1]
    assert keep_classes(folders, ("10", 1)).class_names == ("10", "1")
    assert refuses("E516", lambda: keep_classes(folders, (0, 9))).notes == ("the classes are `1`, `9` and `10`",)
    counted = collection([0, 1, 2], ("1", "2", "3"))
    assert refuses("E516", lambda: keep_classes(counted, (0, 1))).notes == ("the classes are 1 to 3",)


names = st.lists(st.text("abcdefgh 0123", min_size=1, max_size=3), min_size=1, max_size=8, unique=True).map(tuple)
label_lists = st.lists(st.integers(0, 7), min_size=1, max_size=60)


@given(names, label_lists, st.randoms(use_true_random=False), st.data())
def test_every_image_keeps_the_name_of_its_class(own: tuple[str, ...], numbers: list[int], random, data):
    """The net knows the classes of the data and others, in any order."""
    own_labels = [number % len(own) for number in numbers]
    others = data.draw(names)
    known = list({*own, *others})
    random.shuffle(known)
    found = chosen(collection(own_labels, own), (), Known(tuple(known)))
    assert found.class_names == tuple(known)
    for part in (found.train, found.test):
        assert part is not None
        assert len(part) == len(numbers)
    assert called(found.train, found.class_names) == {k: own[label] for k, label in enumerate(own_labels)}


@given(names, label_lists, names, st.data())
def test_a_class_that_the_net_does_not_know_is_an_error_with_both_sides(own, numbers, known, data):
    labels = [number % len(own) for number in numbers]
    unknown = sorted({label for label in labels if own[label] not in known})
    assume(unknown)
    error = refuses("E548", lambda: chosen(collection(labels, own), (), Known(known)))
    assert all(f"`{own[label]}`" in error.message for label in unknown)
    assert all(f"`{name}`" in error.notes[0] for name in known)
    assert all(f"`{own[label]}`" in error.notes[1] for label in labels)


def test_a_class_without_images_need_not_be_known():
    found = chosen(collection([0, 2, 0], ("dark", "purple", "light")), (), Known(NAMES))
    assert found.train.labels.tolist() == [0, 2, 0]


def test_files_with_numbers_only_are_matched_by_number():
    assert chosen(numbered([0, 2, 1]), (), Known(NAMES)).train.labels.tolist() == [0, 2, 1]
    assert chosen(numbered([1, 0]), (), Known(NAMES)).class_names == NAMES
    assert chosen(numbered([3, 8, 3]), (), Known(("8", "3"))).train.labels.tolist() == [1, 0, 1]
    error = refuses("E548", lambda: chosen(numbered([0, 3]), (), Known(NAMES)))
    assert error.message == "the net does not know the class `3` of it"
    refuses("E548", lambda: chosen(numbered([0, 3]), (), Known(("3", "8"))))


def test_a_net_that_knows_numbers_does_not_know_names():
    refuses("E548", lambda: chosen(collection([0, 1], ("cat", "dog")), (), Known(("0", "1"))))


def test_labels_that_are_targets_are_left_as_they_are():
    found = chosen(numbered([3, 40, 7]), (), Known(("0", "1", "2", "3"), targets=True))
    assert found.train.labels.tolist() == [3, 40, 7]
    named = collection([0, 1], ("light", "dark"))
    assert chosen(named, (), Known(("dark", "light"), targets=True)).train.labels.tolist() == [1, 0]


def test_classes_of_the_training_are_looked_for_by_their_names():
    """`classes=(0 1)` meant dark and grey there; here they stand elsewhere."""
    known = Known(("dark", "grey"), kept=(0, 1))
    found = chosen(collection([0, 1, 2, 3, 1], ("black", "dark", "grey", "light")), (0, 1), known)
    assert found.class_names == known.names
    assert called(found.train, known.names) == {1: "dark", 2: "grey", 4: "dark"}
    part = chosen(collection([0, 1, 0], ("grey", "light")), (0, 1), known)
    assert called(part.train, known.names) == {0: "grey", 2: "grey"}
    refuses("E548", lambda: chosen(collection([0, 1], ("black", "white")), (0, 1), known))


def test_other_classes_than_in_training_are_chosen_first_and_matched_then():
    known = Known(("dark", "grey", "light"))
    whole = collection([0, 1, 2, 3], ("black", "dark", "grey", "light"))
    assert called(chosen(whole, ("light", "dark"), known).train, NAMES) == {1: "dark", 3: "light"}
    assert called(chosen(whole, (3, 1), known).train, NAMES) == {1: "dark", 3: "light"}
    refuses("E548", lambda: chosen(whole, (0, 1), known))
    refuses("E548", lambda: chosen(whole, (), known))


def test_classes_of_files_with_numbers_only_mean_what_they_meant_in_training():
    """A net for cats and dogs of CIFAR-10, asked for CIFAR-10's files, which hold numbers only."""
    found = chosen(numbered([0, 3, 5, 3]), (3, 5), Known(("cat", "dog"), kept=(3, 5)))
    assert (found.train.labels.tolist(), found.class_names) == ([0, 1, 0], ("cat", "dog"))
    whole = Known(tuple("abcdefghij"))
    assert chosen(numbered([0, 3, 5, 3]), (3, 5), whole).train.labels.tolist() == [3, 5, 3]


def test_data_that_are_the_net_s_own_are_passed_on():
    whole = collection([0, 1, 2])
    assert chosen(whole, (), Known(("a", "b", "c"))) is whole
    kept, known = keep_classes(whole, (2, 0)), Known(("c", "a"), kept=(2, 0))
    again = chosen(whole, (2, 0), known)
    assert (again.class_names, again.description) == (kept.class_names, kept.description)
    assert again.train.labels.tolist() == kept.train.labels.tolist()
    assert (again.train.images == kept.train.images).all()


def test_a_net_that_learns_on_takes_other_classes_only_where_it_knows_none_of_them():
    further = Known(NAMES, further=True)
    assert chosen(collection([0, 1], ("light", "dark")), (), further).train.labels.tolist() == [2, 0]
    refuses("E548", lambda: chosen(collection([0, 1], ("light", "pink")), (), further))
    other = chosen(collection([0, 1], ("x", "y")), (), further)
    assert (other.train.labels.tolist(), other.class_names) == ([0, 1], ("x", "y"))
    (caution,) = other.cautions
    assert caution.code == "W504"
    assert all(f"`{name}`" in caution.message for name in (*NAMES, "x", "y"))


def test_a_net_that_learns_on_keeps_the_classes_that_the_spec_names():
    """`classes=(0 1)` is written for these data, also where it was written for others before."""
    known = Known(("dark", "grey"), kept=(0, 1), further=True)
    assert chosen(collection([0, 1, 2], ("grey", "dark", "light")), (0, 1), known).train.labels.tolist() == [1, 0]
    refuses("E548", lambda: chosen(collection([0, 1, 2], ("black", "dark", "grey")), (0, 1), known))


def test_a_part_in_a_file_of_its_own_is_numbered_like_the_training_part(tmp_path):
    part = as_named(part_of([0, 1, 2, 0]), ("light", "dark", "grey"), NAMES, tmp_path)
    assert part.labels.tolist() == [2, 0, 1, 2]
    error = refuses("E511", lambda: as_named(part_of([0, 1]), ("light", "pink"), NAMES, tmp_path))
    assert "a class `pink`" in error.message


def kept_by(advice: str) -> tuple[int | str, ...]:
    """What a spec with this advice in its `data` line keeps."""
    text = f'net n {{ input 1; dense 1 }}\ndata "mine" {advice}\ntrain {{ loss squared_error }}'
    data = check_experiment(Source("n.net", text)).data
    assert data is not None
    return data.classes


@given(st.sets(st.integers(0, 60), min_size=2))
def test_advice_for_numbers_keeps_these_classes(labels: set[int]):
    whole = tuple(map(str, range(61)))
    advice = keeping(whole, sorted(labels))
    assume("…" not in advice)
    assert numbers_of(whole, kept_by(advice)) == sorted(labels)


@given(names, st.data())
def test_advice_for_names_keeps_these_classes(own: tuple[str, ...], data: st.DataObject):
    assume(len(own) > 1)
    labels = sorted(data.draw(st.sets(st.integers(0, len(own) - 1), min_size=2)))
    assert numbers_of(own, kept_by(keeping(own, labels))) == labels


@pytest.mark.parametrize(
    ("own", "labels", "advice"),
    [
        (tuple(map(str, range(27))), range(1, 27), "classes=1..26"),
        (tuple(map(str, range(27))), [0, 3, 5, 6, 7], "classes=(0 3 5..7)"),
        (("1", "01", "2"), [0, 1], 'classes=("1" "01")'),
        (("1", "70000", "2"), [1, 2], 'classes=("70000" "2")'),
        (("cat", "ankle boot", "dog"), [0, 1], 'classes=(cat "ankle boot")'),
        (("cat", 'a "b"'), [0, 1], "classes=(…)"),
        (("cat", "a\x1b[31m"), [0, 1], "classes=(…)"),
        (tuple(f"n{k}" for k in range(100)), range(100), "classes=(…)"),
    ],
)
def test_advice_is_written_as_a_spec_takes_it(own: tuple[str, ...], labels: list[int], advice: str):
    assert keeping(own, list(labels)) == advice


def test_no_label_is_lost_where_all_classes_are_known():
    numbers = np.random.default_rng(0).integers(0, 3, 200).tolist()
    found = chosen(collection(numbers, NAMES[::-1]), (), Known(NAMES))
    assert found.train.labels.tolist() == [2 - number for number in numbers]
    assert re.search("it$", found.description)
