"""Copies of maps whose lanes hold channels: with padding, or in another order of numbers."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, store


class Pad(NamedTuple):
    """Words of `pad`. Strides count float32 numbers."""

    x: ChannelMap
    height: int
    width: int
    vector_channels: int
    vectors: int
    copy: int
    copy_image: int
    copy_rows: int
    copy_columns: int
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


PAD, REARRANGE = places(Pad), places(Rearrange)


@routine
def _source_row(d, row):
    """The row of x that a row of the copy holds, or -1 for a row of zeros."""
    place = row - d[PAD.before_y]
    inside = place >= 0 and place % d[PAD.spacing_y] == 0 and place // d[PAD.spacing_y] < d[PAD.height]
    return place // d[PAD.spacing_y] if inside else -1


@routine
def _clear(arena, into, first, last, vector_channels):
    """Zeros in columns first … last - 1 of a row of the copy."""
    for k in range(into + first * vector_channels, into + last * vector_channels):
        arena[k] = np.float32(0.0)


@routine
def _copy_row(tile, arena, d, x, into):
    """A row of x between zeros."""
    vector_channels, columns, before = d[PAD.vector_channels], d[PAD.copy_columns], d[PAD.before_x]
    first = max(0, before)
    last = max(first, min(columns, before + d[PAD.width]))
    _clear(arena, into, 0, first, vector_channels)
    at = x + (first - before) * vector_channels
    if vector_channels == 1:
        for k in range(last - first):
            arena[into + first + k] = arena[at + k]
    else:
        for k in range(first, last):
            store(arena, into + k * vector_channels, load(tile, arena, at))
            at += vector_channels
    _clear(arena, into, last, columns, vector_channels)


@routine
def _spread_row(tile, arena, d, x, into):
    """A row of x whose pixels are apart in the copy, with zeros between; pixels outside it are left out."""
    vector_channels = d[PAD.vector_channels]
    _clear(arena, into, 0, d[PAD.copy_columns], vector_channels)
    k = d[PAD.before_x]
    for _ in range(d[PAD.width]):
        if 0 <= k < d[PAD.copy_columns]:
            at = into + k * vector_channels
            if vector_channels == 1:
                arena[at] = arena[x]
            else:
                store(arena, at, load(tile, arena, x))
        x += vector_channels
        k += d[PAD.spacing_x]


@kernel
def pad(tile, arena, d: Words[Pad], state, begin, end, thread):
    """x with zeros around and between its pixels. Unit: a row of a vector of channels."""
    row_columns = d[PAD.copy_columns]
    for unit in range(begin, end):
        row, part = unit % d[PAD.copy_rows], unit // d[PAD.copy_rows]
        into = (
            d[PAD.copy]
            + part // d[PAD.vectors] * d[PAD.copy_image]
            + (part % d[PAD.vectors] * d[PAD.copy_rows] + row) * row_columns * d[PAD.vector_channels]
        )
        y = _source_row(d, row)
        x = (
            d[PAD.x.place]
            + part // d[PAD.vectors] * d[PAD.x.image]
            + part % d[PAD.vectors] * d[PAD.x.vector]
            + y * d[PAD.width] * d[PAD.vector_channels]
        )
        if y < 0:
            _clear(arena, into, 0, row_columns, d[PAD.vector_channels])
        elif d[PAD.spacing_x] == 1:
            _copy_row(tile, arena, d, x, into)
        else:
            _spread_row(tile, arena, d, x, into)


@kernel
def rearrange(tile, arena, d: Words[Rearrange], state, begin, end, thread):
    """The numbers of a map, in the order of channel, row and column, as numbers of another from `first_number` on: a
    reshape, or a part of a concatenation. Unit: a channel of the source, of an image."""
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
