"""Tiles stay in registers and waste little."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Window
from netspec.schedule.cpu.tiles import (
    SlidingRow,
    choose_tile,
    dense_tile,
    interior_outputs,
    row_steps,
    sliding_tile,
    weight_gradient_tile,
)
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, SSE, CpuTarget
from tests.kernels.harness import batched, plain

TARGETS = st.sampled_from((AVX512, AVX2, SSE, NEON))


ROWS = st.builds(
    SlidingRow,
    width=st.integers(1, 40),
    size=st.integers(1, 40),
    taps=st.integers(1, 7),
    stride=st.integers(1, 3),
    before=st.integers(-3, 5),
    dilation=st.integers(1, 3),
)


@given(TARGETS, st.integers(1, 600), ROWS)
def test_a_sliding_tile_fits_into_registers(target: CpuTarget, outputs: int, row: SlidingRow) -> None:
    tile = sliding_tile(target, outputs, row)
    assert tile.rows <= outputs
    assert tile.rows * tile.columns + tile.columns <= target.registers


@given(TARGETS, st.integers(1, 600), st.integers(1, 40))
def test_a_dense_tile_fits_into_registers_and_into_address_registers(
    target: CpuTarget, outputs: int, vectors: int
) -> None:
    tile = dense_tile(target, outputs, vectors)
    assert tile.rows <= min(8, outputs)
    assert tile.columns <= vectors
    assert tile.rows * tile.columns + tile.columns <= target.registers


@given(TARGETS, st.integers(1, 100), st.integers(1, 100), st.integers(1, 17))
def test_a_weight_gradient_tile_never_reaches_past_the_weights(
    target: CpuTarget, outputs: int, inputs: int, taps: int
) -> None:
    tile = weight_gradient_tile(target, outputs, inputs, taps)
    assert tile.rows <= outputs
    assert tile.columns == taps if 2 < taps < target.registers / 2 else tile.columns <= inputs
    assert tile.rows * tile.columns + min(tile.rows, tile.columns) < target.registers


@given(TARGETS, st.integers(1, 20), st.integers(1, 20))
def test_a_tile_of_untied_weights_fits_into_registers_and_divides_the_inputs(
    target: CpuTarget, outputs: int, inputs: int
) -> None:
    x, dy, dw = batched("x", inputs, 4, 4), batched("dy", outputs, 4, 4), plain("dw", outputs, 16, inputs, 1)
    tile = choose_tile(Node(ops.LocalWeightGradient(Window((1, 1))), (x, dy), (dw,), "layer"), target, 1)
    assert tile.rows <= outputs
    assert inputs % tile.columns == 0
    assert tile.rows * tile.columns + min(tile.rows, tile.columns) < target.registers


def real_taps(row: SlidingRow, output: int) -> int:
    """Taps of an output that are inside the input, counted one by one."""
    return sum(0 <= output * row.stride - row.before + t * row.dilation < row.size for t in range(row.taps))


@given(ROWS)
def test_the_interior_is_where_every_tap_is_real(row: SlidingRow) -> None:
    whole = [o for o in range(row.width) if real_taps(row, o) == row.taps]
    first, count = interior_outputs(row)
    assert whole == [*range(first, first + count)]


@given(ROWS, st.integers(1, 8))
def test_every_real_tap_of_a_row_is_summed_once(row: SlidingRow, columns: int) -> None:
    steps = row_steps(row, columns)
    taps = sum(real_taps(row, output) for output in range(row.width))
    assert steps.whole * columns + steps.border_columns + steps.single == taps
    assert steps.border_columns <= steps.border * columns
    assert steps.border == 0 or row.stride == 1


def test_layers_of_well_known_nets_get_full_tiles() -> None:
    assert sliding_tile(AVX512, 64, SlidingRow(56, 56, 3, before=1)).rows >= 8
    assert 500 % dense_tile(AVX512, 500, 4).rows <= 3
