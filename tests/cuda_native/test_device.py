"""What threads know of each other: special registers, barriers that count, shuffles, votes."""

import numpy as np
import pytest
from numba import cuda, float32, int32
from numba.cuda import types

from tests.cuda_native.run import KernelError, Order, compile_kernel

FLOATS, INTEGERS = types.CPointer(types.float32), types.CPointer(types.int32)
ORDERS: tuple[Order, ...] = ("forward", "reverse", 5)


def shuffles(out, x):
    t = cuda.threadIdx.x
    v = x[t]
    out[t] = cuda.shfl_up_sync(0xFFFFFFFF, v, 3)
    out[32 + t] = cuda.shfl_down_sync(0xFFFFFFFF, v, 5)
    out[64 + t] = cuda.shfl_sync(0xFFFFFFFF, v, (t * 7) % 32)
    out[96 + t] = cuda.shfl_xor_sync(0xFFFFFFFF, v, 9)
    if t < 16:
        out[128 + t] = cuda.shfl_xor_sync(0xFFFF, v, 1)


@pytest.mark.parametrize("order", ORDERS)
def test_shuffles_read_other_lanes(order: Order) -> None:
    x, out, t = np.arange(32, dtype=np.float32), np.full(144, -1, np.float32), np.arange(32)
    compile_kernel(shuffles, types.void(FLOATS, FLOATS)).launch(1, 32, out, x, order=order)
    sources = (np.where(t >= 3, t - 3, t), np.where(t < 27, t + 5, t), t * 7 % 32, t ^ 9, t[:16] ^ 1)
    assert (out == np.concatenate(sources)).all()


def votes(out, x):
    t = cuda.threadIdx.x
    out[t] = cuda.ballot_sync(0xFFFFFFFF, x[t] > 2)
    out[32 + t] = int32(cuda.any_sync(0xFFFFFFFF, x[t] > 6)) + 2 * int32(cuda.all_sync(0xFFFFFFFF, x[t] >= 0))


@pytest.mark.parametrize("order", ORDERS)
def test_votes_hold_all_lanes(order: Order) -> None:
    x, out = np.random.default_rng(0).integers(0, 6, 32).astype(np.int32), np.zeros(64, np.int32)
    compile_kernel(votes, types.void(INTEGERS, INTEGERS)).launch(1, 32, out, x, order=order)
    ballot = sum(1 << int(lane) for lane in np.nonzero(x > 2)[0])
    assert (out[:32].view(np.uint32) == ballot).all()
    assert (out[32:] == 2).all()


def counts(out, x):
    t, last = cuda.threadIdx.x, int32(0)
    for k in range(3):
        count = cuda.syncthreads_count(int32(x[t] > k))
        every = cuda.syncthreads_and(int32(x[t] > k))
        some = cuda.syncthreads_or(int32(x[t] > k + 2))
        last = last * 1000 + count * 4 + every * 2 + some
    out[t] = last


@pytest.mark.parametrize("order", ORDERS)
def test_a_barrier_counts_predicates(order: Order) -> None:
    x, out = 1 + np.arange(48, dtype=np.int32) % 4, np.zeros(48, np.int32)
    compile_kernel(counts, types.void(INTEGERS, INTEGERS)).launch(1, 48, out, x, order=order)
    words = [4 * (x > k).sum() + 2 * (x > k).all() + (x > k + 2).any() for k in range(3)]
    assert (out == (words[0] * 1000 + words[1]) * 1000 + words[2]).all()


def places(out):
    i, j, k = cuda.grid(3)
    w, h = cuda.gridDim.x * cuda.blockDim.x, cuda.gridDim.y * cuda.blockDim.y
    out[(k * h + j) * w + i] = (cuda.threadIdx.z * 100 + cuda.threadIdx.y * 10 + cuda.threadIdx.x) + 1000 * cuda.laneid


@pytest.mark.parametrize("order", ORDERS)
def test_blocks_and_threads_have_three_dimensions(order: Order) -> None:
    out = np.zeros((4, 6, 8), np.int32)
    compile_kernel(places, types.void(INTEGERS)).launch((2, 2, 2), (4, 3, 2), out, order=order)
    k, j, i = np.indices((4, 6, 8))
    lane = ((k % 2 * 3 + j % 3) * 4 + i % 4) % 32
    assert (out == (k % 2) * 100 + (j % 3) * 10 + i % 4 + 1000 * lane).all()


