"""Sizes that kernels take: compile-time constants of a kernel, or 32-bit arguments of one that serves all sizes.

Letters: c input channels, k output channels, h w input height and width, y x output height and width.
"""

from __future__ import annotations

from typing import NamedTuple


class Elements(NamedTuple):
    """Numbers per image."""

    elements: int


class Applied(NamedTuple):
    """Numbers per image, and the number of an activation (`ACTIVATIONS`)."""

    elements: int
    activation: int


class Maps(NamedTuple):
    """Numbers of (N, channels, positions)."""

    channels: int
    positions: int


class Terms(NamedTuple):
    """Numbers per image of a sum of arrays, and how many of its four arrays are added."""

    elements: int
    terms: int


class Copied(NamedTuple):
    """A part of each image: `elements` numbers, from number `source_first` of `source_elements` to number `first` of
    `result_elements`."""

    elements: int
    source_elements: int
    source_first: int
    result_elements: int
    first: int


class Normed(NamedTuple):
    """Numbers of (N, channels, positions) that are normalised, whether an addend joins, and the number of an
    activation."""

    channels: int
    positions: int
    added: int
    activation: int


class Cotangents(NamedTuple):
    """Numbers of (N, channels, positions), how many of four cotangents are added, the number of an activation, whether
    its value is computed from x again, and whether the cotangent of its input is stored."""

    channels: int
    positions: int
    terms: int
    activation: int
    recomputed: int
    stored: int


class Neighbours(NamedTuple):
    """Numbers of (N, channels, positions), and the neighbours of channel c: c - below to c + above."""

    channels: int
    positions: int
    below: int
    above: int


class Pieces(NamedTuple):
    """An output (N, channels, positions), each channel of which is the largest of so many input channels."""

    channels: int
    positions: int
    pieces: int


class Enlarged(NamedTuple):
    """Small images (N, c, h, w), and the side of the square that each of their pixels fills."""

    c: int
    h: int
    w: int
    factor: int


class Images(NamedTuple):
    """An input (N, c, h, w)."""

    c: int
    h: int
    w: int


class Augmented(NamedTuple):
    """An input (N, c, h, w) that comes in augmented: which axes are mirrored at random, whether pixels are displaced,
    contrast changes and noise is added, and the side of the square that is cut out."""

    c: int
    h: int
    w: int
    mirror_y: int
    mirror_x: int
    displaced: int
    contrast: int
    noise: int
    side: int


class Smoothed(NamedTuple):
    """Numbers that are smoothed along an axis of `length`, neighbours `stride` apart: `elements` per image, and
    `reach` neighbours on either side."""

    elements: int
    length: int
    stride: int
    reach: int


class Losses(NamedTuple):
    """Outputs per image, and the number of a loss (`LOSSES`)."""

    outputs: int
    function: int


class Updates(NamedTuple):
    """Weights of an update, and whether they have a velocity and move by Nesterov's rule."""

    elements: int
    velocity: int
    nesterov: int


class Windows(NamedTuple):
    """A sliding window: x (N, c, h, w), y (N, k, oh, ow). An output position (y, x) and a tap (i, j) see the pixel
    (y * stride_y + i * dilation_y - before_y, x * stride_x + j * dilation_x - before_x)."""

    c: int
    h: int
    w: int
    k: int
    oh: int
    ow: int
    kh: int
    kw: int
    stride_y: int
    stride_x: int
    before_y: int
    before_x: int
    dilation_y: int
    dilation_x: int
    groups: int
    biased: int
    activation: int


class Border(NamedTuple):
    """Rows above and below the images, and columns on both sides, that averages count as pixels."""

    rows: int
    columns: int


class Products(NamedTuple):
    """Matrix products of a dense layer: x (N, features), w (outputs, features), and the number of an activation."""

    outputs: int
    features: int
    biased: int
    activation: int


class Chunks(NamedTuple):
    """A reduction in two stages: so many sums, each of `parts` partial sums of up to `size` numbers (or images)."""

    sums: int
    parts: int
    size: int


class Finished(NamedTuple):
    """Numbers of (N, channels, positions), whether a channel has a bias, and the number of an activation."""

    channels: int
    positions: int
    biased: int
    activation: int


class Tiling(NamedTuple):
    """A tile of a matrix product, and the part of it that each of 256 threads computes."""

    rows: int
    columns: int
    height: int
    width: int


ALWAYS_CONSTANT: frozenset[type[tuple[int, ...]]] = frozenset((Tiling,))
"""Sizes that are compile-time constants in every form of a kernel: registers hold what they count."""
ACTIVATIONS = (
    "identity", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh",
)  # fmt: skip
"""Activations by the number that kernels know them by."""
LOSSES = ("cross_entropy", "binary_cross_entropy", "squared_error", "hinge")
"""Losses by the number that kernels know them by."""
