"""Calls that draw random initial values."""

from __future__ import annotations

import numpy as np

from netspec.ir.graph import Parameter, State
from netspec.ir.initialize import BLOCK_COUNTERS, BLOCK_NUMBERS, name_words, spread
from netspec.schedule.cuda.calls.building import BLOCK
from netspec.targets.cuda.program import Bits, Buffer, Call, Program


def initial_call(kept: Parameter | State, program: Program) -> Call[Buffer] | None:
    """A call that draws an array of the program; None where values are not random or depend on each other."""
    drawn, array = spread(kept.initial), program.buffers[kept.value.name]
    if drawn is None:
        return None
    elements, (low, high) = array.value.elements, map(Bits, name_words(kept.value.name))
    blocks = -(-elements // (BLOCK_NUMBERS // BLOCK_COUNTERS * BLOCK))
    arguments = array, "state", elements, low, high
    if drawn.kind == "uniform":
        return Call("draw_uniform", blocks, BLOCK, (*arguments, drawn.amount))
    rounded = float(np.float32(drawn.amount))
    return Call("draw_normal", blocks, BLOCK, (*arguments, rounded, drawn.amount - rounded))
