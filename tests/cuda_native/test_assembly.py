"""Inline PTX: vector accesses, asynchronous copies, tensor cores, and what is refused."""

from typing import Any

import numpy as np
import pytest
from llvmlite import ir
from numba import cuda, float32, uint16
from numba.cuda import types
from numba.cuda.extending import intrinsic

from tests.cuda_native.run import KernelError, Order, compile_kernel

FLOATS, HALVES = types.CPointer(types.float32), types.CPointer(types.uint16)
WORDS = types.CPointer(types.uint32)
REAL, WORD, WIDE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
ORDERS: tuple[Order, ...] = ("forward", "reverse", 3)


def instruction(builder: Any, result: Any, operands: Any, text: str, constraints: str) -> Any:
    kind = ir.FunctionType(result, [operand.type for operand in operands])
    return builder.call(ir.InlineAsm(kind, text, constraints, side_effect=True), operands)


def vector_function(text: str, constraints: str, results: int) -> Any:
    """A function of a pointer and further float32 operands."""

    def declared(_typing: Any, place: Any, *_more: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, operands: Any) -> Any:
            kind = ir.LiteralStructType([REAL] * results) if results else ir.VoidType()
            found = instruction(builder, kind, operands, text, constraints)
            if not results:
                return context.get_dummy_value()
            members = [builder.extract_value(found, k) for k in range(results)]
            return context.make_tuple(builder, types.UniTuple(types.float32, results), members)

        kind = types.UniTuple(types.float32, results) if results else types.void
        return kind(place, *_more), codegen

    return declared


@intrinsic
def load4(typing, place):
    return vector_function("ld.global.v4.f32 {$0,$1,$2,$3}, [$4];", "=f,=f,=f,=f,l", 4)(typing, place)


@intrinsic
def store4(typing, place, a, b, c, d):
    return vector_function("st.global.v4.f32 [$0], {$1,$2,$3,$4};", "l,f,f,f,f", 0)(typing, place, a, b, c, d)