def atomics(out, x):
    t = cuda.grid(1)
    cuda.atomic.add(out, 0, x[t])
    cuda.atomic.max(out, 1, x[t])
    cuda.atomic.min(out, 2, x[t])
    if cuda.atomic.cas(out, 3, 0, t + 1) == 0:
        out[4] = t + 1


@pytest.mark.parametrize("watched", [False, True])
def test_atomic_operations_of_all_threads_count(watched: bool) -> None:
    x, out = np.random.default_rng(0).integers(-50, 60, 64).astype(np.int32), np.zeros(5, np.int32)
    kernel = compile_kernel(atomics, types.void(types.int32[::1], INTEGERS), watched=watched)
    kernel.launch(2, 32, out, x)
    assert out.tolist() == [x.sum(), x.max(), x.min(), 1, 1]


def float_sum(out, x):
    cuda.atomic.add(out, 0, x[cuda.grid(1)])


def test_atomic_sums_of_floats_are_no_race() -> None:
    x, out = np.arange(64, dtype=np.float32), np.zeros(1, np.float32)
    compile_kernel(float_sum, types.void(types.float32[::1], FLOATS), watched=True).launch(2, 32, out, x)
    assert out[0] == x.sum()


def bits(out, x):
    t = cuda.grid(1)
    out[t] = cuda.popc(x[t]) + 100 * cuda.clz(x[t]) + 10000 * (cuda.ffs(x[t]) & 63)


def test_bits_are_counted() -> None:
    x, out = np.array([1, 7, 256, 1 << 30], np.int32), np.zeros(4, np.int32)
    compile_kernel(bits, types.void(INTEGERS, INTEGERS)).launch(1, 4, out, x)
    assert out.tolist() == [1 + 3100 + 10000, 3 + 2900 + 10000, 1 + 2300 + 90000, 1 + 100 + 310000]


def contracted(out, a, b, c):
    out[cuda.grid(1)] = a[0] * b[0] + c[0]


def test_a_product_and_a_sum_are_rounded_once_as_in_ptx() -> None:
    a, b, c = (np.array([value], np.float32) for value in (1 + 2**-12, 1 - 2**-12, -1))
    out, signature = np.zeros(1, np.float32), types.void(*[FLOATS] * 4)
    compile_kernel(contracted, signature).launch(1, 1, out, a, b, c)
    ptx, _ = cuda.compile(contracted, signature, cc=(9, 0), device=False, abi="numba", output="ptx")
    assert "fma.rn.f32" in ptx
    assert out[0] == np.float32(-(2**-24))


def half_of_a_warp(out, x):
    t = cuda.threadIdx.x
    v = x[t]
    if t % 2 == 0:
        v += cuda.shfl_xor_sync(0xFFFFFFFF, v, 2)
    cuda.syncthreads()
    out[t] = v


def test_lanes_that_a_mask_names_must_come() -> None:
    out, x = np.zeros(64, np.float32), np.zeros(64, np.float32)
    with pytest.raises(KernelError, match="wait for ever"):
        compile_kernel(half_of_a_warp, types.void(FLOATS, FLOATS)).launch(1, 64, out, x)


def matches(out, x):
    out[cuda.threadIdx.x] = cuda.match_any_sync(0xFFFFFFFF, x[cuda.threadIdx.x])


def test_what_is_not_emulated_is_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match=r"`matches` calls nvvm\.match\.any\.sync"):
        compile_kernel(matches, types.void(INTEGERS, INTEGERS))


def shared_tree(out, x):
    s, t = cuda.shared.array(64, float32), cuda.threadIdx.x
    s[t] = x[t]
    step = 32
    while step > 0:
        cuda.syncthreads()
        if t < step:
            s[t] += s[t + step]
        step //= 2
    if t == 0:
        out[0] = s[0]


@pytest.mark.parametrize("order", ORDERS)
def test_a_sum_by_a_tree_has_the_same_bits_in_every_order(order: Order) -> None:
    x, out = np.random.default_rng(1).standard_normal(64).astype(np.float32), np.zeros(1, np.float32)
    compile_kernel(shared_tree, types.void(FLOATS, FLOATS)).launch(1, 64, out, x, order=order)
    total = x
    while len(total) > 1:
        total = total[: len(total) // 2] + total[len(total) // 2 :]
    assert out[0] == total[0]
