"""Which word was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.check.suggest import distance, suggestions
from netspec.check.vocabulary import synonyms
from netspec.check.vocabulary.tables import AUGMENT, LAYERS, TOP_LEVEL, TRAIN

WORDS = st.text("abcde", max_size=8)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("konv", ("conv",)),
        ("Conv", ("conv",)),
        ("cnov", ("conv",)),
        ("linear", ("dense",)),
        ("linaer", ("dense",)),
        ("maxpool", ("pool max",)),
        ("MaxPool2d", ("pool max",)),
        ("bn", ("batchnorm",)),
        ("batchnormal", ("batchnorm",)),
        ("xyzzy", ()),
        ("q" * 100_000, ()),
    ],
)
def test_a_mistyped_or_foreign_layer_is_recognised(word: str, meant: tuple[str, ...]) -> None:
    assert suggestions(word, LAYERS, synonyms.LAYERS) == meant


@given(WORDS, WORDS)
def test_distance_is_symmetric_and_bounded_by_the_longer_word(one: str, other: str) -> None:
    far = distance(one, other)
    assert far == distance(other, one)
    assert abs(len(one) - len(other)) <= far <= max(len(one), len(other))
    assert (far == 0) == (one == other)


def test_swapped_neighbours_are_one_step() -> None:
    assert distance("ab", "ba") == 1


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (synonyms.LAYERS, set(LAYERS)),
        (synonyms.LINES, {*TRAIN, *AUGMENT}),
        (synonyms.TOP_LEVEL, set(TOP_LEVEL)),
    ],
)
def test_every_synonym_stands_for_a_word_of_the_language_and_is_none(table: dict[str, str], known: set[str]) -> None:
    assert {meaning.split()[0] for meaning in table.values()} <= known
    assert not set(table) & known
