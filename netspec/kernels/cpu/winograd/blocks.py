"""Winograd's convolution where kernels outweigh patches: many channels, small maps.

See `targets/cpu/patches_at_once.py`.

All patches of a batch are taken at once, and a thread multiplies them with its own output channels' kernels, which it
transforms some blocks at a time: in memory they would be four times what was given, written once and read once a strip.
The sums are those of `convolution.py`, to the same bits.
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
    TransformWeights,
    give_patch,
    multiply_tile,
    take_patches,
    transform_block,
)
from netspec.targets.cpu.patches import PRODUCTS


class ConvolveBlocks(NamedTuple):
    """Words of `convolve_blocks`: those of `convolve`, whose weights lie in scratch, the patches side by side, the
    blocks of a chunk, the numbers of its kernels, and planes of one of the 36 numbers; then the weights as given."""

    convolve: Convolve
    at_once: int
    chunk: int
    kernels: int
    data_plane: int
    products_plane: int
    packing: TransformWeights


BLOCKS = places(ConvolveBlocks)


@routine
def _multiply(tile, arena, d, data, kernels, products, blocks, patches):
    """Of each of the 36 numbers of all patches, the sums over input channels for some blocks of output channels."""
    width, height = d[BLOCKS.at_once] * lanes(tile), rows(tile)
    for e in range(PRODUCTS):
        x = data + e * d[BLOCKS.data_plane]
        y = products + e * d[BLOCKS.products_plane]
        w = kernels + e * d[CONVOLVE.weights.plane]
        for _ in range(blocks):
            for t in range(0, patches, columns(tile)):
                multiply_tile(tile, arena, x + t * lanes(tile), width, w, d[CONVOLVE.inputs], y + t * lanes(tile))
            w += d[CONVOLVE.weights.block]
            y += height * width


@kernel
def convolve_blocks(tile, arena, d: Words[ConvolveBlocks], state, begin, end, thread):
    """The convolution. Unit: a block of output channels, of every patch of the batch."""
    step, width = lanes(tile), d[BLOCKS.at_once] * lanes(tile)
    across = (d[CONVOLVE.y.width] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]
    patches = across * ((d[CONVOLVE.y.height] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]) * state[GROUPS]
    data = state[SCRATCH]
    kernels = data + PRODUCTS * d[BLOCKS.data_plane]
    products = kernels + d[BLOCKS.kernels]
    spare = products + PRODUCTS * d[BLOCKS.products_plane]
    take_patches(tile, arena, d, 0, patches, across, data, width, d[BLOCKS.data_plane], spare)
    first = begin
    while first < end:
        blocks = min(d[BLOCKS.chunk], end - first)
        for b in range(blocks):
            transform_block(
                tile, arena, d, BLOCKS.packing.source, first + b, kernels + b * d[CONVOLVE.weights.block], spare
            )
        _multiply(tile, arena, d, data, kernels, products, blocks, patches)
        k, last = first * rows(tile), min((first + blocks) * rows(tile), d[CONVOLVE.outputs])
        for n in range(patches):
            give_patch(tile, arena, d, n, across, k, last, products + n * step, width, d[BLOCKS.products_plane], spare)
        first += blocks
