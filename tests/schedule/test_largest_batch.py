"""The largest batch that fits is found without a plan for each batch."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.schedule.largest_batch import largest_batch


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_largest_batch_that_fits_is_found(limit: int, over: int) -> None:
    tried: list[int] = []

    def fits(batch: int) -> bool:
        tried.append(batch)
        return batch <= limit

    assert largest_batch(fits, limit + over) == limit
    assert len(tried) <= (limit + over).bit_length() + 1


@given(st.integers(1, 10**6))
def test_no_batch_fits_where_one_image_does_not(beyond: int) -> None:
    assert largest_batch(lambda batch: False, beyond) is None
