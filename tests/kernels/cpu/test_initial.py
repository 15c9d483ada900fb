"""Initial values drawn by a team of threads."""

import numpy as np
import pytest

from tests.kernels.cpu.backend import CPU
from tests.kernels.test_initial import INITIALS, drawn, kept


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_any_number_of_threads_draws_the_same_bits(threads: int) -> None:
    graph = kept([(initial, 40_001) for initial in INITIALS[:4]])
    alone = drawn(CPU, graph, 5)
    for name, array in drawn(CPU, graph, 5, threads=threads).items():
        np.testing.assert_array_equal(array, alone[name])
