"""NaN passes through the layers that choose a number, so that a training that diverges is noticed."""

import numpy as np
import pytest

from netspec.ir.operations import AveragePool, Dropout, Maxout, MaxPool, Operation, Softmax, Window
from tests.kernels.backends import Backend
from tests.kernels.draws import unary
from tests.kernels.harness import random_arrays, run_kernel

WINDOW = Window((2, 2), (2, 2))


@pytest.mark.parametrize(
    "operation", [Maxout(2), MaxPool(WINDOW), AveragePool(WINDOW), Softmax(), Dropout(0.0, 0)], ids=lambda op: str(op)
)
@pytest.mark.parametrize("place", [(0, 0, 0), (1, 1, 1), (3, 2, 3)])
def test_a_nan_reaches_the_output(gpu: Backend, operation: Operation, place: tuple[int, int, int]) -> None:
    graph = unary(operation, (4, 4, 4))
    arrays = random_arrays(graph, 3)
    arrays["x"][1, *place] = np.nan
    found = run_kernel(gpu, graph, arrays, images=3)["y"]
    assert np.isnan(found[1]).any()
    assert not np.isnan(found[[0, 2]]).any()
