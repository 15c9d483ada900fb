from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.random import dropout_mask, keep_limit, philox

WORD = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # kat_vectors of Random123 1.14, philox 4x32 10
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_the_authors_known_answers_come_out(counter, key, words):
    parts = tuple(int(word, 16) for word in counter.split())
    low, high = (int(word, 16) for word in key.split())
    assert [f"{int(word):08x}" for word in philox(parts, high << 32 | low)] == words.split()


@given(st.lists(WORD, min_size=1, max_size=5), WORD, st.integers(0, 2**64 - 1))
def test_a_word_depends_on_its_own_counter_alone(firsts, second, key):
    together = philox((np.array(firsts), second, 1, 2), key)
    for place, first in enumerate(firsts):
        assert [int(words[place]) for words in together] == [int(word) for word in philox((first, second, 1, 2), key)]


def test_counters_wrap_at_32_bits():
    assert philox((0, 1, 2**32 + 5, 3), 9) == philox((0, 1, 5, 3), 9)


@given(st.floats(0, 1, exclude_max=True), WORD)
def test_the_limit_is_the_exact_comparison(probability, word):
    assert (word < keep_limit(probability)) == (Fraction(word, 2**32) < Fraction(1.0 - probability))


@given(st.integers(1, 4), st.integers(1, 9), st.integers(0, 2**64 - 1), st.integers(0, 50), st.integers(0, 5))
def test_a_mask_follows_from_the_place_of_each_element(images, elements, seed, step, stream):
    mask = dropout_mask(images, elements, 0.4, seed=seed, step=step, stream=stream)
    for n in range(images):
        for e in range(elements):
            word = philox((e // 4, n, step, stream), seed)[e % 4]
            assert mask[n, e] == (int(word) < keep_limit(0.4))


def test_about_as_many_elements_are_kept_as_asked():
    assert dropout_mask(100, 1000, 0.3, seed=1, step=0, stream=0).mean() == pytest.approx(0.7, abs=0.01)
    assert dropout_mask(2, 10, 0.0, seed=1, step=0, stream=0).all()
