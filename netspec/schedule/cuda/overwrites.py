"""Inputs that the kernels may overwrite by an output: each thread reads its numbers before it writes them."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.schedule.slots import Overwrites

MANY = 8
"""Number of inputs of an Add or of a gradient that are candidates."""
OVERWRITES: Overwrites = {
    ops.Activation: {0: (0,)},
    ops.ActivationGradient: {0: (1, 0)},
    ops.GuidedGradient: {0: (1, 0)},
    ops.Add: {0: tuple(range(MANY))},
    ops.Dropout: {0: (0,)},
    ops.BatchNorm: {0: (0,)},
    ops.BatchNormInputGradient: {0: (0,)},
    ops.BatchNormTraining: {0: (5,)},
    ops.BatchNormGradient: {0: tuple(range(5, MANY))},
    ops.BatchNormAddGradient: {0: (0,), 3: tuple(range(4, MANY))},
}
