"""The largest batch whose program fits into the memory of a GPU."""

from __future__ import annotations

from netspec.schedule.cuda.lower import lower
from netspec.schedule.largest_batch import largest_batch as largest
from netspec.targets.cuda.program import Program


def largest_batch(program: Program, memory_bytes: int) -> int:
    """The largest batch below the program's, planned alike, that needs at most `memory_bytes`; 0 where one image needs
    more. Memory grows with the batch."""
    return largest(lambda batch: with_batch(program, batch).arena_bytes <= memory_bytes, program.batch) or 0


def with_batch(program: Program, batch: int) -> Program:
    """The program for another batch."""
    return lower(program.graph, program.target, batch, program.incoming.augmentation)
