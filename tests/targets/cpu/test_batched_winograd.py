"""A thread's scratch where all input tiles of a batch are multiplied together."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.targets.cpu.batched_winograd import CHUNK, BatchedWinograd
from netspec.targets.cpu.program import Tile

TILES = st.builds(Tile, st.integers(1, 14), st.integers(1, 4))


@given(st.integers(1, 600), st.integers(1, 600), st.integers(1, 8), TILES, st.sampled_from((4, 8, 16)))
def test_everything_lies_beside_everything_else(outputs: int, inputs: int, input_tiles: int, tile: Tile, lanes: int):
    form = BatchedWinograd(outputs, inputs, input_tiles, tile, lanes)
    assert input_tiles <= form.width < input_tiles + tile.columns
    assert form.data_plane > inputs * form.width * lanes
    blocks = min(CHUNK, -(-outputs // tile.rows))
    assert form.products_plane > blocks * tile.rows * form.width * lanes
    assert form.filters.blocks == blocks
    assert form.floats == 36 * (form.data_plane + form.products_plane + lanes) + form.filters.floats
