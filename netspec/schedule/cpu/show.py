"""A program as text: one line per launch, with operation, shapes, offsets and tile."""

from __future__ import annotations

from dataclasses import fields

from netspec.ir import operations as ops
from netspec.targets.cpu.program import Buffer, Launch, Program

COLUMNS = ("layer", "operation", "algorithm", "reads", "writes", "tile", "scratch")


def listing(program: Program) -> str:
    """The text of `netspec compile --emit program`; `@` is followed by an offset in the arena in bytes."""
    head = (
        f"program {program.name}: target {program.target.name} of {program.target.lanes} lanes,"
        f" batch {program.batch} in {program.groups} groups,"
        f" arena {program.arena_bytes:,} bytes, scratch of a thread {program.thread_bytes:,} bytes"
    )
    rows = [COLUMNS, *(_cells(launch) for launch in program.launches)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join((head, *_incoming(program), "", *lines)) + "\n"


def _incoming(program: Program) -> tuple[str, ...]:
    """A line with the augmentation's strengths and its buffers; none without augmentation."""
    if program.augmenting is None:
        return ()
    strengths = program.augmenting.augmentation
    words = (_attribute(field.name, getattr(strengths, field.name), field.default) for field in fields(strengths))
    buffers = (program.augmenting.draws, program.augmenting.displacements)
    places = " ".join(_buffer(buffer) for buffer in buffers if buffer)
    return (f"images come in augmented: {' '.join(word for word in words if word)}, by {places}",)


def _cells(launch: Launch) -> tuple[str, ...]:
    return (
        launch.layer,
        describe(launch.operation),
        launch.algorithm if launch.algorithm != "direct" else "-",
        " ".join(_buffer(buffer) for buffer in launch.inputs),
        " ".join(_buffer(buffer) for buffer in launch.outputs),
        f"{launch.tile.rows}x{launch.tile.columns}",
        f"{launch.scratch.size_bytes}@{launch.scratch.offset_bytes}" if launch.scratch else "-",
    )


def _buffer(buffer: Buffer) -> str:
    shape = "x".join(map(str, buffer.value.shape)) or "scalar"
    return f"{buffer.value.name}:{shape}@{buffer.offset_bytes}"


def describe(operation: ops.Operation) -> str:
    """`Convolution(5x5 groups=2 relu)`: an operation and its attributes that differ from their defaults."""
    words = (_attribute(field.name, getattr(operation, field.name), field.default) for field in fields(operation))
    inside = " ".join(word for word in words if word)
    name = type(operation).__name__
    return f"{name}({inside})" if inside else name


def _attribute(name: str, value: object, default: object) -> str:
    match value:
        case ops.Window():
            return _window(value)
        case ops.SgdUpdate() | ops.Convolution() | ops.MaxPool():
            return describe(value)
        case ops.Activation("identity"):
            return ""
        case ops.Activation(function):
            return function
        case _ if value == default:
            return ""
        case str():
            return value
        case _:
            return f"{name}={value}"


def _window(window: ops.Window) -> str:
    """`5x5 stride=2x2 pad=2x2:1x1`: kernel and attributes that differ from their defaults; padding before:after."""
    words = [_pair(window.kernel)]
    if window.stride != (1, 1):
        words.append(f"stride={_pair(window.stride)}")
    if window.before != (0, 0) or window.after != (0, 0):
        same = window.before == window.after
        words.append(f"pad={_pair(window.before)}" + ("" if same else f":{_pair(window.after)}"))
    if window.dilation != (1, 1):
        words.append(f"dilate={_pair(window.dilation)}")
    return " ".join(words)


def _pair(pair: ops.Pair) -> str:
    return f"{pair[0]}x{pair[1]}"
