"""Winograd's convolution with lanes = channels: patches to their 36 numbers, and products back to outputs.

Between the two stand sums over channels, one for each of the 36: `sums.py` does them as it does any sum, seen
as a map of 36 rows with a patch a column, each row with weights of its own.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.channels.products import raised_by
from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, rows, save
from netspec.kernels.cpu.language.vector import load, splat, store
from netspec.kernels.cpu.layers.activations import IDENTITY, activate
from netspec.kernels.cpu.winograd.transforms import outputs_2, outputs_4, transform_input, transform_input_within
from netspec.targets.cpu.patches import PATCH


class Patches(NamedTuple):
    """The first words of both kernels: a map, and the 36 numbers of its patches, a plane each."""

    map: ChannelMap
    height: int
    width: int
    vectors: int
    numbers: ChannelMap
    plane: int
    patches_y: int
    patches_x: int
    side: int


class TransformPatches(NamedTuple):
    """Words of `transform_patches`."""

    patches: Patches
    before_y: int
    before_x: int


class GivePatches(NamedTuple):
    """Words of `give_patches`."""

    patches: Patches
    bias: int
    activation: int
    slope: float


PATCHES, TAKEN, GIVEN = places(Patches), places(TransformPatches), places(GivePatches)


@routine
def _place(d, unit):
    """image, vector, row of patches of a unit"""
    part = unit // d[PATCHES.patches_y]
    return part // d[PATCHES.vectors], part % d[PATCHES.vectors], unit % d[PATCHES.patches_y]


@kernel
def transform_patches(tile, arena, d: Words[TransformPatches], state, begin, end, thread):
    """Unit: a row of patches of a vector of channels. What lies outside the map is zero."""
    step, spare = lanes(tile), state[SCRATCH]
    store(arena, spare, splat(tile, 0.0))
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        x = d[PATCHES.map.place] + image * d[PATCHES.map.image] + vector * d[PATCHES.map.vector]
        into = (
            d[PATCHES.numbers.place]
            + image * d[PATCHES.numbers.image]
            + vector * d[PATCHES.numbers.vector]
            + row * d[PATCHES.patches_x] * step
        )
        y0 = row * d[PATCHES.side] - d[TAKEN.before_y]
        i0, i1 = max(0, -y0), min(PATCH, d[PATCHES.height] - y0)
        for column in range(d[PATCHES.patches_x]):
            x0 = column * d[PATCHES.side] - d[TAKEN.before_x]
            j0, j1 = max(0, -x0), min(PATCH, d[PATCHES.width] - x0)
            at, down = x + (y0 * d[PATCHES.width] + x0) * step, d[PATCHES.width] * step
            beyond = PATCH * d[PATCHES.plane]
            if i0 > 0 or j0 > 0 or i1 < PATCH or j1 < PATCH:
                transform_input_within(
                    tile, arena, at, down, step, i0, i1, j0, j1, spare, into, beyond, d[PATCHES.plane]
                )
            else:
                transform_input(tile, arena, at, down, step, into, beyond, d[PATCHES.plane])
            into += step


@routine
def _finish(tile, registers, arena, d, y, height, width, spare):
    """The first `height` rows and `width` columns of a patch's outputs to their place, activated."""
    step, down = lanes(tile), d[PATCHES.width] * lanes(tile)
    save(registers, arena, spare, columns(registers) * step, step, rows(registers))
    for i in range(min(height, rows(registers))):
        for j in range(min(width, columns(registers))):
            value = load(tile, arena, spare + (i * columns(registers) + j) * step)
            if d[GIVEN.activation] != IDENTITY:
                value = activate(value, d[GIVEN.activation], real(d, GIVEN.slope))
            store(arena, y + i * down + j * step, value)


@kernel
def give_patches(tile, arena, d: Words[GivePatches], state, begin, end, thread):
    """Unit: a row of patches of a vector of output channels."""
    step, spare = lanes(tile), state[SCRATCH]
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        y = (
            d[PATCHES.map.place]
            + image * d[PATCHES.map.image]
            + vector * d[PATCHES.map.vector]
            + row * d[PATCHES.side] * d[PATCHES.width] * step
        )
        at = (
            d[PATCHES.numbers.place]
            + image * d[PATCHES.numbers.image]
            + vector * d[PATCHES.numbers.vector]
            + row * d[PATCHES.patches_x] * step
        )
        bias, height = load(tile, arena, d[GIVEN.bias] + vector * step), d[PATCHES.height] - row * d[PATCHES.side]
        for column in range(d[PATCHES.patches_x]):
            width = d[PATCHES.width] - column * d[PATCHES.side]
            if d[PATCHES.side] == 4:
                four = raised_by(outputs_4(tile, arena, at, PATCH * d[PATCHES.plane], d[PATCHES.plane]), bias)
                _finish(tile, four, arena, d, y, height, width, spare)
            else:
                two = raised_by(outputs_2(tile, arena, at, PATCH * d[PATCHES.plane], d[PATCHES.plane]), bias)
                _finish(tile, two, arena, d, y, height, width, spare)
            y += d[PATCHES.side] * step
            at += step
