"""Threads that wait, end early, or keep their state while they wait."""

import numpy as np
import pytest
from numba import cuda, float32
from numba.cuda import types

from tests.cuda_native.run import KernelError, compile_kernel

FLOATS = types.CPointer(types.float32)
SIGNATURE = types.void(FLOATS, FLOATS, types.int32)
X = np.arange(64, dtype=np.float32)


def result(kernel, n, block=64):
    out = np.zeros(64, np.float32)
    compile_kernel(kernel, SIGNATURE).launch(1, block, out, X, n)
    return out


def two_barriers_in_a_loop(out, x, n):
    s, t = cuda.shared.array(64, float32), cuda.threadIdx.x
    v = x[t]
    for k in range(n):
        s[t] = v
        cuda.syncthreads()
        v += s[(t + k) % 64]
        cuda.syncthreads()
    out[t] = v


def test_variables_live_across_barriers_of_a_loop() -> None:
    v = X.copy()
    for turn in range(5):
        v = v + v[(np.arange(64) + turn) % 64]
    assert (result(two_barriers_in_a_loop, 5) == v).all()


def large_local(out, x, n):
    a, t = cuda.local.array(600, float32), cuda.threadIdx.x
    for k in range(600):
        a[k] = x[t] + float32(k)
    cuda.syncthreads()
    out[t] = a[(t * n) % 600]


def test_a_thread_may_keep_more_than_a_frame_holds() -> None:
    assert (result(large_local, 77) == X + np.arange(64) * 77 % 600).all()


def early_exit(out, x, n):
    t = cuda.threadIdx.x
    if t >= n:
        return
    cuda.syncthreads()
    out[t] = x[t]


def test_threads_that_end_before_a_barrier_are_found() -> None:
    assert (result(early_exit, 64) == X).all()
    with pytest.raises(KernelError, match="some threads ended before a barrier where others wait"):
        result(early_exit, 50)


def two_barriers(out, x, n):
    t = cuda.threadIdx.x
    if t < n:
        out[t] = x[t]
        cuda.syncthreads()
    else:
        cuda.syncthreads()
        out[t] = x[t]


def test_threads_at_different_barriers_are_found() -> None:
    assert (result(two_barriers, 64) == X).all()
    with pytest.raises(KernelError, match="threads of a block wait at different barriers"):
        result(two_barriers, 32)


def barrier_and_lanes(out, x, n):
    t = cuda.threadIdx.x
    if t < n:
        cuda.syncthreads()
    else:
        cuda.syncwarp()
    out[t] = x[t]
    cuda.syncthreads()


def test_threads_that_wait_for_ever_are_found() -> None:
    with pytest.raises(KernelError, match="threads wait for ever"):
        result(barrier_and_lanes, 40)


def unwritten(out, x, n):
    s, t = cuda.shared.array(64, float32), cuda.threadIdx.x
    if t < n:
        s[t] = x[t]
    out[t] = s[t]


def test_shared_memory_is_nan_when_a_block_begins() -> None:
    compile_kernel(unwritten, SIGNATURE).launch(1, 64, np.zeros(64, np.float32), X, 64)
    assert np.isnan(result(unwritten, 40)[40:]).all()


def order_matters(out, x, n):
    out[0] = x[cuda.grid(1)]


@pytest.mark.parametrize(("order", "last"), [("forward", 63), ("reverse", 0)])
def test_the_order_is_that_of_blocks_and_threads(order, last) -> None:
    out = np.zeros(1, np.float32)
    compile_kernel(order_matters, SIGNATURE).launch(4, 16, out, X, 0, order=order)
    assert out[0] == X[last]


def test_a_seed_gives_an_order_of_its_own() -> None:
    kernel, found = compile_kernel(order_matters, SIGNATURE), set[float]()
    for seed in range(8):
        out = np.zeros(1, np.float32)
        kernel.launch(4, 16, out, X, 0, order=seed)
        again = np.zeros(1, np.float32)
        kernel.launch(4, 16, again, X, 0, order=seed)
        assert again[0] == out[0]
        found.add(float(out[0]))
    assert len(found) > 3
