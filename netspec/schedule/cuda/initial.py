"""Calls that draw random initial values."""

from __future__ import annotations

from netspec.ir.graph import Parameter, State
from netspec.ir.initialize import BLOCK_COUNTERS, BLOCK_NUMBERS, name_words, spread
from netspec.schedule.cuda.calls.building import BLOCK
from netspec.targets.cuda.program import Bits, Buffer, Call, Program

KERNELS = {"normal": "draw_normal", "uniform": "draw_uniform"}
"""Kernels by the kind of a `Spread`."""


def initial_call(kept: Parameter | State, program: Program) -> Call[Buffer] | None:
    """A call that draws an array of the program; None where values are not random or depend on each other."""
    drawn, array = spread(kept.initial), program.buffers[kept.value.name]
    if drawn is None:
        return None
    elements, (low, high) = array.value.elements, map(Bits, name_words(kept.value.name))
    counters = -(-elements // BLOCK_NUMBERS) * BLOCK_COUNTERS
    arguments = array, "state", elements, low, high, float(drawn.amount)
    return Call(KERNELS[drawn.kind], -(-counters // BLOCK), BLOCK, arguments)
