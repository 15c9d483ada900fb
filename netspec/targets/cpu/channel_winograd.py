"""Sizes of Winograd's convolution with lanes = channels: patches of 6x6 inputs, each 36 numbers a channel.

The 36 numbers of all patches are a map (C, 36, patches); its sums over channels are another, (K, 36, patches), whose
rows have weights of their own: the transformed kernels. A plane, the patches of one number, has a vector more than
patches, so that the numbers of a patch fall into different sets of the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Pair
from netspec.targets.cpu.channel_weights import PackedSum, packed_sum
from netspec.targets.cpu.channels import Sliding, as_map, sliding, vectors
from netspec.targets.cpu.patches import PATCH, PRODUCTS
from netspec.targets.cpu.program import Algorithm, Tile


@dataclass(frozen=True, slots=True)
class PackedWinograd:
    """`sums` are over the numbers of patches; behind its packed weights and zero biases come the layer's biases,
    `[vector][lanes]`. A patch gives `side` x `side` outputs."""

    sums: PackedSum
    patches: Pair
    side: int

    @property
    def plane_floats(self) -> int:
        """From one of the 36 numbers to the next."""
        return (self.patches[0] * self.patches[1] + 1) * self.sums.lanes

    @property
    def vector_floats(self) -> int:
        """From one vector of channels to the next."""
        return PRODUCTS * self.plane_floats

    @property
    def data_floats(self) -> int:
        """The transformed patches of one image."""
        return vectors(self.sums.shape.x[0], self.sums.lanes) * self.vector_floats

    @property
    def product_floats(self) -> int:
        """Their sums."""
        return self.sums.blocks * self.sums.columns * self.vector_floats

    @property
    def scratch_floats(self) -> int:
        """Both, of one image."""
        return self.data_floats + self.product_floats

    @property
    def patch_floats(self) -> int:
        """The outputs of a patch of a vector of channels, in a thread's scratch."""
        return self.side * self.side * self.sums.lanes

    @property
    def floats(self) -> int:
        """All packed weights and biases."""
        return self.sums.floats + vectors(self.sums.shape.y[0], self.sums.lanes) * self.sums.lanes


def applies(node: Node) -> bool:
    """Whether a node is a convolution that the algorithm can do."""
    match node.operation:
        case ops.Convolution(window, channel_groups):
            square = window.kernel in ((3, 3), (5, 5))
            return square and window.stride == window.dilation == (1, 1) and channel_groups == 1
        case _:
            return False


def packed_winograd(node: Node, tile: Tile, lanes: int) -> PackedWinograd:
    """The sizes of a convolution that is done so; x has `lanes` channels a vector."""
    assert isinstance(node.operation, ops.Convolution)
    (channels, _, _), (outputs, height, width) = node.inputs[0].shape, node.outputs[0].shape
    side = PATCH - node.operation.window.kernel[0] + 1
    patches = -(-height // side), -(-width // side)
    count = patches[0] * patches[1]
    shape = Sliding((channels, PRODUCTS, count), (outputs, PRODUCTS, count), (1, 1))
    return PackedWinograd(PackedSum(shape, "rows", lanes, lanes, tile.columns), patches, side)


def packed_floats(node: Node, tile: Tile, algorithm: Algorithm, vector_channels: int, lanes: int) -> int:
    """Numbers of the packed weights of a node, by whichever algorithm; 0 where it has none."""
    match node.operation:
        case ops.Convolution() if algorithm == "winograd":
            return packed_winograd(node, tile, lanes).floats
        case ops.Convolution() if sliding(node).depthwise:
            taps = node.operation.window.kernel
            return vectors(node.outputs[0].shape[0], lanes) * lanes * (taps[0] * taps[1] + 1)
        case ops.Convolution() | ops.Deconvolution() | ops.Local() | ops.Dense():
            return packed_sum(node, tile, vector_channels, lanes).floats
        case ops.BatchNorm():
            return 4 * vectors(as_map(node.outputs[0].shape)[0], lanes) * lanes
        case _:
            return 0
