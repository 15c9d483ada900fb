"""The scheduler: which thread of a block runs next. Python that Numba compiles for this processor.

A thread runs until it waits or ends. The lanes of a collective continue when all lanes of its mask have arrived; the
threads of a block continue when all wait at the same barrier. Between two such places the order of the threads is the
caller's, so a kernel whose result depends on it lacks a barrier.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tests.cuda_native.device import BARRIER, SYNCWARP, WARP_SYNC
from tests.cuda_native.memory import (
    ARGUMENTS,
    BLOCK,
    BLOCK_CODE,
    BLOCK_ORDER,
    CONTINUATIONS,
    CONTROL,
    COPIES,
    COPIES_STRIDE,
    COUNT,
    CTAID,
    ENTRY,
    EPOCH,
    FRAME_BYTES,
    FRAMES,
    GRID,
    NCTAID,
    NTID,
    PLACES,
    PREDICATES,
    REASONS,
    REGISTERS,
    SHARED,
    SHARED_USED,
    THREAD,
    THREAD_ORDER,
    TID,
    TURNS,
    WARP,
    WARP_EPOCHS,
)
from tests.cuda_native.pointers import integers_at, longs_at, routine

FINE, STUCK, EARLY_EXIT, OTHER_BARRIER = range(4)
"""Outcomes of a launch."""
BYTES, WORD = ir.IntType(8).as_pointer(), ir.IntType(64)
STATE = ir.LiteralStructType([BYTES, WORD])
PAIR = types.UniTuple(types.int64, 2)


def _step(builder: Any, function: Any, arguments: list[Any]) -> tuple[Any, Any]:
    """Runs a stretch of a kernel: the address where it continues, 0 at its end, and the reason why it waits."""
    kind = ir.FunctionType(STATE, [argument.type for argument in arguments])
    state = builder.call(builder.inttoptr(function, kind.as_pointer()), arguments)
    return builder.ptrtoint(builder.extract_value(state, 0), WORD), builder.extract_value(state, 1)


@intrinsic
def _start(_typing: Any, _function: Any, _frame: Any, _arguments: Any) -> Any:
    """The first stretch of a thread."""

    def codegen(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        pointers = [builder.inttoptr(value, BYTES) for value in values[1:]]
        return context.make_tuple(builder, PAIR, _step(builder, values[0], pointers))

    return PAIR(types.int64, types.int64, types.int64), codegen


@intrinsic
def _resume(_typing: Any, _function: Any, _frame: Any) -> Any:
    """The next stretch of a thread."""

    def codegen(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        operands = [builder.inttoptr(values[1], BYTES), ir.Constant(ir.IntType(1), 0)]
        return context.make_tuple(builder, PAIR, _step(builder, values[0], operands))

    return PAIR(types.int64, types.int64), codegen


@intrinsic
def _call(_typing: Any, _function: Any, _arguments: Any) -> Any:
    """A whole thread of a kernel whose threads never wait."""

    def codegen(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [BYTES])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), [builder.inttoptr(values[1], BYTES)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@routine
def _threads(control):
    return control[BLOCK] * control[BLOCK + 1] * control[BLOCK + 2]


@routine
def _blocks(control):
    return control[GRID] * control[GRID + 1] * control[GRID + 2]


@routine
def _set_sizes(control, registers):
    for axis in range(3):
        registers[NTID + axis] = control[BLOCK + axis]
        registers[NCTAID + axis] = control[GRID + axis]


@routine
def _enter_block(control, registers, number):
    """Sets the block's registers, and fills its shared memory with NaN."""
    registers[CTAID] = number % control[GRID]
    registers[CTAID + 1] = number // control[GRID] % control[GRID + 1]
    registers[CTAID + 2] = number // (control[GRID] * control[GRID + 1])
    control[BLOCK_CODE] = number + 1
    control[EPOCH] += 1
    shared = integers_at(SHARED)
    for word in range(control[SHARED_USED] // 4):
        shared[word] = -1


@routine
def _become(control, registers, thread):
    places = integers_at(control[PLACES])
    for axis in range(3):
        registers[TID + axis] = places[3 * thread + axis]
    registers[THREAD] = thread


def run_plain(_a, _b, _c, _d):
    """Runs the launch in CONTROL for a kernel whose threads never wait: each to its end, one after the other."""
    control, registers = longs_at(CONTROL), integers_at(REGISTERS)
    blocks, order = longs_at(control[BLOCK_ORDER]), longs_at(control[THREAD_ORDER])
    _set_sizes(control, registers)
    for number in range(_blocks(control)):
        _enter_block(control, registers, blocks[number])
        for turn in range(_threads(control)):
            _become(control, registers, order[turn])
            _call(control[ENTRY], control[ARGUMENTS])
    return FINE


def run_waiting(_a, _b, _c, _d):
    """Runs the launch in CONTROL: the blocks one after the other, the threads of each in turns. Returns an outcome."""
    control, registers = longs_at(CONTROL), integers_at(REGISTERS)
    blocks, order = longs_at(control[BLOCK_ORDER]), longs_at(control[THREAD_ORDER])
    where, reasons = longs_at(control[CONTINUATIONS]), longs_at(control[REASONS])
    _set_sizes(control, registers)
    for number in range(_blocks(control)):
        _enter_block(control, registers, blocks[number])
        for thread in range(_threads(control)):
            integers_at(TURNS)[thread] = 0
            copies = longs_at(COPIES + COPIES_STRIDE * thread)
            copies[0] = copies[1] = 0
        for turn in range(_threads(control)):
            thread = order[turn]
            _become(control, registers, thread)
            frame = control[FRAMES] + FRAME_BYTES * thread
            where[thread], reasons[thread] = _start(control[ENTRY], frame, control[ARGUMENTS])
        outcome = _finish(control, registers, where, reasons, order)
        if outcome != FINE:
            return outcome
    return FINE


@routine
def _continue(control, registers, where, reasons, thread):
    _become(control, registers, thread)
    where[thread], reasons[thread] = _resume(where[thread], control[FRAMES] + FRAME_BYTES * thread)


@routine
def _finish(control, registers, where, reasons, order):
    """Runs the threads of a block to their ends."""
    threads = _threads(control)
    while True:
        moved = False
        for turn in range(threads):
            thread = order[turn]
            while (
                where[thread] != 0
                and reasons[thread] & 0xFF == WARP_SYNC
                and _complete(where, reasons, thread, threads)
            ):
                _move_warp(control, registers, where, reasons, thread, order)
                moved = True
        outcome = _at_barrier(where, reasons, threads)
        if outcome == ALL_ENDED:
            return FINE
        if outcome == ALL_WAIT:
            _pass_barrier(control, registers, where, reasons, order)
        elif outcome != NOT_YET:
            return outcome
        elif not moved:
            return STUCK


ALL_ENDED, ALL_WAIT, NOT_YET = 16, 17, 18


@routine
def _at_barrier(where, reasons, threads):
    """Whether all threads of the block have ended, or wait at one barrier; else an outcome that is an error."""
    waiting = ended = 0
    first, same = 0, True
    for thread in range(threads):
        if where[thread] == 0:
            ended += 1
        elif reasons[thread] & 0xFF == BARRIER:
            if waiting == 0:
                first = reasons[thread]
            same = same and reasons[thread] == first
            waiting += 1
    if ended == threads:
        return ALL_ENDED
    if waiting + ended < threads:
        return NOT_YET
    if ended > 0:
        return EARLY_EXIT
    return ALL_WAIT if same else OTHER_BARRIER


@routine
def _pass_barrier(control, registers, where, reasons, order):
    """All threads of the block continue after a barrier."""
    threads, predicates = _threads(control), integers_at(PREDICATES)
    count = 0
    for thread in range(threads):
        count += predicates[thread]
    registers[COUNT] = count
    control[EPOCH] += 1
    for turn in range(threads):
        _continue(control, registers, where, reasons, order[turn])


@routine
def _complete(where, reasons, thread, threads):
    """Whether all lanes of the collective that `thread` waits for have arrived. Lanes that have ended do not count."""
    first, mask = thread // WARP * WARP, reasons[thread] >> 32
    for lane in range(min(WARP, threads - first)):
        other = first + lane
        if (mask >> lane) & 1 and where[other] != 0 and reasons[other] != reasons[thread]:
            return False
    return True


@routine
def _move_warp(control, registers, where, reasons, thread, order):
    """The lanes of a collective continue, forwards or backwards as `order` begins."""
    threads, common, first = _threads(control), reasons[thread], thread // WARP * WARP
    lanes, members = min(WARP, threads - first), 0
    for lane in range(lanes):
        if (common >> (32 + lane)) & 1 and where[first + lane] != 0:
            members |= 1 << lane
    if (common >> 8) & 0xFFFFFF == SYNCWARP:
        control[WARP_EPOCHS + first // WARP] += 1
    forward = order[0] <= order[threads - 1]
    for step in range(lanes):
        lane = step if forward else lanes - 1 - step
        if (members >> lane) & 1:
            _continue(control, registers, where, reasons, first + lane)
