"""Which layers get Winograd's algorithm, and with which tile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.winograd import MOST_BATCHED, WIDEST, Layer, algorithm, choose_tile
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, SSE, CpuTarget
from netspec.targets.cpu.program import WINOGRAD, Program
from tests.schedule.nets import bundled, experiment, step_graph

LAYERS = st.builds(
    Layer, st.integers(1, 600), st.integers(1, 600), st.integers(1, 64), st.integers(1, 64), st.sampled_from((3, 5))
)


@given(LAYERS, st.sampled_from((AVX512, AVX2, SSE, NEON)), st.integers(1, 8))
def test_a_tile_fits_into_registers_and_has_a_lane_for_each_row(layer: Layer, target: CpuTarget, groups: int) -> None:
    tile = choose_tile(layer, target, groups)
    assert tile.rows <= min(layer.outputs, target.lanes)
    assert tile.columns <= min(WIDEST, layer.input_tiles * groups)
    assert tile.rows * tile.columns + tile.columns <= target.registers


def test_tiles_are_batched_where_they_are_few_and_filters_many() -> None:
    assert algorithm(Layer(512, 512, 4, 4, 3), AVX512, 4) == "winograd_batched"
    assert algorithm(Layer(512, 512, 4, 4, 3), AVX512, MOST_BATCHED + 1) == "winograd"
    assert algorithm(Layer(64, 64, 4, 4, 3), AVX512, 4) == "winograd"


def algorithms(program: Program, kind: type[ops.Operation]) -> dict[str, str]:
    return {launch.layer: launch.algorithm for launch in program.launches if isinstance(launch.operation, kind)}


def test_layers_with_channels_to_share_get_winograd_and_the_first_does_not() -> None:
    program = lower(step_graph(bundled("vgg16")), AVX512, 64)
    first = program.launches[0].layer
    for operation in (ops.Convolution, ops.PooledConvolution, ops.ConvolutionWeightGradient):
        direct = {name for name, how in algorithms(program, operation).items() if how not in WINOGRAD}
        assert direct == (set() if operation is ops.PooledConvolution else {first})
    assert len(algorithms(program, ops.PooledConvolution)) == 5


def pooled_on_the_way(body: str) -> list[str]:
    text = f"net t {{ input 64x16x16; {body}; dense 3 }}\ntrain {{ sgd rate=0.1 }}\n"
    return list(algorithms(lower(step_graph(experiment(text)), AVX512, 64), ops.PooledConvolution).values())


@pytest.mark.parametrize(
    ("body", "pooled"),
    [
        ("conv 64 3x3 pad=1 relu; pool max 2x2", ["winograd"]),
        ("conv 64 3x3 relu; pool max 2x2 round=ceil", ["winograd"]),  # of 14x14, so that no window hangs over
        ("conv 64 4x4 pad=2 relu; pool max 2x2", ["direct"]),
        ("conv 64 3x3 stride=2 pad=1 relu; pool max 2x2", ["direct"]),
        ("conv 64 1x1 relu; pool max 2x2", []),
        ("depthwise 3x3 pad=1 relu; pool max 2x2", []),
        ("conv 64 3x3 pad=1 relu; pool max 3x3 stride=2", []),
        ("conv 64 3x3 pad=1 relu; pool avg 2x2", []),
        ("conv 64 3x3 pad=1 tanh; pool max 2x2", []),
        ("conv 64 3x3 pad=1 relu; concat { pool max 2x2 } { pool avg 2x2 }", []),
    ],
)
def test_sums_are_pooled_where_a_pool_alone_reads_them(body: str, pooled: list[str]) -> None:
    assert pooled_on_the_way(body) == pooled


@pytest.mark.parametrize("target", [AVX512, AVX2, NEON])
def test_lenet_gets_it_where_no_work_is_lost_on_padding(target: CpuTarget) -> None:
    program = lower(step_graph(bundled("lenet")), target, 64)
    assert algorithms(program, ops.PooledConvolution) == {"conv1": "direct", "conv2": "winograd"}
    assert algorithms(program, ops.ConvolutionInputGradient) == {"conv2": "direct"}
    taps = "direct_taps" if target is AVX2 else "direct_taps_by_group"
    assert algorithms(program, ops.ConvolutionWeightGradient) == {"conv1": taps, "conv2": "winograd"}
