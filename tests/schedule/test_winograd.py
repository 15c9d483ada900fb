"""Which layers get Winograd's algorithm, and with which tile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.program import Program
from netspec.ir.target import AVX2, AVX512, NEON, SSE, Target
from netspec.schedule.lower import lower
from netspec.schedule.winograd import WIDEST, Layer, choose_tile
from tests.schedule.nets import bundled, step_graph

LAYERS = st.builds(
    Layer, st.integers(1, 600), st.integers(1, 600), st.integers(1, 64), st.integers(1, 64), st.sampled_from((3, 5))
)


@given(LAYERS, st.sampled_from((AVX512, AVX2, SSE, NEON)), st.integers(1, 8))
def test_a_tile_fits_into_registers_and_has_a_lane_for_each_row(layer: Layer, target: Target, groups: int) -> None:
    tile = choose_tile(layer, target, groups)
    assert tile.rows <= min(layer.outputs, target.lanes)
    assert tile.columns <= min(WIDEST, layer.patches * groups)
    assert tile.rows * tile.columns + tile.columns <= target.registers


def algorithms(program: Program, kind: type[ops.Operation]) -> dict[str, str]:
    return {launch.layer: launch.algorithm for launch in program.launches if isinstance(launch.operation, kind)}


def test_layers_with_channels_to_share_get_winograd_and_the_first_does_not() -> None:
    program = lower(step_graph(bundled("vgg16")), AVX512, 64)
    first = program.launches[0].layer
    for operation in (ops.Convolution, ops.ConvolutionWeightGradient):
        assert {name for name, how in algorithms(program, operation).items() if how == "direct"} == {first}


@pytest.mark.parametrize("target", [AVX512, AVX2, NEON])
def test_lenet_gets_it_where_no_work_is_lost_on_padding(target: Target) -> None:
    program = lower(step_graph(bundled("lenet")), target, 64)
    assert algorithms(program, ops.Convolution) == {"conv1": "direct", "conv2": "winograd"}
    assert algorithms(program, ops.ConvolutionInputGradient) == {"conv2": "direct"}
    assert algorithms(program, ops.ConvolutionWeightGradient) == {"conv1": "direct", "conv2": "winograd"}
