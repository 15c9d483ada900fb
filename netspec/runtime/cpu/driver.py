"""The driver: native code that runs the launch table, minibatch by minibatch, many steps per call.

It is compiled once for all programs. Every thread of the team runs it, with barriers after the rows that the table
marks. Each thread computes its own copy of the state words, so threads share only the arena and the control block.
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
from netspec.runtime.cpu.team import advance, atomic_load, barrier, wait_for_change

# Words of the control block; words that threads write are a cache line (8 words) apart.
ROWS = 0
"""address of the launch table"""
ROW_COUNT = 1
ARENA = 2
STATES = 3
"""address of the state words of thread 0; those of the other threads follow"""
STEPS = 4
BATCH = 5
LANES = 6
THREADS = 7
SPINS = 8
"""rounds of spinning at a barrier"""
STOP = 9
"""1: workers return instead of waiting for the next job"""
SCALARS_BYTES = 10
"""stride of the scalars of one step"""
JOB = 16
"""number of jobs started; the next word is the number of workers asleep"""
ARRIVED = 24
GENERATION = 32
"""number of barriers passed; the next word is the number of threads asleep"""
CONTROL_WORDS = 40

# Words of a row of the launch table.
ADDRESS = 0
DESCRIPTOR = 1
UNITS = 2
DIVISION = 3
"""what is divided among the threads: UNITS_ONCE the units, UNITS_OF_GROUPS those of all live groups, GROUPS_OF_UNITS
whole live groups"""
SHARES = 4
"""address of the shares: thread t takes shares[t] … shares[t + 1], in 2**-32 of the whole"""
BARRIER = 5
"""1: a barrier of all threads follows this row"""
ROW_WORDS = 6
SHARE_BITS = 32
UNITS_ONCE, UNITS_OF_GROUPS, GROUPS_OF_UNITS = range(3)

LEADER = 0
"""the thread that starts a job and returns when it is done; higher threads wait for jobs"""
DISMISSAL = -1
"""not a thread: makes the workers return"""


@intrinsic
def _launch(_typing, address, arena, d, state, begin, end, thread):
    """Calls the kernel at an address by Numba's convention: pointers for the result (none) and for an exception, then
    the arguments, of which the tile is a null pointer."""

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
    """One step of one thread: its share of every row."""
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
        if table[row + BARRIER] != 0:
            barrier(control, ARRIVED, GENERATION, control[THREADS], control[SPINS])


@kernel
def take_part(control, thread):
    """Runs jobs of control[STEPS] steps from the minibatch in the state words. The leader starts one job and returns
    after it; a worker enters once and waits for one job after another."""
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
        for step in range(control[STEPS]):  # no shared writes after the last barrier: the next job may start
            state[FIRST], state[STEP] = first + step * batch, number + step
            state[METRICS], state[SCALARS] = metrics + step * METRICS_BYTES, scalars + step * control[SCALARS_BYTES]
            state[COUNT] = min(batch, state[TOTAL] - state[FIRST])
            state[GROUPS] = (state[COUNT] + control[LANES] - 1) // control[LANES]
            _walk(control, state, thread)
        if thread == LEADER:
            return
