"""Copies with lanes = channels: maps with zeros around them, and numbers in another order."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import load, splat, store

# Words of the descriptor of `surround`. Strides count float32 numbers.
(X, X_IMAGE, X_VECTOR, HEIGHT, WIDTH, ABREAST, VECTORS) = range(7)
(COPY, COPY_IMAGE, COPY_ROWS, PHASES, PHASE_COLUMNS) = range(7, 12)
(BEFORE_Y, BEFORE_X, SPACING_Y, SPACING_X) = range(12, 16)

# Words of the descriptor of `rearrange`.
(SOURCE, SOURCE_IMAGE, SOURCE_PIXELS, SOURCE_ABREAST, SOURCE_VECTOR) = range(5)
(RESULT, RESULT_IMAGE, RESULT_PIXELS, RESULT_VECTOR, FIRST_NUMBER) = range(5, 10)


@routine
def _pixel(position, before, spacing, size):
    """The row or column of x that stands at a position of the copy, or -1 where zeros do."""
    place = position - before
    inside = place >= 0 and place % spacing == 0 and place // spacing < size
    return place // spacing if inside else -1


@kernel
def surround(tile, arena, d, state, begin, end, thread):
    """x with zeros around its pixels and between them, columns sorted by phase. Unit: a row of a vector of channels."""
    abreast, row_floats = d[ABREAST], d[PHASES] * d[PHASE_COLUMNS] * d[ABREAST]
    for unit in range(begin, end):
        row, part = unit % d[COPY_ROWS], unit // d[COPY_ROWS]
        into = d[COPY] + part // d[VECTORS] * d[COPY_IMAGE] + (part % d[VECTORS] * d[COPY_ROWS] + row) * row_floats
        y = _pixel(row, d[BEFORE_Y], d[SPACING_Y], d[HEIGHT])
        x = d[X] + part // d[VECTORS] * d[X_IMAGE] + part % d[VECTORS] * d[X_VECTOR] + y * d[WIDTH] * abreast
        for phase in range(d[PHASES]):
            for k in range(d[PHASE_COLUMNS]):
                column = _pixel(k * d[PHASES] + phase, d[BEFORE_X], d[SPACING_X], d[WIDTH]) if y >= 0 else -1
                if abreast == 1:
                    arena[into] = arena[x + column] if column >= 0 else np.float32(0.0)
                elif column >= 0:
                    store(arena, into, load(tile, arena, x + column * abreast))
                else:
                    store(arena, into, splat(tile, 0.0))
                into += abreast


@kernel
def rearrange(tile, arena, d, state, begin, end, thread):
    """The numbers of a map, in the order of channel, row and column, as numbers of another from FIRST_NUMBER on: a
    reshape, or a piece of a concatenation. Unit: a channel of the source, of an image, its pixels one after the other.
    """
    step, pixels, others = lanes(tile), d[SOURCE_PIXELS], d[RESULT_PIXELS]
    for unit in range(begin, end):
        image, channel = unit // d[FIRST_NUMBER + 1], unit % d[FIRST_NUMBER + 1]
        source = d[SOURCE] + image * d[SOURCE_IMAGE]
        source += channel // d[SOURCE_ABREAST] * d[SOURCE_VECTOR] + channel % d[SOURCE_ABREAST]
        result = d[RESULT] + image * d[RESULT_IMAGE]
        for pixel in range(pixels):
            number = d[FIRST_NUMBER] + channel * pixels + pixel
            k = number // others
            into = result + k // step * d[RESULT_VECTOR] + number % others * step + k % step
            arena[into] = arena[source + pixel * d[SOURCE_ABREAST]]
