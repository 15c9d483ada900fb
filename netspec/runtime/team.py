"""Threads that meet: atomic words, a pause, and a barrier that spins a little, then yields, then sleeps."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from netspec.kernels.cpu.jit import routine

INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
SPINS = 300
"""rounds of spinning: about as long as a short launch takes"""
YIELDS = 2000
"""rounds of giving the core away before sleeping"""
NAP_MICROSECONDS = 50


def _word(builder, arguments):
    return builder.gep(arguments[0], [arguments[1]], inbounds=True)


@intrinsic
def atomic_load(_typing, words, index):
    """words[index], seen together with all that was written before it was stored."""

    def codegen(_context, builder, _signature, arguments):
        return builder.load_atomic(_word(builder, arguments), "acquire", 8)

    return types.int64(words, types.intp), codegen


@intrinsic
def atomic_store(_typing, words, index, value):
    """words[index] = value, after all that was written before."""

    def codegen(context, builder, _signature, arguments):
        builder.store_atomic(arguments[2], _word(builder, arguments), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), codegen


@intrinsic
def atomic_add(_typing, words, index, value):
    """words[index] += value; gives what was there before."""

    def codegen(_context, builder, _signature, arguments):
        return builder.atomic_rmw("add", _word(builder, arguments), arguments[2], "seq_cst")

    return types.int64(words, types.intp, types.int64), codegen


@intrinsic
def pause(_typing):
    """Tells the core that this loop waits."""

    def codegen(context, builder, _signature, _arguments):
        triple = builder.module.triple
        if triple.startswith(("x86_64", "i686", "amd64")):
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, nothing, "llvm.x86.sse2.pause"), [])
        elif triple.startswith(("aarch64", "arm64")):
            hint = ir.FunctionType(ir.VoidType(), [INT32])
            function = cgutils.get_or_insert_function(builder.module, hint, "llvm.aarch64.hint")
            builder.call(function, [ir.Constant(INT32, 1)])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def yield_core(_typing):
    """Lets another thread run."""

    def codegen(context, builder, _signature, _arguments):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, []), "sched_yield")
        builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def nap(_typing):
    """Sleeps for NAP_MICROSECONDS."""

    def codegen(context, builder, _signature, _arguments):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, [INT32]), "usleep")
        builder.call(function, [ir.Constant(INT32, NAP_MICROSECONDS)])
        return context.get_dummy_value()

    return types.void(), codegen


@routine
def wait_for_team(words, arrived, generation, abort, threads):
    """A barrier of `threads` over the words numbered `arrived`, `generation` and `abort`, each in a cache line of
    its own. False when the abort word was set: then nobody waits any longer."""
    if threads == 1:
        return True
    before = atomic_load(words, generation)
    if atomic_add(words, arrived, 1) == threads - 1:
        atomic_store(words, arrived, 0)
        atomic_add(words, generation, 1)
        return atomic_load(words, abort) == 0
    rounds = 0
    while atomic_load(words, generation) == before:
        if atomic_load(words, abort) != 0:
            return False
        rounds += 1
        if rounds < SPINS:
            pause()
        elif rounds < YIELDS:
            yield_core()
        else:
            nap()
    return atomic_load(words, abort) == 0
