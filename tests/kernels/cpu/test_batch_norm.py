"""Statistics of a minibatch: the same bits for any division into lane groups and threads."""

import numpy as np
import pytest

from tests.kernels.cpu.backend import CPU
from tests.kernels.harness import random_arrays, run_kernel
from tests.kernels.test_batch_norm import training


def test_groups_and_lanes_do_not_enter_the_statistics() -> None:
    graph = training((2, 3, 3))
    arrays = random_arrays(graph, 21)
    one, other = (run_kernel(CPU, graph, arrays, images=21, batch=batch) for batch in (21, 64))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_the_number_of_threads_changes_no_bit(threads: int) -> None:
    graph = training((7, 9, 9))
    arrays = random_arrays(graph, 37)
    one, other = (run_kernel(CPU, graph, arrays, images=37, threads=number) for number in (1, threads))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
