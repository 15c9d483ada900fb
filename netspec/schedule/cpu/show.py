"""A program as text: one line per launch, with operation, shapes, offsets and tile."""

from __future__ import annotations

from dataclasses import fields

from netspec.ir.describe import attribute, describe
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
    words = (attribute(field.name, getattr(strengths, field.name), field.default) for field in fields(strengths))
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
