"""Winograd's convolution where kernels outweigh patches: many channels, small maps. See `ir/patches_at_once.py`.

All patches of a batch are taken at once, and a thread multiplies them with its own output channels' kernels, which it
transforms some blocks at a time: in memory they would be four times what was given, written once and read once a strip.
The sums are those of `winograd.py`, to the same bits.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, rows
from netspec.kernels.cpu.winograd import (
    INPUTS,
    OUT_HEIGHT,
    OUT_WIDTH,
    OUTPUTS,
    SIDE,
    WEIGHT_BLOCK,
    WEIGHT_PLANE,
    give_patch,
    multiply_tile,
    take_patches,
    transform_block,
)
from netspec.kernels.cpu.winograd_rules import PRODUCTS

# Words of the descriptor of `convolve_blocks` behind those of `convolve`, whose words of weights tell how they lie in
# scratch; then those of `transform_weights`.
(AT_ONCE, CHUNK, KERNELS, DATA_PLANE, PRODUCTS_PLANE, PACKING) = range(25, 31)


@routine
def _multiply(tile, arena, d, data, kernels, products, blocks, patches):
    """Of each of the 36 numbers of all patches, the sums over input channels for some blocks of output channels."""
    width, height = d[AT_ONCE] * lanes(tile), rows(tile)
    for e in range(PRODUCTS):
        x, y, w = data + e * d[DATA_PLANE], products + e * d[PRODUCTS_PLANE], kernels + e * d[WEIGHT_PLANE]
        for _ in range(blocks):
            for t in range(0, patches, columns(tile)):
                multiply_tile(tile, arena, x + t * lanes(tile), width, w, d[INPUTS], y + t * lanes(tile))
            w += d[WEIGHT_BLOCK]
            y += height * width


@kernel
def convolve_blocks(tile, arena, d, state, begin, end, thread):
    """The convolution. Unit: a block of output channels, of every patch of the batch."""
    step, width = lanes(tile), d[AT_ONCE] * lanes(tile)
    across = (d[OUT_WIDTH] + d[SIDE] - 1) // d[SIDE]
    patches = across * ((d[OUT_HEIGHT] + d[SIDE] - 1) // d[SIDE]) * state[GROUPS]
    data = state[SCRATCH]
    kernels = data + PRODUCTS * d[DATA_PLANE]
    products = kernels + d[KERNELS]
    spare = products + PRODUCTS * d[PRODUCTS_PLANE]
    take_patches(tile, arena, d, 0, patches, across, data, width, d[DATA_PLANE], spare)
    first = begin
    while first < end:
        blocks = min(d[CHUNK], end - first)
        for b in range(blocks):
            transform_block(tile, arena, d, PACKING, first + b, kernels + b * d[WEIGHT_BLOCK], spare)
        _multiply(tile, arena, d, data, kernels, products, blocks, patches)
        k, last = first * rows(tile), min((first + blocks) * rows(tile), d[OUTPUTS])
        for n in range(patches):
            give_patch(tile, arena, d, n, across, k, last, products + n * step, width, d[PRODUCTS_PLANE], spare)
        first += blocks
