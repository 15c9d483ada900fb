"""Batch normalisation of one number a channel is told where the size of the minibatch is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.reading_specs import codes_of_check

FLAT, PIXEL, MAP = "dense 6; batchnorm", "conv 6 8x8; batchnorm", "conv 6 3x3; batchnorm"
BODIES = st.sampled_from((FLAT, PIXEL, MAP, "sum { dense 6; batchnorm } { dense 6 }", "pool avg global; batchnorm"))


def codes(body: str, data: str, batch: str) -> list[str]:
    return codes_of_check(f"net n {{ input 1x8x8; {body}; dense 10 }}\n{data}\ntrain {{ {batch} }}")


@given(BODIES, st.integers(1, 3), st.integers(1, 3))
def test_it_is_an_error_just_where_all_minibatches_are_one_image(body: str, batch: int, take: int) -> None:
    wanted = ["E410"] if min(batch, take) == 1 and body != MAP else []
    assert codes(body, f"data digits take={take}", f"batch {batch}") == wanted


@pytest.mark.parametrize("data", ["data shapes count=1 size=8x8", "data digits take=1"])
def test_a_single_image_is_a_single_minibatch_whatever_the_batch(data: str) -> None:
    assert codes(FLAT, data, "batch all") == ["E410"]
    assert codes(FLAT, data, "") == ["E410"]


def test_what_is_not_known_is_not_guessed() -> None:
    assert codes(FLAT, "", "batch all") == []
    assert codes(FLAT, 'data "pictures"', "") == []


def test_a_net_that_is_not_trained_is_not_judged() -> None:
    assert codes_of_check(f"net n {{ input 1x8x8; {FLAT} }}") == []
