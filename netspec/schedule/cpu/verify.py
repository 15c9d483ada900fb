"""Check of a CPU plan: layout of buffers, and by `contents.py` the reads and writes of launches."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.schedule.contents import check_contents, require
from netspec.schedule.cpu.show import listing
from netspec.targets.cpu.channels import as_map, vectors
from netspec.targets.cpu.program import Buffer, Program


def verify_program(program: Program) -> None:
    """Raises CompilerBug, with the listing, unless buffers are aligned to 64 bytes and inside the arena, lane groups do
    not overlap, strides of lane groups are no multiple of 4096 bytes, and `check_contents` passes."""
    try:
        incoming = _incoming(program)
        for buffer in (*program.buffers.values(), *incoming):
            _check_buffer(buffer, program)
        check_contents(program, incoming)
    except CompilerBug as bug:
        raise CompilerBug(f"{bug}\n\n{listing(program)}") from None


def _incoming(program: Program) -> tuple[Buffer, ...]:
    """Buffers that are used while images are loaded."""
    found = program.augmenting
    return () if found is None else tuple(buffer for buffer in (found.draws, found.displacements) if buffer)


def _check_buffer(buffer: Buffer, program: Program) -> None:
    value, name = buffer.value, buffer.value.name
    require(buffer.offset_bytes % 64 == 0, "`{}` is not aligned to 64 bytes", name)
    inside = buffer.offset_bytes >= 0 and buffer.offset_bytes + buffer.size_bytes <= program.arena_bytes
    require(inside, "`{}` lies outside the arena", name)
    if not value.batched:
        plain = buffer.size_bytes == FLOAT_BYTES * value.elements and buffer.group_stride == 0
        require(plain, "`{}` has a wrong size", name)
        return
    if program.layout == "channels":
        _check_channels(buffer, program)
        return
    channels = value.shape[0] if value.shape else 1
    numbers = channels * buffer.plane_stride
    require(buffer.plane_stride * channels >= value.elements * program.target.lanes, "channels of `{}` overlap", name)
    require(buffer.plane_stride % program.target.lanes == 0, "channels of `{}` are not whole vectors apart", name)
    require(buffer.group_stride >= numbers, "lane groups of `{}` overlap", name)
    require(buffer.group_stride % program.target.lanes == 0, "lane groups of `{}` are not whole vectors apart", name)
    apart = buffer.group_stride * FLOAT_BYTES % PAGE_BYTES != 0
    require(apart, "lane groups of `{}` are a multiple of 4096 bytes apart", name)
    require(buffer.size_bytes == FLOAT_BYTES * program.groups * buffer.group_stride, "`{}` has a wrong size", name)


def _check_channels(buffer: Buffer, program: Program) -> None:
    """The layout of a batched value whose lanes hold channels."""
    channels, height, width = as_map(buffer.value.shape)
    name, vector_channels = buffer.value.name, buffer.vector_channels
    require(vector_channels in (1, program.target.lanes), "`{}` has {} channels a vector", name, vector_channels)
    rows, columns = buffer.margins.around(height, width)
    require(buffer.plane_stride == rows * columns * vector_channels, "vectors of `{}` are not side by side", name)
    room = vectors(channels, vector_channels) * buffer.plane_stride
    require(buffer.group_stride >= room and buffer.group_stride % 16 == 0, "images of `{}` overlap", name)
    require(buffer.size_bytes == FLOAT_BYTES * program.groups * buffer.group_stride, "`{}` has a wrong size", name)