@intrinsic
def at(_typing, place, index):
    """The address of place[index]."""

    def codegen(_context, builder, _signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return place(place, types.int32), codegen


@intrinsic
def plain_load4(_typing, place):
    """A vector load of LLVM, aligned to 16 bytes; the sum of its elements."""

    def codegen(_context, builder, _signature, arguments):
        vector = builder.load(builder.bitcast(arguments[0], ir.VectorType(REAL, 4).as_pointer()), align=16)
        elements = [builder.extract_element(vector, WORD(k)) for k in range(4)]
        total = elements[0]
        for element in elements[1:]:
            total = builder.fadd(total, element)
        return total

    return types.float32(place), codegen


def vectors(out, x, first):
    t = cuda.grid(1)
    a, b, c, d = load4(at(x, first + 4 * t))
    store4(at(out, 4 * t), d, c, b, a)


def vector_sums(out, x, first):
    t = cuda.grid(1)
    out[t] = plain_load4(at(x, first + 4 * t))


VECTORS = types.void(FLOATS, FLOATS, types.int32)


def aligned(count: int) -> Any:
    """float32 numbers 0, 1, … at an address that is a multiple of 16."""
    memory = np.zeros(count + 4, np.float32)
    first = -memory.ctypes.data // 4 % 4
    memory[first : first + count] = np.arange(count)
    return memory[first : first + count]


@pytest.mark.parametrize("watched", [False, True])
def test_vector_loads_and_stores_move_four_numbers(watched: bool) -> None:
    x, out, sums = aligned(64), aligned(64), aligned(16)
    compile_kernel(vectors, VECTORS, watched=watched).launch(1, 16, out, x, 0)
    compile_kernel(vector_sums, VECTORS, watched=watched).launch(1, 16, sums, x, 0)
    assert (out.reshape(16, 4) == x.reshape(16, 4)[:, ::-1]).all()
    assert (sums == x.reshape(16, 4).sum(axis=1)).all()


@pytest.mark.parametrize(("kernel", "argument"), [(vectors, 1), (vectors, 0), (vector_sums, 1)])
def test_a_misaligned_vector_is_found(kernel: Any, argument: int) -> None:
    x, out = aligned(68), aligned(68)
    arrays = (out, x[1:]) if argument else (out[1:], x)
    compile_kernel(kernel, VECTORS).launch(1, 16, *arrays, 0)  # a processor takes it all the same
    with pytest.raises(
        KernelError, match=rf"16 faulty accesses; argument {argument} \+ 0x0 misaligned: thread 0 of block 0"
    ):
        compile_kernel(kernel, VECTORS, watched=True).launch(1, 16, *arrays, 0)


def test_a_vector_across_the_end_of_its_array_is_found() -> None:
    x, out = aligned(64), aligned(64)
    with pytest.raises(KernelError, match=r"1 faulty accesses; argument 1 \+ 0xf0 outside .* thread 15 of block 0"):
        compile_kernel(vectors, VECTORS, watched=True).launch(1, 16, out, x[:62], 0)


@intrinsic
def shared_address(_typing, array, index):
    """The 32-bit address of array[index] in shared memory."""

    def codegen(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.addrspacecast(data, ir.PointerType(data.type.pointee, 3))
        return builder.ptrtoint(builder.gep(place, [arguments[1]]), WORD)

    return types.uint32(array, types.int32), codegen


@intrinsic
def copy16(_typing, target, place, size):
    """Copies `size` bytes asynchronously to shared memory, and zeros up to 16."""

    def codegen(context, builder, _signature, arguments):
        text = "cp.async.cg.shared.global [$0], [$1], 16, $2;"
        instruction(builder, ir.VoidType(), arguments, text, "r,l,r,~{memory}")
        return context.get_dummy_value()

    return types.void(target, place, size), codegen


def group_function(text: str) -> Any:
    def declared(_typing: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
            instruction(builder, ir.VoidType(), [], text, "~{memory}")
            return context.get_dummy_value()

        return types.void(), codegen

    return declared


@intrinsic
def commit(typing):
    return group_function("cp.async.commit_group;")(typing)


@intrinsic
def wait_for_one(typing):
    return group_function("cp.async.wait_group 1;")(typing)


@intrinsic
def wait_for_two(typing):
    return group_function("cp.async.wait_group 2;")(typing)


@intrinsic
def wait_for_all(typing):
    return group_function("cp.async.wait_all;")(typing)


def pipeline(out, x, n):
    """Each block of 128 numbers comes by way of shared memory, one stage ahead."""
    s, t = cuda.shared.array((3, 128), float32), cuda.threadIdx.x
    for stage in range(2):
        copy16(shared_address(s, 128 * stage + 4 * t), at(x, 128 * stage + 4 * t), 16)
        commit()
    for block in range(n):
        wait_for_one()
        cuda.syncthreads()
        if block + 2 < n:
            ahead = (block + 2) % 3
            copy16(shared_address(s, 128 * ahead + 4 * t), at(x, 128 * (block + 2) + 4 * t), 16)
        commit()
        for k in range(4):
            out[128 * block + 32 * k + t] = s[block % 3, 32 * k + (t ^ 1)]


def pipeline_with_wrong_count(out, x, n):
    s, t = cuda.shared.array((3, 128), float32), cuda.threadIdx.x
    for stage in range(2):
        copy16(shared_address(s, 128 * stage + 4 * t), at(x, 128 * stage + 4 * t), 16)
        commit()
    for block in range(n):
        wait_for_two()
        cuda.syncthreads()
        if block + 2 < n:
            ahead = (block + 2) % 3
            copy16(shared_address(s, 128 * ahead + 4 * t), at(x, 128 * (block + 2) + 4 * t), 16)
        commit()
        for k in range(4):
            out[128 * block + 32 * k + t] = s[block % 3, 32 * k + (t ^ 1)]


def pipeline_without_barrier(out, x, n):
    s, t = cuda.shared.array((3, 128), float32), cuda.threadIdx.x
    for stage in range(2):
        copy16(shared_address(s, 128 * stage + 4 * t), at(x, 128 * stage + 4 * t), 16)
        commit()
    for block in range(n):
        wait_for_one()
        if block + 2 < n:
            ahead = (block + 2) % 3
            copy16(shared_address(s, 128 * ahead + 4 * t), at(x, 128 * (block + 2) + 4 * t), 16)
        commit()
        for k in range(4):
            out[128 * block + 32 * k + t] = s[block % 3, 32 * k + (t ^ 1)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("watched", [False, True])
def test_asynchronous_copies_have_come_when_they_are_waited_for(order: Order, watched: bool) -> None:
    x, out = aligned(6 * 128), aligned(6 * 128)
    compile_kernel(pipeline, VECTORS, watched=watched).launch(1, 32, out, x, 6, order=order)
    assert (out == x[np.arange(x.size) ^ 1]).all()


def test_a_wait_for_too_few_groups_reads_nan() -> None:
    x, out = aligned(6 * 128), aligned(6 * 128)
    compile_kernel(pipeline_with_wrong_count, VECTORS).launch(1, 32, out, x, 6)
    assert np.isnan(out).any()


def test_watching_finds_a_copy_that_others_read_without_a_barrier() -> None:
    x, out = aligned(6 * 128), aligned(6 * 128)
    with pytest.raises(KernelError, match=r"shared \+ 0x\w+ read by one thread and written by another"):
        compile_kernel(pipeline_without_barrier, VECTORS, watched=True).launch(1, 32, out, x, 6)


def copy_of_some(out, x, size):
    s, t = cuda.shared.array(128, float32), cuda.threadIdx.x
    copy16(shared_address(s, 4 * t), at(x, 4 * t), size)
    wait_for_all()
    for k in range(4):
        out[4 * t + k] = s[4 * t + k]


def test_a_copy_of_fewer_bytes_ends_in_zeros() -> None:
    x, out = aligned(128) + 1, aligned(128)
    compile_kernel(copy_of_some, VECTORS, watched=True).launch(1, 32, out, x, 8)
    assert (out.reshape(32, 4) == np.where(np.arange(4) < 2, x.reshape(32, 4), 0)).all()


def test_a_copy_from_outside_is_found() -> None:
    x, out = aligned(128), aligned(128)
    with pytest.raises(KernelError, match=r"1 faulty accesses; argument 1 \+ 0x1f0 outside of all ranges: thread 31"):
        compile_kernel(copy_of_some, VECTORS, watched=True).launch(1, 32, out, x[:127], 16)


@intrinsic
def multiply_tiles(_typing, a, b, c):
    """mma.sync of a 16x8 and an 8x8 tile in tf32, this lane's part of each."""

    def codegen(context, builder, _signature, arguments):
        counts = (4, 2, 4)
        operands = [builder.extract_value(each, k) for each, n in zip(arguments, counts, strict=True) for k in range(n)]
        registers = "{$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$10,$11,$12,$13}"
        text = f"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {registers};"
        kind = ir.LiteralStructType([REAL] * 4)
        found = instruction(builder, kind, operands, text, "=f,=f,=f,=f,r,r,r,r,r,r,f,f,f,f")
        members = [builder.extract_value(found, k) for k in range(4)]
        return context.make_tuple(builder, types.UniTuple(types.float32, 4), members)

    return types.UniTuple(types.float32, 4)(a, b, c), codegen


def tile_product(c, a, b):
    lane = cuda.threadIdx.x
    group, within = lane // 4, lane % 4
    left = (
        a[group * 8 + within],
        a[(group + 8) * 8 + within],
        a[group * 8 + within + 4],
        a[(group + 8) * 8 + within + 4],
    )
    right = (b[within * 8 + group], b[(within + 4) * 8 + group])
    zero = float32(0)
    total = multiply_tiles(left, right, (zero, zero, zero, zero))
    c[group * 8 + 2 * within] = total[0]
    c[group * 8 + 2 * within + 1] = total[1]
    c[(group + 8) * 8 + 2 * within] = total[2]
    c[(group + 8) * 8 + 2 * within + 1] = total[3]


@pytest.mark.parametrize("order", ORDERS)
def test_a_warp_multiplies_tiles(order: Order) -> None:
    generator = np.random.default_rng(0)
    a, b = (generator.integers(-8, 9, shape).astype(np.float32) for shape in ((16, 8), (8, 8)))
    c = np.full((16, 8), np.nan, np.float32)
    compile_kernel(tile_product, types.void(FLOATS, WORDS, WORDS)).launch(1, 32, c, a, b, order=order)
    assert (c == a @ b).all()


@intrinsic
def matrices(_typing, address):
    def codegen(context, builder, _signature, arguments):
        text = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {$0,$1,$2,$3}, [$4];"
        found = instruction(builder, ir.LiteralStructType([WORD] * 4), arguments, text, "=r,=r,=r,=r,r,~{memory}")
        members = [builder.extract_value(found, k) for k in range(4)]
        return context.make_tuple(builder, types.UniTuple(types.uint32, 4), members)

    return types.UniTuple(types.uint32, 4)(address), codegen


def fragments(out, x):
    s, lane = cuda.shared.array((32, 8), uint16), cuda.threadIdx.x
    for k in range(8):
        s[lane, k] = x[8 * lane + k]
    cuda.syncwarp()
    four = matrices(shared_address(s, 8 * lane))
    for m in range(4):
        out[32 * m + lane] = four[m]


def test_ldmatrix_spreads_rows_over_the_lanes() -> None:
    x, out = np.arange(256, dtype=np.uint16), np.zeros((4, 8, 4), np.uint32)
    compile_kernel(fragments, types.void(WORDS, HALVES), watched=True).launch(1, 32, out, x)
    pairs = x.reshape(4, 8, 4, 2).astype(np.uint32)
    assert (out == pairs[..., 0] | pairs[..., 1] << 16).all()


@intrinsic
def unknown(_typing, x):
    def codegen(_context, builder, _signature, arguments):
        return instruction(builder, WORD, arguments, "brev.b32 $0, $1;", "=r,r")

    return types.uint32(x), codegen


def reversed_bits(out, x):
    out[0] = unknown(x[0])


def test_unknown_ptx_is_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match=r"inline PTX `brev\.b32 \$0, \$1;`"):
        compile_kernel(reversed_bits, types.void(WORDS, WORDS))
