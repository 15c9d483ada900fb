"""Which accesses of a kernel are watched."""

import numpy as np
import pytest
from numba import cuda, float32, int32
from numba.cuda import types

from tests.cuda_native.run import KernelError, compile_kernel

FLOATS, BYTES = types.CPointer(types.float32), types.CPointer(types.uint8)
SIGNATURE = types.void(FLOATS, FLOATS, types.int32)
TABLE = np.arange(8, dtype=np.float32)


def local_array(out, x, n):
    a, t = cuda.local.array(8, float32), cuda.threadIdx.x
    for k in range(n):
        a[k] = x[t]
    out[t] = a[t % n]


def test_a_local_array_is_of_its_thread_alone() -> None:
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    compile_kernel(local_array, SIGNATURE, watched=True).launch(1, 32, out, x, 8)
    assert (out == x).all()


def test_an_index_outside_of_a_local_array_is_found() -> None:
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    with pytest.raises(KernelError, match="an access outside of a local array"):
        compile_kernel(local_array, SIGNATURE, watched=True).launch(1, 32, out, x, 9)


def large_local_array(out, x, n):
    a, t = cuda.local.array(600, float32), cuda.threadIdx.x
    a[n + t] = x[t]
    cuda.syncthreads()
    out[t] = a[n + t] + a[(n + t + 300) % 600]


def test_a_large_local_array_lives_across_a_barrier() -> None:
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    compile_kernel(large_local_array, SIGNATURE, watched=True).launch(1, 32, out, x, 400)
    assert (out == x).all()


def two_local_arrays(out, x, n):
    """The array is chosen at run time."""
    a, b, t = cuda.local.array(4, float32), cuda.local.array(4, float32), cuda.threadIdx.x
    for k in range(4):
        a[k], b[k] = x[t], -x[t]
    c = a if n > t else b
    out[t] = c[n % 4]


def test_a_choice_of_local_arrays_is_not_watched() -> None:
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    compile_kernel(two_local_arrays, SIGNATURE, watched=True).launch(1, 32, out, x, 9)
    assert (out == np.where(np.arange(32) < 9, x, -x)).all()


def local_or_global(out, x, n):
    """The pointer is to a local array in some threads, to an argument in others."""
    a, t = cuda.local.array(4, float32), cuda.threadIdx.x
    for k in range(4):
        a[k] = x[t]
    total = float32(0)
    for k in range(4):
        total += a[k] if n > t else x[t + 32]
    out[t] = total


def test_a_choice_of_a_local_array_and_an_argument_is_watched() -> None:
    x, out = np.arange(64, dtype=np.float32), np.zeros(32, np.float32)
    kernel = compile_kernel(local_or_global, SIGNATURE, watched=True)
    kernel.launch(1, 32, out, x, 9)
    assert (out == 4 * np.where(np.arange(32) < 9, x[:32], x[32:])).all()
    with pytest.raises(KernelError, match=r"92 faulty accesses; argument 1 \+ 0xa4 outside"):
        kernel.launch(1, 32, out, x[:41], 9)


def constants(out, x, n):
    table, t = cuda.const.array_like(TABLE), cuda.threadIdx.x
    out[t] = table[(t + n) % 8] + x[t]


def test_constants_are_not_watched() -> None:
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    compile_kernel(constants, SIGNATURE, watched=True).launch(1, 32, out, x, 3)
    assert (out == x + TABLE[(np.arange(32) + 3) % 8]).all()


def bytes_to_floats(out, x, n):
    t = cuda.grid(1)
    out[t] = float32(x[t])


def test_bytes_are_watched_to_the_last() -> None:
    x, out = np.arange(64, dtype=np.uint8), np.zeros(64, np.float32)
    kernel = compile_kernel(bytes_to_floats, types.void(FLOATS, BYTES, types.int32), watched=True)
    kernel.launch(1, 63, out[:63], x[:63], 0)
    assert (out[:63] == x[:63]).all()
    with pytest.raises(KernelError, match=r"1 faulty accesses; argument 1 \+ 0x3f outside"):
        kernel.launch(1, 64, out, x[:63], 0)


def atomic_outside(out, x, n):
    cuda.atomic.add(out, n, int32(1))


def test_atomic_operations_are_checked_for_their_address() -> None:
    out = np.zeros(4, np.int32)
    kernel = compile_kernel(atomic_outside, types.void(types.int32[::1], FLOATS, types.int32), watched=True)
    kernel.launch(2, 32, out, 0, 3)
    assert out.tolist() == [0, 0, 0, 64]
    with pytest.raises(KernelError, match=r"64 faulty accesses; argument 0 \+ 0x10 outside"):
        kernel.launch(2, 32, out, 0, 4)


def test_an_access_outside_does_not_happen() -> None:
    memory = np.arange(128, dtype=np.float32)
    kernel = compile_kernel(local_array, SIGNATURE, watched=True)
    with pytest.raises(KernelError, match="outside of all ranges"):
        kernel.launch(1, 64, memory[:32], memory[64:], 8)
    assert (memory == [*range(64, 96), *range(32, 128)]).all()
    with pytest.raises(KernelError, match="outside of all ranges"):
        kernel.launch(1, 1, 8, 16, 8)
