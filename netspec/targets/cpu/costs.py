"""Costs by which plans are made: the table of this version for a target, or one measured by `netspec tune`.

The unit is an issue slot, the time in which a core of the planned kind starts one multiply-add of vectors (see
`schedule/cpu/tiles.py`). A plan is a function of shapes, the target and this table, not of a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of all lanes of a vector together, in issue slots; the first is a ratio."""

    clearly: float = 1.05
    """how many times as costly the direct sum must be for Winograd's algorithm to be chosen"""
    winograd_input: float = 320.0
    """input transform of a tile of an input channel"""
    winograd_output_3x3: float = 350.0
    """output transform of a tile of an output channel, for 3x3 filters"""
    winograd_output_5x5: float = 180.0
    """the same for 5x5 filters"""
    winograd_kernels: float = 400.0
    """filter transform of an input channel and a block of output channels"""
    winograd_weights_input: float = 500.0
    """weight gradient: transpose and input transform of a tile of an input channel"""
    winograd_weights_cotangent_3x3: float = 150.0
    """weight gradient: transform of the cotangents of a tile of an output channel, for 3x3 filters"""
    winograd_weights_cotangent_5x5: float = 100.0
    """the same for 5x5 filters"""
    winograd_weights_kernel: float = 40.0
    """weight gradient: gradient transform of a filter of an input and an output channel"""
    lane_sum: float = 40.0
    """direct weight gradient: to add the lanes of a sum"""


SHIPPED = Costs()
"""of AVX-512, and of targets of which none was measured"""
SHIPPED_AVX2 = Costs(
    winograd_input=260.0,
    winograd_output_3x3=490.0,
    winograd_output_5x5=195.0,
    winograd_kernels=300.0,
    winograd_weights_input=250.0,
    winograd_weights_cotangent_3x3=290.0,
    winograd_weights_cotangent_5x5=135.0,
    winograd_weights_kernel=65.0,
    lane_sum=130.0,
)
"""of AVX2: medians of eight runs of `netspec tune` on a Zen 4 whose vectors were limited to AVX2"""
