"""The driver: walks the launch table in native code, minibatch by minibatch, one call for many steps.

It is compiled once for all programs. Every thread of the team runs it; they meet where the table says so. Each thread
keeps its own copy of the state words, computed alike, so nothing but the arena is shared.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import floats_at, words_at
from netspec.kernels.cpu.language.state import COUNT, FIRST, GROUPS, METRICS, METRICS_BYTES, SCALARS, STEP, TOTAL
from netspec.kernels.cpu.language.state import WORDS as STATE_WORDS
from netspec.runtime.cpu.team import advance, atomic_load, meet, wait_for_change

# Words of the control block; those that threads write to are a cache line (8 words) apart.
ROWS = 0
"""address of the launch table"""
ROW_COUNT = 1
ARENA = 2
STATES = 3
"""address of the state words of thread 0; those of the others follow"""
STEPS = 4
BATCH = 5
LANES = 6
THREADS = 7
SPINS = 8
"""rounds of spinning at a meeting"""
STOP = 9
"""1: workers return instead of taking the next job"""
SCALARS_BYTES = 10
"""from the numbers of one step to those of the next"""
JOB = 16
"""counts the jobs given out; behind it the workers asleep"""
ARRIVED = 24
GENERATION = 32
"""counts the meetings; behind it the threads asleep"""
CONTROL_WORDS = 40

# Words of a row of the launch table.
ADDRESS = 0
DESCRIPTOR = 1
UNITS = 2
DIVISION = 3
"""what is divided among the threads: the units there are, those of all live groups, or live groups with their units"""
SHARES = 4
"""address of what each thread takes: from shares[thread] up to shares[thread + 1], in 2**-32 of all there is"""
MEET = 5
"""1: all threads meet behind this row"""
ROW_WORDS = 6
SHARE_BITS = 32
UNITS_ONCE, UNITS_OF_GROUPS, GROUPS_OF_UNITS = range(3)

LEADER = 0
"""the thread that gives the job out and returns when it is done; those above wait for jobs"""
DISMISSAL = -1
"""no thread at all: tells the workers to return"""


@intrinsic
def _launch(_typing, address, arena, d, state, begin, end, thread):
    """Calls the kernel at an address. Numba's convention: where the result (none) goes, where an exception would, the
    arguments; the tile is one without content."""

    def codegen(context, builder, _signature, arguments):
        pointer, word = ir.IntType(8).as_pointer(), ir.IntType(64)
        nothing = ir.Constant(pointer, None)
        result = builder.bitcast(cgutils.alloca_once(builder, pointer), pointer)
        kernel_type = ir.FunctionType(ir.IntType(32), [pointer] * 6 + [word] * 3)
        function = builder.inttoptr(arguments[0], kernel_type.as_pointer())
        memory = [builder.bitcast(argument, pointer) for argument in arguments[1:4]]
        builder.call(function, [result, nothing, nothing, *memory, *arguments[4:]])
        return context.get_dummy_value()

    return types.void(types.int64, arena, d, state, types.int64, types.int64, types.int64), codegen


@routine
def _walk(control, state, thread):
    """One step: this thread's share of every row."""
    table, arena = words_at(control[ROWS]), floats_at(control[ARENA])
    for row in range(0, control[ROW_COUNT] * ROW_WORDS, ROW_WORDS):
        count, size, division = table[row + UNITS], 1, table[row + DIVISION]
        if division == UNITS_OF_GROUPS:
            count *= state[GROUPS]
        elif division == GROUPS_OF_UNITS:
            count, size = state[GROUPS], count
        shares = words_at(table[row + SHARES])
        begin, end = (count * shares[thread] >> SHARE_BITS) * size, (count * shares[thread + 1] >> SHARE_BITS) * size
        if begin < end:
            _launch(table[row + ADDRESS], arena, words_at(table[row + DESCRIPTOR]), state, begin, end, thread)
        if table[row + MEET] != 0:
            meet(control, ARRIVED, GENERATION, control[THREADS], control[SPINS])


@kernel
def take_part(control, thread):
    """The leader runs control[STEPS] steps from the minibatch that the state words name, together with the workers,
    who come here once and wait for one job after the other."""
    if thread == DISMISSAL:
        control[STOP] = 1
        advance(control, JOB)
        return
    job = 0
    while True:
        if thread == LEADER:
            advance(control, JOB)
        else:
            job = wait_for_change(control, JOB, job, control[SPINS])
        if atomic_load(control, STOP) != 0:
            return
        state = words_at(control[STATES] + 8 * STATE_WORDS * thread)
        first, number, metrics, batch = state[FIRST], state[STEP], state[METRICS], control[BATCH]
        scalars = state[SCALARS]
        for step in range(control[STEPS]):  # behind the last meeting nothing is written: the next job may come
            state[FIRST], state[STEP] = first + step * batch, number + step
            state[METRICS], state[SCALARS] = metrics + step * METRICS_BYTES, scalars + step * control[SCALARS_BYTES]
            state[COUNT] = min(batch, state[TOTAL] - state[FIRST])
            state[GROUPS] = (state[COUNT] + control[LANES] - 1) // control[LANES]
            _walk(control, state, thread)
        if thread == LEADER:
            return
