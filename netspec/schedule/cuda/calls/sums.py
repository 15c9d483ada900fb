"""Calls of sums over images and positions, in two stages where there are several parts."""

from __future__ import annotations

from collections.abc import Callable

from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls.building import BLOCK, Calls, Operand, Planning, Scratch, chunks, maps, per_number
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Chunks

LEAST_NUMBERS = 4 * BLOCK
"""Numbers that a block sums at least."""
WARPS_WANTED = 32
"""Threads of a multiprocessor that plain sums want, in warps."""


def in_two_stages(total: Value, division: Chunks, first_stage: Callable[[Operand], Call[Operand]]) -> Calls:
    """The first stage into `total` itself where there is one chunk, else into parts that a second stage sums."""
    if division.parts == 1:
        return (first_stage(total),)
    parts = Scratch(f"{total.name}.parts", division.sums * division.parts)
    return first_stage(parts), per_number("sum_parts", division.sums, total, parts, division)


def image_chunks(count: int, planning: Planning) -> Chunks:
    """Chunks of whole images, enough that a thread for each part keeps the device busy."""
    threads = 32 * WARPS_WANTED * planning.target.multiprocessors
    wanted = min(planning.batch, max(1, threads // count))
    size = -(-planning.batch // wanted)
    return Chunks(count, -(-planning.batch // size), size)


def channel_chunks(value: Value, planning: Planning) -> Chunks:
    """Chunks of the numbers of each channel, a block for each."""
    s = maps(value)
    return chunks(s.channels, planning.batch * s.positions, planning, least=LEAST_NUMBERS)


def channel_sum(node: Node, planning: Planning) -> Calls:
    (dy,), (db,) = node.inputs, node.outputs
    s, division = maps(dy), channel_chunks(dy, planning)
    blocks = division.sums * division.parts

    def first_stage(parts: Operand) -> Call[Operand]:
        return Call("channel_sum", blocks, BLOCK, (parts, dy, "images", s, division))

    return in_two_stages(db, division, first_stage)


def batch_sum(node: Node, planning: Planning) -> Calls:
    (dy,), (db,) = node.inputs, node.outputs
    division = image_chunks(db.elements, planning)
    numbers = division.sums * division.parts
    return in_two_stages(db, division, lambda parts: per_number("batch_sum", numbers, parts, dy, "images", division))
