"""Winograd's convolution where filters outweigh input tiles: many channels, small maps.

See `targets/cpu/batched_winograd.py`.

A thread transforms all input tiles of a batch and multiplies them with the filters of its own output channels. It
transforms those filters some blocks at a time: in memory they would be four times as large as the weights, written once
and read once a strip. The sums are those of `convolution.py`, to the same bits.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.state import GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, rows
from netspec.kernels.cpu.winograd.convolution import (
    CONVOLVE,
    Convolve,
    TransformFilters,
    multiply_tile,
    transform_filter_block,
    transform_input_tiles,
    transform_output_tile,
)
from netspec.targets.cpu.winograd_tiles import PRODUCTS


class ConvolveBatched(NamedTuple):
    """Words of `convolve_batched`: those of `convolve`, whose filters are in scratch; the width of a row of input
    tiles; the blocks of a chunk; the floats of its filters; planes of one of the 36 numbers; then the weights."""

    convolve: Convolve
    input_tiles: int
    chunk: int
    filters: int
    data_plane: int
    products_plane: int
    packing: TransformFilters


BATCHED = places(ConvolveBatched)


@routine
def _multiply(tile, arena, d, data, filters, products, blocks, input_tiles):
    """The sums over input channels of each of the 36 numbers of all input tiles, for some blocks of output channels."""
    width, height = d[BATCHED.input_tiles] * lanes(tile), rows(tile)
    for e in range(PRODUCTS):
        x = data + e * d[BATCHED.data_plane]
        y = products + e * d[BATCHED.products_plane]
        w = filters + e * d[CONVOLVE.weights.plane]
        for _ in range(blocks):
            for t in range(0, input_tiles, columns(tile)):
                multiply_tile(tile, arena, x + t * lanes(tile), width, w, d[CONVOLVE.inputs], y + t * lanes(tile))
            w += d[CONVOLVE.weights.block]
            y += height * width


@kernel
def convolve_batched(tile, arena, d: Words[ConvolveBatched], state, begin, end, thread):
    """Unit: a block of output channels, of all input tiles of the batch."""
    step, width = lanes(tile), d[BATCHED.input_tiles] * lanes(tile)
    across = (d[CONVOLVE.y.width] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]
    input_tiles = across * ((d[CONVOLVE.y.height] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]) * state[GROUPS]
    data = state[SCRATCH]
    filters = data + PRODUCTS * d[BATCHED.data_plane]
    products = filters + d[BATCHED.filters]
    scratch = products + PRODUCTS * d[BATCHED.products_plane]
    transform_input_tiles(tile, arena, d, 0, input_tiles, across, data, width, d[BATCHED.data_plane], scratch)
    first = begin
    while first < end:
        blocks = min(d[BATCHED.chunk], end - first)
        for b in range(blocks):
            transform_filter_block(
                tile, arena, d, BATCHED.packing.source, first + b, filters + b * d[CONVOLVE.weights.block], scratch
            )
        _multiply(tile, arena, d, data, filters, products, blocks, input_tiles)
        k, last = first * rows(tile), min((first + blocks) * rows(tile), d[CONVOLVE.outputs])
        for n in range(input_tiles):
            transform_output_tile(
                tile, arena, d, n, across, k, last, products + n * step, width, d[BATCHED.products_plane], scratch
            )
        first += blocks
