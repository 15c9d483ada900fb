"""The input and output transform of Winograd's convolution whose lanes hold channels.

The sums over channels in between, one for each of the 36 numbers, are done by `sums.py` like any sum over windows: of a
map of 36 rows with a tile a column, each row with weights of its own.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.channels.products import plus_vector
from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, rows, save
from netspec.kernels.cpu.language.vector import load, splat, store
from netspec.kernels.cpu.layers.activations import IDENTITY, activate
from netspec.kernels.cpu.winograd.transforms import (
    transform_input,
    transform_input_within,
    transform_output_2,
    transform_output_4,
)
from netspec.targets.cpu.winograd_tiles import INPUT_TILE


class TileTransform(NamedTuple):
    """The first words of both kernels: a map, and the 36 numbers of its tiles, a plane each."""

    map: ChannelMap
    height: int
    width: int
    vectors: int
    numbers: ChannelMap
    plane: int
    tiles_y: int
    tiles_x: int
    side: int


class InputTransform(NamedTuple):
    """Words of `transform_input_tiles`."""

    tiles: TileTransform
    before_y: int
    before_x: int


class OutputTransform(NamedTuple):
    """Words of `transform_output_tiles`."""

    tiles: TileTransform
    bias: int
    activation: int
    slope: float


TILES, INPUT, OUTPUT = places(TileTransform), places(InputTransform), places(OutputTransform)


@routine
def _place(d, unit):
    """(image, vector, row of tiles) of a unit"""
    part = unit // d[TILES.tiles_y]
    return part // d[TILES.vectors], part % d[TILES.vectors], unit % d[TILES.tiles_y]


@kernel
def transform_input_tiles(tile, arena, d: Words[InputTransform], state, begin, end, thread):
    """Unit: a row of input tiles of a vector of channels. Inputs outside the map are zero."""
    step, scratch = lanes(tile), state[SCRATCH]
    store(arena, scratch, splat(tile, 0.0))
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        x = d[TILES.map.place] + image * d[TILES.map.image] + vector * d[TILES.map.vector]
        into = (
            d[TILES.numbers.place]
            + image * d[TILES.numbers.image]
            + vector * d[TILES.numbers.vector]
            + row * d[TILES.tiles_x] * step
        )
        y0 = row * d[TILES.side] - d[INPUT.before_y]
        i0, i1 = max(0, -y0), min(INPUT_TILE, d[TILES.height] - y0)
        for column in range(d[TILES.tiles_x]):
            x0 = column * d[TILES.side] - d[INPUT.before_x]
            j0, j1 = max(0, -x0), min(INPUT_TILE, d[TILES.width] - x0)
            at, down = x + (y0 * d[TILES.width] + x0) * step, d[TILES.width] * step
            down_step = INPUT_TILE * d[TILES.plane]
            if i0 > 0 or j0 > 0 or i1 < INPUT_TILE or j1 < INPUT_TILE:
                transform_input_within(
                    tile, arena, at, down, step, i0, i1, j0, j1, scratch, into, down_step, d[TILES.plane]
                )
            else:
                transform_input(tile, arena, at, down, step, into, down_step, d[TILES.plane])
            into += step


@routine
def _store_outputs(tile, registers, arena, d, y, height, width, scratch):
    """Stores the first `height` rows and `width` columns of an output tile, activated."""
    step, down = lanes(tile), d[TILES.width] * lanes(tile)
    save(registers, arena, scratch, columns(registers) * step, step, rows(registers))
    for i in range(min(height, rows(registers))):
        for j in range(min(width, columns(registers))):
            value = load(tile, arena, scratch + (i * columns(registers) + j) * step)
            if d[OUTPUT.activation] != IDENTITY:
                value = activate(value, d[OUTPUT.activation], real(d, OUTPUT.slope))
            store(arena, y + i * down + j * step, value)


@kernel
def transform_output_tiles(tile, arena, d: Words[OutputTransform], state, begin, end, thread):
    """Unit: a row of output tiles of a vector of output channels."""
    step, scratch = lanes(tile), state[SCRATCH]
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        y = (
            d[TILES.map.place]
            + image * d[TILES.map.image]
            + vector * d[TILES.map.vector]
            + row * d[TILES.side] * d[TILES.width] * step
        )
        at = (
            d[TILES.numbers.place]
            + image * d[TILES.numbers.image]
            + vector * d[TILES.numbers.vector]
            + row * d[TILES.tiles_x] * step
        )
        bias, height = load(tile, arena, d[OUTPUT.bias] + vector * step), d[TILES.height] - row * d[TILES.side]
        for column in range(d[TILES.tiles_x]):
            width = d[TILES.width] - column * d[TILES.side]
            if d[TILES.side] == 4:
                four = plus_vector(
                    transform_output_4(tile, arena, at, INPUT_TILE * d[TILES.plane], d[TILES.plane]), bias
                )
                _store_outputs(tile, four, arena, d, y, height, width, scratch)
            else:
                two = plus_vector(
                    transform_output_2(tile, arena, at, INPUT_TILE * d[TILES.plane], d[TILES.plane]), bias
                )
                _store_outputs(tile, two, arena, d, y, height, width, scratch)
            y += d[TILES.side] * step
            at += step
