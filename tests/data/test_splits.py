from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.dataset import Part
from netspec.data.splits import hold_out, lost, take, take_test
from netspec.ir.known_data import STORED
from tests.data.samples import refuses


def part_of(numbers: list[int]) -> Part:
    """Image k holds the number k in its one pixel (modulo 256 in channel 0, the rest in channel 1)."""
    places = np.arange(len(numbers))
    images = np.stack([places % 256, places // 256], axis=1).astype(np.uint8)[:, :, None, None]
    return Part(images, np.array(numbers, np.int32))


def places(part: Part) -> list[int]:
    images = part.images[:, :, 0, 0].astype(int)
    return (images[:, 0] + 256 * images[:, 1]).tolist()


label_lists = st.lists(st.integers(0, 4), min_size=4, max_size=300)


@given(label_lists, st.floats(0.05, 0.9), st.integers(0, 9))
def test_the_two_parts_are_the_whole_and_share_nothing(numbers: list[int], fraction: float, seed: int):
    if round(len(numbers) * fraction) == 0 or len(set(numbers)) == len(numbers):
        return
    train, held = hold_out(part_of(numbers), fraction, seed)
    assert sorted(places(train) + places(held)) == list(range(len(numbers)))
    assert all(numbers[place] == label for place, label in zip(places(held), held.labels, strict=True))


@given(label_lists, st.floats(0.05, 0.6), st.integers(0, 9))
def test_every_class_gives_its_share_to_within_one_and_keeps_one(numbers: list[int], fraction: float, seed: int):
    total = round(len(numbers) * fraction)
    if total == 0 or min(numbers.count(label) for label in set(numbers)) < 4:
        return
    train, held = hold_out(part_of(numbers), fraction, seed)
    assert len(held) == total
    for label in set(numbers):
        share = int((held.labels == label).sum())
        assert abs(share - fraction * numbers.count(label)) < 1 + 1e-9
        assert (train.labels == label).any()


def test_the_split_depends_on_the_seed_alone():
    part = part_of([0, 1, 2] * 40)
    first, again, other = (hold_out(part, 0.25, seed)[1] for seed in (1, 1, 2))
    assert places(first) == places(again) != places(other)


def test_which_of_equal_classes_give_one_more_is_drawn_by_the_seed():
    part = part_of([label for label in range(100) for _ in range(2)])
    giving = [set(hold_out(part, 0.1, seed)[1].labels.tolist()) for seed in range(60)]
    assert all(len(classes) == 20 for classes in giving)
    assert len(set(map(frozenset, giving))) == 60
    assert set.union(*giving) == set(range(100))


def test_classes_of_other_sizes_with_the_same_claim_are_drawn_from_too():
    """0.1 of 12 images is 1.2000000000000002 in floating point, 0.1 of 2 images 0.2: a tie in decimals."""
    part = part_of([label for label in range(20) for _ in range(2 if label % 2 else 12)])
    held = [hold_out(part, 0.1, seed)[1].labels for seed in range(50)]
    counts = [np.bincount(labels, minlength=20) - np.array([1, 0] * 10) for labels in held]
    assert all(sorted(count.tolist()) == [0] * 16 + [1] * 4 for count in counts)
    assert (sum(counts) > 0).sum() > 18


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 30), min_size=2), st.decimals("0.05", "0.6", places=2))
def test_a_larger_remainder_is_served_first(sizes: dict[int, int], fraction: Decimal):
    part = part_of([label for label, size in sizes.items() for _ in range(size)])
    if round(len(part) * float(fraction)) == 0 or len(sizes) == len(part):
        return
    held = hold_out(part, float(fraction), 1)[1]
    given = np.bincount(held.labels, minlength=100).tolist() if held else [0] * 100
    claims = {label: (size * fraction) % 1 for label, size in sizes.items() if size * fraction + 1 <= size - 1}
    served = [claims[label] for label in claims if given[label] > int(sizes[label] * fraction)]
    waiting = [claims[label] for label in claims if given[label] == int(sizes[label] * fraction)]
    assert not served or not waiting or min(served) >= max(waiting)


@pytest.mark.parametrize("name", ["digits", "mnist", "fashion_mnist", "cifar10"])
def test_the_sets_of_bundled_specs_are_split_as_ever(name: str):
    """Their shares as they were when equal claims went by class number."""
    sizes = np.array(STORED[name].counts)
    exact = sizes * (0.2 if name == "digits" else 0.1)
    shares = np.floor(exact).astype(int)
    missing = round(exact.sum()) - shares.sum()
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    part = part_of(np.repeat(np.arange(10), sizes).tolist())
    for seed in range(3):
        held = hold_out(part, 0.2 if name == "digits" else 0.1, seed)[1]
        assert held is not None
        assert np.bincount(held.labels).tolist() == shares.tolist()


def test_parts_stay_in_the_order_of_the_file():
    train, held = hold_out(part_of([0, 1] * 50), 0.3, 1)
    assert places(train) == sorted(places(train))
    assert places(held) == sorted(places(held))


def test_nothing_is_held_out_unless_asked():
    part = part_of([0, 1])
    assert hold_out(part, 0.0, 1) == (part, None)


def test_a_part_too_small_to_hold_anything_out_is_refused():
    refuses("E518", lambda: hold_out(part_of([0, 1, 0]), 0.1, 1))


def test_take_keeps_the_beginning_of_the_seeded_order():
    part = part_of([0] * 100)
    assert places(take(part, 30, 5)) == places(take(part, 60, 5))[:30]
    assert places(take(part, 30, 5)) != places(take(part, 30, 6))
    assert take(part, None, 5) is part


@pytest.mark.parametrize("count", [0, 101, 10**12])
def test_taking_more_than_there_is_is_refused(count: int):
    assert "100 images" in refuses("E517", lambda: take(part_of([0] * 100), count, 1)).message


def test_of_the_test_part_as_many_are_taken_in_an_order_of_its_own():
    part = part_of([0] * 100)
    taken = take_test(part, 30, 5)
    assert taken is not None
    assert len(set(places(taken))) == 30
    assert places(taken) == places(take_test(part, 60, 5) or part)[:30]
    assert places(taken) != places(take(part, 30, 5))
    assert places(taken) != places(take_test(part, 30, 6) or part)
    assert take_test(part, None, 5) is part
    assert take_test(None, None, 5) is None


@pytest.mark.parametrize("count", [0, 101, 10**12])
def test_more_than_there_is_to_test_on_is_refused(count: int):
    assert "the test part holds 100 images" in refuses("E517", lambda: take_test(part_of([0] * 100), count, 1)).message
    refuses("E549", lambda: take_test(None, 10, 1))


@given(label_lists, st.integers(0, 9), st.data())
def test_what_is_lost_are_the_labels_that_were_there(numbers: list[int], seed: int, data: st.DataObject):
    part = part_of(numbers)
    taken = take(part, data.draw(st.integers(1, len(numbers))), seed)
    assert set(lost(part, taken)) == set(numbers) - set(taken.labels.tolist())
    assert lost(part, part) == lost(None, None) == ()
