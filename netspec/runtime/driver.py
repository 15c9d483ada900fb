"""The driver: walks the launch table in native code, minibatch by minibatch, one call for many steps.

It is compiled once for all programs. Every thread of the team runs it; they meet after each row. Each thread keeps
its own copy of the state words, computed alike, so nothing but the arena is shared.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.memory import floats_at, words_at
from netspec.kernels.cpu.state import COUNT, FIRST, GROUPS, STEP, TOTAL
from netspec.kernels.cpu.state import WORDS as STATE_WORDS
from netspec.runtime.team import wait_for_team

# Words of the control block; those that threads write to are a cache line (8 words) apart.
ROWS = 0
"""address of the launch table"""
ROW_BEGIN = 1
ROW_END = 2
"""rows from ROW_BEGIN up to ROW_END are run each step"""
ARENA = 3
STATES = 4
"""address of the state words of thread 0; those of the others follow"""
STEPS = 5
BATCH = 6
LANES = 7
METRICS = 8
"""address of float64 (STEPS, 2): the sums of loss and of correct answers of each step"""
LOSS = 9
CORRECT = 10
"""places of the two sums in the arena, -1 where the program has none"""
THREADS = 11
ARRIVED = 16
GENERATION = 24
ABORT = 32
CONTROL_WORDS = 40

# Words of a row of the launch table.
ADDRESS = 0
DESCRIPTOR = 1
UNITS = 2
PER_GROUP = 3
ROW_WORDS = 4


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


@intrinsic
def _set_real(_typing, words, index, value):
    """words[index] = the float64 bits of value"""

    def codegen(context, builder, _signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        builder.store(arguments[2], builder.bitcast(place, ir.DoubleType().as_pointer()))
        return context.get_dummy_value()

    return types.void(words, types.intp, types.float64), codegen


@kernel
def drive(control, thread):
    """Runs control[STEPS] steps from the minibatch that the state words name."""
    table, arena = words_at(control[ROWS]), floats_at(control[ARENA])
    state = words_at(control[STATES] + 8 * STATE_WORDS * thread)
    threads, batch, lanes = control[THREADS], control[BATCH], control[LANES]
    for step in range(control[STEPS]):
        count = min(batch, state[TOTAL] - state[FIRST])
        groups = (count + lanes - 1) // lanes
        state[COUNT], state[GROUPS] = count, groups
        for number in range(control[ROW_BEGIN], control[ROW_END]):
            row = number * ROW_WORDS
            units = table[row + UNITS]
            if table[row + PER_GROUP] != 0:
                units *= groups
            begin, end = units * thread // threads, units * (thread + 1) // threads
            if begin < end:
                _launch(table[row + ADDRESS], arena, words_at(table[row + DESCRIPTOR]), state, begin, end, thread)
            if not wait_for_team(control, ARRIVED, GENERATION, ABORT, threads):
                return
        if thread == 0:
            metrics = words_at(control[METRICS] + 16 * step)
            if control[LOSS] >= 0:
                _set_real(metrics, 0, arena[control[LOSS]])
            if control[CORRECT] >= 0:
                _set_real(metrics, 1, arena[control[CORRECT]])
        state[FIRST] += batch
        state[STEP] += 1
