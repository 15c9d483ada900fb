import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.random import philox as philox_exactly
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import lane_numbers, splat_integer, store_integers
from tests.kernels.cpu.vectors import LANES, run_by_hand


@kernel
def draw_words(tile, arena, d, state, begin, end, thread):
    """The four words of the counters (d[0], lane, d[1], d[2]) under the key d[3]."""
    step = lanes(tile)
    place, time, stream = splat_integer(tile, d[0]), splat_integer(tile, d[1]), splat_integer(tile, d[2])
    words = philox(place, lane_numbers(tile), time, stream, d[3])
    store_integers(arena, 0, words[0])
    store_integers(arena, step, words[1])
    store_integers(arena, 2 * step, words[2])
    store_integers(arena, 3 * step, words[3])


words32 = st.integers(0, 2**32 - 1)


@given(st.sampled_from(LANES), words32, words32, words32, st.integers(-(2**63), 2**63 - 1))
def test_random_words_are_the_oracles_bits(vector_lanes: int, place: int, step: int, stream: int, seed: int) -> None:
    arena = np.zeros(4 * vector_lanes, np.float32)
    run_by_hand(draw_words, arena, (place, step, stream, seed), vector_lanes)
    wanted = philox_exactly((place, np.arange(vector_lanes), step, stream), seed % 2**64)
    np.testing.assert_array_equal(arena.view(np.uint32), np.concatenate(wanted))
