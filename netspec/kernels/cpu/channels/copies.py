"""Copies with lanes = channels: maps with zeros around them, and numbers in another order."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, store


class Surround(NamedTuple):
    """Words of `surround`. Strides count float32 numbers."""

    x: ChannelMap
    height: int
    width: int
    vector_channels: int
    vectors: int
    copy: int
    copy_image: int
    copy_rows: int
    phases: int
    phase_columns: int
    before_y: int
    before_x: int
    spacing_y: int
    spacing_x: int


class Rearrange(NamedTuple):
    """Words of `rearrange`; the channels are the source's."""

    source: int
    source_image: int
    source_pixels: int
    source_vector_channels: int
    source_vector: int
    result: int
    result_image: int
    result_pixels: int
    result_vector: int
    first_number: int
    channels: int


SURROUND, REARRANGE = places(Surround), places(Rearrange)


@routine
def _source_row(d, row):
    """The row of x that stands at a row of the copy, or -1 where zeros do."""
    place = row - d[SURROUND.before_y]
    inside = place >= 0 and place % d[SURROUND.spacing_y] == 0 and place // d[SURROUND.spacing_y] < d[SURROUND.height]
    return place // d[SURROUND.spacing_y] if inside else -1


@routine
def _spread_row(tile, arena, d, x, into):
    """The pixels of a row of x to their places in a row of the copy, as far as it has them."""
    vector_channels = d[SURROUND.vector_channels]
    phases = d[SURROUND.phases]
    phase = d[SURROUND.before_x] % d[SURROUND.phases]
    k = d[SURROUND.before_x] // d[SURROUND.phases]
    for _ in range(d[SURROUND.width]):
        if 0 <= k < d[SURROUND.phase_columns]:
            at = into + (phase * d[SURROUND.phase_columns] + k) * vector_channels
            if vector_channels == 1:
                arena[at] = arena[x]
            else:
                store(arena, at, load(tile, arena, x))
        x += vector_channels
        phase += d[SURROUND.spacing_x]
        while phase >= phases:
            phase -= phases
            k += 1


@kernel
def surround(tile, arena, d: Words[Surround], state, begin, end, thread):
    """x with zeros around its pixels and between them, columns sorted by phase. Unit: a row of a vector of channels."""
    row_floats = d[SURROUND.phases] * d[SURROUND.phase_columns] * d[SURROUND.vector_channels]
    for unit in range(begin, end):
        row, part = unit % d[SURROUND.copy_rows], unit // d[SURROUND.copy_rows]
        into = (
            d[SURROUND.copy]
            + part // d[SURROUND.vectors] * d[SURROUND.copy_image]
            + (part % d[SURROUND.vectors] * d[SURROUND.copy_rows] + row) * row_floats
        )
        for k in range(row_floats):
            arena[into + k] = np.float32(0.0)
        y = _source_row(d, row)
        if y >= 0:
            x = (
                d[SURROUND.x.place]
                + part // d[SURROUND.vectors] * d[SURROUND.x.image]
                + part % d[SURROUND.vectors] * d[SURROUND.x.vector]
                + y * d[SURROUND.width] * d[SURROUND.vector_channels]
            )
            _spread_row(tile, arena, d, x, into)


@kernel
def rearrange(tile, arena, d: Words[Rearrange], state, begin, end, thread):
    """The numbers of a map, in the order of channel, row and column, as numbers of another from `first_number` on: a
    reshape, or a piece of a concatenation. Unit: a channel of the source, of an image, its pixels one after the other.
    """
    step, pixels, others = lanes(tile), d[REARRANGE.source_pixels], d[REARRANGE.result_pixels]
    for unit in range(begin, end):
        image, channel = unit // d[REARRANGE.channels], unit % d[REARRANGE.channels]
        source = d[REARRANGE.source] + image * d[REARRANGE.source_image]
        source += (
            channel // d[REARRANGE.source_vector_channels] * d[REARRANGE.source_vector]
            + channel % d[REARRANGE.source_vector_channels]
        )
        result = d[REARRANGE.result] + image * d[REARRANGE.result_image]
        for pixel in range(pixels):
            number = d[REARRANGE.first_number] + channel * pixels + pixel
            k = number // others
            into = result + k // step * d[REARRANGE.result_vector] + number % others * step + k % step
            arena[into] = arena[source + pixel * d[REARRANGE.source_vector_channels]]
