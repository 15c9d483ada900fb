"""Functions of libdevice beside NumPy's in float64."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, int32, int64, uint32, uint64
from numba.cuda import libdevice, types

from tests.cuda_native.run import compile_kernel

INTEGERS, LONGS = types.CPointer(types.int32), types.CPointer(types.int64)
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


def converted(out, y, wide, x, i):
    out[0] = libdevice.float2int_rn(x[0])
    out[1] = libdevice.float2int_rz(x[0])
    out[2] = libdevice.float2int_rd(x[0])
    out[3] = libdevice.float2int_ru(x[0])
    out[4] = libdevice.float2uint_rn(-x[0])
    out[5] = libdevice.mulhi(i[0], i[1])
    out[6] = int32(libdevice.umulhi(uint32(i[0]), uint32(i[1])))
    wide[0] = libdevice.mul64hi(int64(i[0]) << 32, int64(i[1]) << 32)
    wide[1] = int64(libdevice.umul64hi(uint64(i[1]) << uint64(32), uint64(i[1]) << uint64(32)))
    y[0] = libdevice.int2float_rn(i[0])
    y[1] = libdevice.uint2float_rn(uint32(i[0]))
    y[2] = libdevice.fsub_rn(x[0], float32(0.25))
    y[3] = libdevice.rsqrtf(float32(16))


def test_conversions_round_as_their_names_say() -> None:
    i, x = np.array([-7 << 20, 5 << 20], np.int32), np.array([-2.5], np.float32)
    out, y, wide = np.zeros(7, np.int32), np.zeros(4, np.float32), np.zeros(2, np.int64)
    signature = types.void(INTEGERS, FLOATS, LONGS, FLOATS, INTEGERS)
    compile_kernel(converted, signature).launch(1, 1, out, y, wide, x, i)
    first, second = int(i[0]), int(i[1])
    assert out.tolist()[:5] == [-2, -2, -3, -2, 2]
    assert out.tolist()[5:] == [first * second >> 32, (first + 2**32) * second >> 32]
    assert wide.tolist() == [first * second, second * second]
    assert y.tolist() == [first, first + 2**32, -2.75, 0.25]
