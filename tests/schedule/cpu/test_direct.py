"""Which way a sum is done that follows its definition, by the name that the listing shows."""

from dataclasses import replace

import pytest

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.runtime.cpu.launch_table import one_launch
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.show import listing
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.cpu.program import Launch, Program, Tile
from tests.schedule.nets import experiment, step_graph

GRADIENTS = {
    "conv 3 3x3 pad=1": "direct_taps_by_group",
    "conv 9 3x3 pad=1": "direct_taps",
    "conv 9 2x2": "direct_channels",
    "conv 9 3x17 pad=8": "direct_channels",
    "depthwise 3x3 pad=1": "depthwise",
}
"""Of what follows an image of four channels."""


def gradient_program(body: str, target: CpuTarget) -> Program:
    """A training step whose first layer stands after another, of four channels."""
    text = f"net t {{ input 2x20x20; conv 4 1x1; {body}; dense 3 }}\ntrain {{ sgd rate=0.1 }}\n"
    return lower(step_graph(experiment(text)), replace(target, exact=True), 20)


def gradient_of(program: Program) -> Launch:
    """The weight gradient of the second layer."""
    gradients = (x for x in program.launches if isinstance(x.operation, ops.ConvolutionWeightGradient))
    return next(launch for launch in gradients if launch.layer != "conv1")


def kernels(launch: Launch, program: Program) -> list[str]:
    return [task.row.kernel.py_func.__name__ for task in one_launch(launch, program)]


@pytest.mark.parametrize("target", [AVX512, AVX2])
@pytest.mark.parametrize(("body", "algorithm"), GRADIENTS.items())
def test_the_planner_names_how_a_weight_gradient_is_done(body: str, algorithm: str, target: CpuTarget) -> None:
    program = gradient_program(body, target)
    assert gradient_of(program).algorithm == algorithm
    assert f"  {algorithm}  " in listing(program)


def test_kernels_obey_the_name_and_nothing_else() -> None:
    program = gradient_program("conv 3 3x3 pad=1", AVX512)
    launch = gradient_of(program)
    assert kernels(launch, program) == ["sum_group_taps", "add_groups"]
    assert kernels(replace(launch, algorithm="direct_taps"), program) == ["sum_taps"]
    assert kernels(replace(launch, algorithm="direct_channels"), program) == ["sum_channels"]


def test_a_tile_that_does_not_suit_the_name_is_found_out() -> None:
    program = gradient_program("conv 3 3x3 pad=1", AVX512)
    launch = replace(gradient_of(program), tile=Tile(1, 2))
    with pytest.raises(CompilerBug, match="columns"):
        kernels(launch, program)
