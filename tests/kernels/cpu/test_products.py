"""Products that are added over several positions at a time, as far as registers go."""

import pytest

from netspec.kernels.cpu.language.products import run_of
from netspec.kernels.cpu.language.tile import tile_shape
from netspec.schedule.cpu.tiles import weight_gradient_tile
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, SSE, CpuTarget
from netspec.targets.cpu.program import Tile

TARGETS = (AVX512, AVX2, SSE, NEON)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("taps", [3, 5, 7])
def test_a_run_stays_in_the_registers_of_its_target(taps: int, target: CpuTarget) -> None:
    tile = weight_gradient_tile(target, 64, 64, taps)
    run = run_of(tile_shape(tile, target))
    vectors = tile.rows * tile.columns + tile.columns + run - 1 + 1
    assert 1 <= run <= 4
    assert vectors <= target.registers or run == 1


def test_targets_of_as_many_lanes_have_runs_of_their_own() -> None:
    assert [run_of(tile_shape(Tile(4, 2), target)) for target in TARGETS] == [4, 4, 4, 4]
    assert [run_of(tile_shape(Tile(3, 3), target)) for target in TARGETS] == [4, 4, 3, 4]
    assert [run_of(tile_shape(Tile(5, 3), target)) for target in TARGETS] == [4, 1, 1, 4]
