"""Functions of libdevice beside NumPy's in float64."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import cuda
from numba.cuda import types

from tests.cuda_native.run import compile_kernel

FLOATS = types.CPointer(types.float32)
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp, "log": np.log, "tanh": np.tanh, "sqrt": np.sqrt, "expm1": np.expm1, "log1p": np.log1p,
    "erf": np.vectorize(math.erf), "sin": np.sin, "cos": np.cos, "floor": np.floor, "ceil": np.ceil, "fabs": np.abs,
}  # fmt: skip


def kernel(y, x, n):
    i = cuda.grid(1)
    if i < n:
        y[i] = math.exp(x[i])
        y[n + i] = math.log(abs(x[i]))
        y[2 * n + i] = math.tanh(x[i])
        y[3 * n + i] = math.sqrt(abs(x[i]))
        y[4 * n + i] = math.expm1(x[i])
        y[5 * n + i] = math.log1p(x[i])
        y[6 * n + i] = math.erf(x[i])
        y[7 * n + i] = math.sin(x[i])
        y[8 * n + i] = math.cos(x[i])
        y[9 * n + i] = math.floor(x[i])
        y[10 * n + i] = math.ceil(x[i])
        y[11 * n + i] = math.fabs(x[i])


X = np.linspace(-0.99, 20, 4001, dtype=np.float32)


@pytest.fixture(scope="module")
def results() -> Any:
    """The results of all functions, a row for each."""
    y = np.full((len(FUNCTIONS), X.size), np.nan, np.float32)
    compile_kernel(kernel, types.void(FLOATS, FLOATS, types.int32)).launch(-(-X.size // 128), 128, y, X, X.size)
    return y


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_libdevice_is_within_two_ulp(name: str, results: Any) -> None:
    x = np.abs(X) if name in ("log", "sqrt") else X
    exact = FUNCTIONS[name](x.astype(np.float64))
    ulp = np.spacing(np.maximum(np.abs(exact), 1e-30).astype(np.float32))
    assert np.max(np.abs(results[list(FUNCTIONS).index(name)] - exact) / ulp) < 2
