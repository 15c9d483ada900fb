"""How the input tiles of a weight gradient are cut into units of work."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.targets.cpu.program import Tile
from netspec.targets.cpu.winograd_tiles import PRODUCTS
from netspec.targets.cpu.winograd_weight_blocks import BLOCK, CHUNK_FLOATS, LEAST, MOST, UNITS, weight_blocks

CHANNELS = st.integers(1, 600)
SIDES, LANES = st.sampled_from((2, 4)), st.sampled_from((4, 8, 16))
TILES = st.builds(Tile, st.integers(1, 14), st.integers(1, 4))


@given(CHANNELS, CHANNELS, st.integers(1, 4000), SIDES, TILES, LANES)
def test_blocks_of_whole_tiles_cover_all_channels(
    outputs: int, inputs: int, input_tiles: int, side: int, tile: Tile, lanes: int
):
    cut = weight_blocks(outputs, inputs, input_tiles, side, tile, lanes)
    for channels, blocks, block, size in (
        (outputs, cut.output_blocks, cut.outputs, tile.rows),
        (inputs, cut.input_blocks, cut.inputs, tile.columns * lanes),
    ):
        assert (blocks - 1) * block < channels <= blocks * block
        assert block % size == 0
        assert block <= max(BLOCK, size)


@given(CHANNELS, CHANNELS, st.integers(1, 4000), SIDES, TILES, LANES)
def test_patches_are_cut_only_where_blocks_are_few(
    outputs: int, inputs: int, input_tiles: int, side: int, tile: Tile, lanes: int
):
    cut = weight_blocks(outputs, inputs, input_tiles, side, tile, lanes)
    assert 1 <= cut.parts <= -(-input_tiles // cut.chunk)
    assert cut.parts == 1 or (cut.parts - 1) * cut.output_blocks * cut.input_blocks < UNITS


@given(CHANNELS, CHANNELS, SIDES, TILES, LANES)
def test_chunks_are_small_where_channels_are_many(outputs: int, inputs: int, side: int, tile: Tile, lanes: int):
    cut = weight_blocks(outputs, inputs, 4000, side, tile, lanes)
    assert LEAST <= cut.chunk * lanes <= MOST
    assert cut.chunk * lanes == LEAST or PRODUCTS * (cut.outputs + cut.inputs) * cut.chunk * lanes <= CHUNK_FLOATS


def test_no_plane_is_a_multiple_of_a_page() -> None:
    cut = weight_blocks(128, 128, 64, 4, Tile(8, 2), 16)
    assert all(4 * plane % 4096 for plane in (cut.sum_plane, cut.data_plane, cut.cotangent_plane))
