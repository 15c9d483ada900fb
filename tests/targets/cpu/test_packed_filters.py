"""Where transformed kernels lie."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.targets.cpu.packed_filters import PAGE, PackedFilters


@given(st.integers(1, 600), st.integers(1, 600), st.integers(1, 16), st.sampled_from((4, 8, 16)))
def test_a_whole_vector_fits_behind_the_last_kernel_of_a_block(outputs: int, inputs: int, rows: int, lanes: int):
    packed = PackedFilters(outputs, inputs, rows, lanes)
    assert (inputs - 1) * rows + lanes <= packed.block
    assert packed.blocks * packed.block <= packed.plane
    assert packed.plane % PAGE
