"""A program as text: a line per launch, with operation, shapes and offsets, and below it a line per call."""

from __future__ import annotations

from dataclasses import fields

from netspec.ir.describe import attribute, describe
from netspec.targets.cuda.program import Bits, Buffer, Call, Launch, Program

COLUMNS = ("layer", "operation", "reads", "writes", "scratch")


def listing(program: Program) -> str:
    """The text of `netspec compile --emit program`; `@` is followed by an offset in the arena in bytes, and a call is
    written as a kernel with its blocks and threads."""
    head = (
        f"program {program.name}: target {program.target.name} of {program.target.multiprocessors} multiprocessors,"
        f" batch {program.batch}, arena {program.arena_bytes:,} bytes"
    )
    rows = [COLUMNS, *(_cells(launch) for launch in program.launches)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    body = [lines[0]]
    for line, launch in zip(lines[1:], program.launches, strict=True):
        body += [line, *(f"  {_call(call)}" for call in launch.calls)]
    parts = (("in", program.incoming.calls), ("collect", program.collecting), ("out", program.outgoing))
    around = (f"{name}: {_call(call)}" for name, calls in parts for call in calls)
    return "\n".join((head, *_augmentation(program), *around, "", *body)) + "\n"


def _augmentation(program: Program) -> tuple[str, ...]:
    """A line with the augmentation's strengths; none without augmentation."""
    strengths = program.incoming.augmentation
    if strengths is None:
        return ()
    words = (attribute(field.name, getattr(strengths, field.name), field.default) for field in fields(strengths))
    return (f"images come in augmented: {' '.join(word for word in words if word)}",)


def _cells(launch: Launch) -> tuple[str, ...]:
    return (
        launch.layer,
        describe(launch.operation),
        " ".join(map(_buffer, launch.inputs)),
        " ".join(map(_buffer, launch.outputs)),
        f"{launch.scratch.size_bytes}@{launch.scratch.offset_bytes}" if launch.scratch else "-",
    )


def _buffer(buffer: Buffer) -> str:
    shape = "x".join(map(str, buffer.value.shape)) or "scalar"
    return f"{buffer.value.name}:{shape}@{buffer.offset_bytes}"


def _call(call: Call[Buffer]) -> str:
    """`convolution<<<12, 256>>>(conv1@0, input@512, images, Windows(c=1 h=8 w=8 …))`"""
    return f"{call.kernel}<<<{call.blocks}, {call.threads}>>>({', '.join(map(_argument, call.arguments))})"


def _argument(argument: object) -> str:
    match argument:
        case Buffer():
            return f"{argument.value.name}@{argument.offset_bytes}"
        case Bits(value):
            return f"{value:#x}"
        case tuple():
            return repr(argument).replace(", ", " ")  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return str(argument)
