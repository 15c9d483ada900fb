"""Winograd's convolution with lanes = channels: patches to their 36 numbers, and products back to outputs.

Between the two stand sums over channels, one for each of the 36: `channel_sums.py` does them as it does any sum, seen
as a map of 36 rows with a patch a column, each row with weights of its own.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import IDENTITY, activate
from netspec.kernels.cpu.channel_products import raised_by
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, rows, save
from netspec.kernels.cpu.vector import load, splat, store
from netspec.kernels.cpu.winograd_rules import SIZE
from netspec.kernels.cpu.winograd_transforms import outputs_2, outputs_4, transform_input, transform_input_within

# Words of both descriptors: a map, and the 36 numbers of its patches, a plane each. Strides count float32 numbers.
(MAP, MAP_IMAGE, MAP_VECTOR, HEIGHT, WIDTH, VECTORS) = range(6)
(NUMBERS, NUMBERS_IMAGE, NUMBERS_VECTOR, PLANE, PATCHES_Y, PATCHES_X, SIDE) = range(6, 13)
BEFORE_Y, BEFORE_X = range(13, 15)
BIAS, ACTIVATION, SLOPE = range(13, 16)


@routine
def _place(d, unit):
    """image, vector, row of patches of a unit"""
    part = unit // d[PATCHES_Y]
    return part // d[VECTORS], part % d[VECTORS], unit % d[PATCHES_Y]


@kernel
def transform_patches(tile, arena, d, state, begin, end, thread):
    """Unit: a row of patches of a vector of channels. What lies outside the map is zero."""
    step, spare = lanes(tile), state[SCRATCH]
    store(arena, spare, splat(tile, 0.0))
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        x = d[MAP] + image * d[MAP_IMAGE] + vector * d[MAP_VECTOR]
        into = d[NUMBERS] + image * d[NUMBERS_IMAGE] + vector * d[NUMBERS_VECTOR] + row * d[PATCHES_X] * step
        y0 = row * d[SIDE] - d[BEFORE_Y]
        i0, i1 = max(0, -y0), min(SIZE, d[HEIGHT] - y0)
        for column in range(d[PATCHES_X]):
            x0 = column * d[SIDE] - d[BEFORE_X]
            j0, j1 = max(0, -x0), min(SIZE, d[WIDTH] - x0)
            at, down, beyond = x + (y0 * d[WIDTH] + x0) * step, d[WIDTH] * step, SIZE * d[PLANE]
            if i0 > 0 or j0 > 0 or i1 < SIZE or j1 < SIZE:
                transform_input_within(tile, arena, at, down, step, i0, i1, j0, j1, spare, into, beyond, d[PLANE])
            else:
                transform_input(tile, arena, at, down, step, into, beyond, d[PLANE])
            into += step


@routine
def _finish(tile, registers, arena, d, y, height, width, spare):
    """The first `height` rows and `width` columns of a patch's outputs to their place, activated."""
    step, down = lanes(tile), d[WIDTH] * lanes(tile)
    save(registers, arena, spare, columns(registers) * step, step, rows(registers))
    for i in range(min(height, rows(registers))):
        for j in range(min(width, columns(registers))):
            value = load(tile, arena, spare + (i * columns(registers) + j) * step)
            if d[ACTIVATION] != IDENTITY:
                value = activate(value, d[ACTIVATION], real(d, SLOPE))
            store(arena, y + i * down + j * step, value)


@kernel
def give_patches(tile, arena, d, state, begin, end, thread):
    """Unit: a row of patches of a vector of output channels."""
    step, spare = lanes(tile), state[SCRATCH]
    for unit in range(begin, end):
        image, vector, row = _place(d, unit)
        y = d[MAP] + image * d[MAP_IMAGE] + vector * d[MAP_VECTOR] + row * d[SIDE] * d[WIDTH] * step
        at = d[NUMBERS] + image * d[NUMBERS_IMAGE] + vector * d[NUMBERS_VECTOR] + row * d[PATCHES_X] * step
        bias, height = load(tile, arena, d[BIAS] + vector * step), d[HEIGHT] - row * d[SIDE]
        for column in range(d[PATCHES_X]):
            width = d[WIDTH] - column * d[SIDE]
            if d[SIDE] == 4:
                four = raised_by(outputs_4(tile, arena, at, SIZE * d[PLANE], d[PLANE]), bias)
                _finish(tile, four, arena, d, y, height, width, spare)
            else:
                two = raised_by(outputs_2(tile, arena, at, SIZE * d[PLANE], d[PLANE]), bias)
                _finish(tile, two, arena, d, y, height, width, spare)
            y += d[SIDE] * step
            at += step
