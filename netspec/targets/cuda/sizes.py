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


class Images(NamedTuple):
    """An input (N, c, h, w)."""

    c: int
    h: int
    w: int


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


ACTIVATIONS = (
    "identity", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh",
)  # fmt: skip
"""Activations by the number that kernels know them by."""
LOSSES = ("cross_entropy", "binary_cross_entropy", "squared_error", "hinge")
"""Losses by the number that kernels know them by."""
