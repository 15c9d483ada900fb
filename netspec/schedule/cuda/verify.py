"""Check of a plan for a GPU: layout of buffers, arguments of calls, and by `contents.py` the reads and writes of
launches."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.contents import check_contents, require
from netspec.schedule.cuda.show import listing
from netspec.targets.cuda.program import MOST_NUMBERS, Buffer, Call, Launch, Program

MOST_THREADS = 1024
MOST_BLOCKS = 2**31 - 1


def verify_program(program: Program) -> None:
    """Raises CompilerBug, with the listing, unless buffers are aligned to 256 bytes, inside the arena and of the size
    of their value, calls fit the device and name only buffers of their launch, and `check_contents` passes."""
    try:
        for buffer in (*program.buffers.values(), *program.incoming.scratch):
            _check_buffer(buffer, program)
        for launch in program.launches:
            _check_launch(launch)
        for call in (*program.incoming.calls, *program.collecting, *program.outgoing):
            _check_shape(call)
        check_contents(program, program.incoming.scratch)
    except CompilerBug as bug:
        raise CompilerBug(f"{bug}\n\n{listing(program)}") from None


def _check_buffer(buffer: Buffer, program: Program) -> None:
    value = buffer.value
    require(buffer.offset_bytes % 256 == 0, "`{}` is not aligned to 256 bytes", value.name)
    inside = buffer.offset_bytes >= 0 and buffer.offset_bytes + buffer.size_bytes <= program.arena_bytes
    require(inside, "`{}` lies outside the arena", value.name)
    numbers = value.elements * (program.batch if value.batched else 1)
    require(buffer.size_bytes == FLOAT_BYTES * numbers, "`{}` has a wrong size", value.name)
    require(numbers <= MOST_NUMBERS, "`{}` has {} numbers, more than kernels can count", value.name, numbers)


def _check_launch(launch: Launch) -> None:
    require(bool(launch.calls) != isinstance(launch.operation, ops.Reshape), "calls of `{}` are missing", launch.layer)
    named = (*launch.inputs, *launch.outputs)
    for call in launch.calls:
        _check_shape(call)
        for argument in call.arguments:
            if isinstance(argument, Buffer) and argument not in named:
                scratch = launch.scratch
                inside = scratch is not None and (
                    scratch.offset_bytes <= argument.offset_bytes
                    and argument.offset_bytes + argument.size_bytes <= scratch.offset_bytes + scratch.size_bytes
                )
                require(inside, "`{}` uses `{}`, which is not of its launch", call.kernel, argument.value.name)


def _check_shape(call: Call[Buffer]) -> None:
    fits = 1 <= call.blocks <= MOST_BLOCKS and 1 <= call.threads <= MOST_THREADS
    require(fits, "`{}` has {} blocks of {} threads", call.kernel, call.blocks, call.threads)
