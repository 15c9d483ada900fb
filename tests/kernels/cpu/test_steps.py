"""Whole training steps by Winograd's algorithm, beside the oracle."""

from dataclasses import replace
from typing import get_args

import pytest

from netspec.ir.operations import LossName
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX512, CpuTarget
from netspec.targets.cpu.program import Program
from tests.kernels.cpu.backend import CPU
from tests.kernels.test_steps import IMAGES, experiment, step_graph, steps_agree


def eager(target: CpuTarget) -> CpuTarget:
    """The same target, but Winograd's algorithm is taken wherever it can be."""
    return replace(target, costs=replace(target.costs, clearly=0.0))


def step_program(loss: LossName, target: CpuTarget) -> Program:
    """A training step of the net, not augmented."""
    return lower(step_graph(experiment(loss)), target, max(IMAGES))


@pytest.mark.slow  # some thirty kernels, all compiled
@pytest.mark.parametrize("target", [eager(AVX512)])
@pytest.mark.parametrize("loss", get_args(LossName))
def test_three_steps_under_every_loss_are_the_oracle_s(loss: LossName, target: CpuTarget) -> None:
    steps_agree(CPU, loss, target, threads=2)
