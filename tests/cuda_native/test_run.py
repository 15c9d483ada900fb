"""Arguments of kernels, shared memory of a launch, and device functions."""

from typing import NamedTuple

import numpy as np
import pytest
from llvmlite import ir
from numba import cuda, float32, int32
from numba.cuda import types
from numba.cuda.extending import intrinsic

from netspec.kernels.cuda.language.jit import routine
from tests.cuda_native.run import KernelError, compile_kernel

FLOATS, INTEGERS = types.CPointer(types.float32), types.CPointer(types.int32)
LONGS, BYTES = types.CPointer(types.int64), types.CPointer(types.uint8)


class Sizes(NamedTuple):
    rows: int
    columns: int


class Mixed(NamedTuple):
    rows: int
    rate: float


def with_sizes(out, sizes, fixed, mixed):
    i = cuda.grid(1)
    if i < sizes.rows * fixed.columns:
        out[i] = float32(sizes.columns * 100 + fixed.rows) + mixed.rate * float32(mixed.rows)


def test_tuples_are_given_member_by_member() -> None:
    signature = types.void(
        FLOATS,
        types.NamedUniTuple(types.int32, 2, Sizes),
        types.NamedTuple([types.literal(3), types.literal(5)], Sizes),
        types.NamedTuple([types.int32, types.float32], Mixed),
    )
    out = np.zeros(32, np.float32)
    compile_kernel(with_sizes, signature).launch(2, 16, out, Sizes(4, 7), Sizes(-1, -1), Mixed(2, 0.25))
    assert (out[:20] == 703.5).all()
    assert (out[20:] == 0).all()


def numbers(out, whole, wide, real, double, flag):
    out[0] = float32(whole)
    out[1] = float32(wide >> 40)
    out[2] = real
    out[3] = float32(double)
    out[4] = float32(flag)


def test_numbers_keep_their_types() -> None:
    out = np.zeros(5, np.float32)
    signature = types.void(FLOATS, types.int32, types.int64, types.float32, types.float64, types.uint8)
    compile_kernel(numbers, signature).launch(1, 1, out, -7, 5 << 40, 0.1, 0.1, 255)
    assert out.tolist() == [-7, 5, np.float32(0.1), np.float32(0.1), 255]


@intrinsic
def floats_at(_typing, address):
    def codegen(_context, builder, _signature, arguments):
        return builder.inttoptr(arguments[0], ir.FloatType().as_pointer())

    return FLOATS(types.int64), codegen


def by_state(state, pixels, n):
    """The state of a device: addresses of images and outputs, and a counter."""
    i = cuda.grid(1)
    if i < n:
        floats_at(state[0])[i] = float32(pixels[i]) + floats_at(state[1])[i]
    if i == 0:
        state[2] += 1


@pytest.mark.parametrize("watched", [False, True])
def test_pointers_are_made_from_addresses_in_memory(watched: bool) -> None:
    arena = np.zeros(128, np.float32)
    arena[64:80] = 0.5
    pixels, first = np.arange(16, dtype=np.uint8), arena.ctypes.data
    state = np.array([first, first + 256, 6], np.int64)
    kernel = compile_kernel(by_state, types.void(LONGS, BYTES, types.int32), watched=watched)
    ranges = ((first, 64, "y"), (first + 256, 64, "x"))
    kernel.launch(1, 32, state.ctypes.data, pixels, 16, ranges=(*ranges, (state.ctypes.data, state.nbytes, "state")))
    assert (arena[:16] == np.arange(16) + 0.5).all()
    assert state[2] == 7
    if watched:
        with pytest.raises(KernelError, match=r"16 faulty accesses; y \+ 0x100 outside of all ranges"):
            kernel.launch(1, 32, state, pixels, 16, ranges=ranges[:1])


def transposed(out, x):
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        out[j, i] = x[i, j]


def test_arrays_have_shapes_and_strides() -> None:
    x, out = np.arange(35, dtype=np.float32).reshape(5, 7), np.zeros((7, 5), np.float32)
    signature = types.void(types.float32[:, ::1], types.float32[:, ::1])
    compile_kernel(transposed, signature).launch((1, 1), (8, 8), out, x)
    assert (out == x.T).all()


@routine
def rotated(value, by):
    """The value of another thread of the block, by way of 256 bytes of shared memory."""
    s, t = cuda.shared.array(64, float32), cuda.threadIdx.x
    cuda.syncthreads()
    s[t] = value
    cuda.syncthreads()
    return s[(t + by) % 64]


def with_shared_memory(out, x, n):
    s = cuda.shared.array(0, float32)
    fixed = cuda.shared.array(4, int32)
    t = cuda.threadIdx.x
    if t < 4:
        fixed[t] = t
    s[t] = x[t]
    v = rotated(x[t], int32(3)) + rotated(x[t], int32(5))
    out[t] = s[n - 1 - t] + float32(fixed[t % 4]) + v


@pytest.mark.parametrize("watched", [False, True])
def test_dynamic_shared_memory_follows_the_static_of_kernel_and_device_functions(watched: bool) -> None:
    x, out, t = np.arange(64, dtype=np.float32), np.zeros(64, np.float32), np.arange(64)
    kernel = compile_kernel(with_shared_memory, types.void(FLOATS, FLOATS, types.int32), watched=watched)
    kernel.launch(1, 64, out, x, 64, shared_bytes=256)
    assert kernel.facts.static_bytes == 128 + 256
    assert (out == x[::-1] + t % 4 + (t + 3) % 64 + (t + 5) % 64).all()
    if watched:
        with pytest.raises(KernelError, match=r"shared \+ 0x27c outside of all ranges"):
            kernel.launch(1, 64, out, x, 64, shared_bytes=252)


def empty():
    pass


def test_a_block_has_at_most_1024_threads() -> None:
    kernel = compile_kernel(empty, types.void())
    kernel.launch(2, (32, 32))
    with pytest.raises(AssertionError):
        kernel.launch(1, (32, 33))
