"""Synchronisation of threads: atomic words, a barrier, and a wait that spins, then yields, then sleeps."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from netspec.kernels.cpu.language.jit import routine

INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
SPINS = 300
"""rounds of spinning where every thread has a core; about the time of a short launch"""
YIELDS = 1000
"""rounds of yielding the core before sleeping"""
NAP_MICROSECONDS = 50
"""duration of a sleep where the system has no futex"""
SLEEPERS = 1
"""offset, from a word that is waited for, of the number of threads asleep"""
FUTEX_CALLS = {"x86_64": 202, "aarch64": 98}
"""number of Linux's futex system call, by processor family"""
FUTEX_WAIT, FUTEX_WAKE = 128, 129
"""both private to one process"""
EVERYBODY = 1 << 30


def _word(builder, arguments):
    return builder.gep(arguments[0], [arguments[1]], inbounds=True)


@intrinsic
def atomic_load(_typing, words, index):
    """words[index], with acquire ordering: writes before its store are visible."""

    def codegen(_context, builder, _signature, arguments):
        return builder.load_atomic(_word(builder, arguments), "acquire", 8)

    return types.int64(words, types.intp), codegen


@intrinsic
def atomic_store(_typing, words, index, value):
    """words[index] = value, sequentially consistent: earlier writes are visible first."""

    def codegen(context, builder, _signature, arguments):
        builder.store_atomic(arguments[2], _word(builder, arguments), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), codegen


@intrinsic
def atomic_add(_typing, words, index, value):
    """words[index] += value; returns the old value."""

    def codegen(_context, builder, _signature, arguments):
        return builder.atomic_rmw("add", _word(builder, arguments), arguments[2], "seq_cst")

    return types.int64(words, types.intp, types.int64), codegen


@intrinsic
def pause(_typing):
    """The core's hint for a spinning loop."""

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
    """Yields the core to another thread."""

    def codegen(context, builder, _signature, _arguments):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, []), "sched_yield")
        builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), codegen


def _futex_call(triple):
    """The number of the futex system call; None where the system has none."""
    family = triple.split("-")[0]
    return FUTEX_CALLS.get(family) if "linux" in triple else None


def _futex(builder, words_and_index, operation, value):
    """Calls futex on the low half of a word, which is first in memory on these little-endian processors."""
    call = _futex_call(builder.module.triple)
    address = builder.ptrtoint(_word(builder, words_and_index), INT64)
    function_type = ir.FunctionType(INT64, [INT64] * 7)
    function = cgutils.get_or_insert_function(builder.module, function_type, "syscall")
    number, what, nothing = (ir.Constant(INT64, k) for k in (call, operation, 0))
    builder.call(function, [number, address, what, value, nothing, nothing, nothing])


@intrinsic
def sleep_while(_typing, words, index, value):
    """Sleeps until woken if words[index] is still `value`; may return early."""

    def codegen(context, builder, _signature, arguments):
        if _futex_call(builder.module.triple) is not None:
            low_half = builder.and_(arguments[2], ir.Constant(INT64, 0xFFFFFFFF))
            _futex(builder, arguments, FUTEX_WAIT, low_half)
        else:
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, [INT32]), "usleep")
            builder.call(function, [ir.Constant(INT32, NAP_MICROSECONDS)])
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), codegen


@intrinsic
def wake_all(_typing, words, index):
    """Wakes all threads that sleep on words[index]."""

    def codegen(context, builder, _signature, arguments):
        if _futex_call(builder.module.triple) is not None:
            _futex(builder, arguments, FUTEX_WAKE, ir.Constant(INT64, EVERYBODY))
        return context.get_dummy_value()

    return types.void(words, types.intp), codegen


@routine
def advance(words, index):
    """Adds one to words[index] and wakes the threads that sleep on it."""
    atomic_add(words, index, 1)
    if atomic_add(words, index + SLEEPERS, 0) > 0:
        wake_all(words, index)


@routine
def wait_for_change(words, index, known, spins):
    """Waits until words[index] differs from `known`, and returns it."""
    rounds = 0
    found = atomic_load(words, index)
    while found == known:
        rounds += 1
        if rounds <= spins:
            pause()
        elif rounds <= spins + YIELDS:
            yield_core()
        else:
            atomic_add(words, index + SLEEPERS, 1)
            sleep_while(words, index, known)
            atomic_add(words, index + SLEEPERS, -1)
        found = atomic_load(words, index)
    return found


@routine
def barrier(words, arrived, generation, threads, spins):
    """A barrier of `threads` threads. `arrived` and `generation` are in cache lines of their own; the word after
    `generation` is the number of threads asleep."""
    if threads == 1:
        return
    before = atomic_load(words, generation)
    if atomic_add(words, arrived, 1) == threads - 1:
        atomic_store(words, arrived, 0)
        advance(words, generation)
    else:
        wait_for_change(words, generation, before, spins)
