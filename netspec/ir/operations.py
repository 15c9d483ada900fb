"""Every operation of the IR: a closed union of frozen dataclasses.

An operation holds attributes only; shapes stand in the values of the node that applies it. The comment beside each
gives inputs -> outputs. `x` and `y` are batched activations, `w` a weight, `b` a bias, `dx` the cotangent of x.
Tables with one entry per operation: shape rule (`ir/shapes.py`), count rule (`ir/counts.py`), meaning
(`ir/evaluate.py`), derivative (`autodiff/rules.py`, forward operations), CPU kernel (`kernels/cpu/table.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pair = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True, slots=True)
class Window:
    """How a kernel slides: output size is (size + before + after - dilation*(kernel-1) - 1)//stride + 1 an axis.

    `after` already holds the extra rows that `pad=same` and `round=ceil` add, so the one formula serves all.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    dilation: Pair = (1, 1)


ActivationName = Literal[
    "identity", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"
]
SAVES_INPUT: frozenset[str] = frozenset({"gelu", "silu"})
"""Activations whose derivative is taken from their input; all others take it from their output."""
PIECEWISE_LINEAR: frozenset[str] = frozenset({"identity", "relu", "relu6", "leaky_relu"})
"""Piecewise linear activations: a few instructions, forward and backward."""


@dataclass(frozen=True, slots=True)
class Activation:  # x -> y; gelu is the exact one (erf); elu has alpha 1; slope is leaky_relu's, at least 0
    function: ActivationName
    slope: float = 0.0


IDENTITY = Activation("identity")


@dataclass(frozen=True, slots=True)
class ActivationGradient:  # saved (x if function in SAVES_INPUT else y), dy -> dx
    function: ActivationName
    slope: float = 0.0


RECTIFIERS: frozenset[ActivationName] = frozenset({"relu", "relu6"})
"""Activations that the guided rule has a gradient for."""


@dataclass(frozen=True, slots=True)
class GuidedGradient:  # y, dy -> dx: an ActivationGradient of the positive part of dy; function is one of RECTIFIERS
    """The rule of guided backpropagation: a gradient passes only where the unit is active and the gradient positive.

    Springenberg et al., "Striving for simplicity", 2014, section 3.4. It is no derivative: it shows what excites.
    """

    function: ActivationName = "relu"


@dataclass(frozen=True, slots=True)
class Convolution:  # x (C,H,W), w (K, C/groups, kh, kw)[, b (K,)] -> y (K,OH,OW), cross-correlation, then activation
    window: Window
    groups: int = 1
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class ConvolutionInputGradient:  # dy, w -> dx
    window: Window
    groups: int = 1


@dataclass(frozen=True, slots=True)
class ConvolutionWeightGradient:  # x, dy -> dw, summed over images
    window: Window
    groups: int = 1


@dataclass(frozen=True, slots=True)
class Deconvolution:  # x (C,H,W), w (C, K, kh, kw)[, b (K,)] -> y: the input gradient of Convolution(window), plus bias
    window: Window
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class Local:  # x, w (K,OH,OW,C,kh,kw)[, b (K,OH,OW)] -> y (K,OH,OW): weights not tied
    window: Window
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class LocalInputGradient:  # dy, w -> dx
    window: Window


@dataclass(frozen=True, slots=True)
class LocalWeightGradient:  # x, dy -> dw
    window: Window


@dataclass(frozen=True, slots=True)
class Dense:  # x (any shape, flattened in C,H,W order), w (K, features)[, b (K,)] -> y (K,)
    """Or x (C,H,W), w (K,C,H,W) -> y (K,1,1): a window that holds the whole map."""

    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class DenseInputGradient:  # dy, w -> dx (of x's shape)
    pass


@dataclass(frozen=True, slots=True)
class DenseWeightGradient:  # x, dy -> dw
    pass


@dataclass(frozen=True, slots=True)
class ChannelSum:  # dy (K,OH,OW) -> db (K,): over images and positions
    pass


@dataclass(frozen=True, slots=True)
class BatchSum:  # dy (any shape) -> db (same shape, unbatched): over images
    pass


@dataclass(frozen=True, slots=True)
class MaxPool:  # x -> y; training: x -> y, index (int32: i*kw+j of the first largest of the window's real pixels)
    window: Window


@dataclass(frozen=True, slots=True)
class PooledConvolution:  # x, w[, b] -> y[, index]: `pool` of `convolution`, whose own output is not kept
    convolution: Convolution
    pool: MaxPool


@dataclass(frozen=True, slots=True)
class MaxPoolGradient:  # index, dy -> dx
    window: Window


@dataclass(frozen=True, slots=True)
class AveragePool:  # x -> y; divides by the real pixels, with count_pad by the window within [-before, size+before)
    window: Window
    count_pad: bool = False


@dataclass(frozen=True, slots=True)
class AveragePoolGradient:  # dy -> dx
    window: Window
    count_pad: bool = False


@dataclass(frozen=True, slots=True)
class Upsample:  # x -> y, nearest
    factor: int


@dataclass(frozen=True, slots=True)
class UpsampleGradient:  # dy -> dx
    factor: int


@dataclass(frozen=True, slots=True)
class BatchNorm:  # x, scale, shift, mean, variance (all (C,)) -> y, with the running statistics (evaluation)
    momentum: float = 0.9
    epsilon: float = 1e-5


@dataclass(frozen=True, slots=True)
class BatchNormInputGradient:  # dy, scale, variance -> dx of BatchNorm: dy * scale / sqrt(variance + epsilon)
    epsilon: float = 1e-5


@dataclass(frozen=True, slots=True)
class BatchNormTraining:
    # x, scale, shift, mean, variance[, addend] -> y, batch_mean, inverse_deviation, mean', variance'
    # y = activation(normalised x [+ addend]); statistics over images and positions, biased variance to normalise; the
    # running variance takes the unbiased one (as PyTorch); running' = momentum*running + (1-momentum)*batch
    momentum: float = 0.9
    epsilon: float = 1e-5
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class BatchNormGradient:  # x, scale, shift, batch_mean, inverse_deviation, dy, ... -> dx, dscale, dshift
    # of activation(normalised x); the cotangent is the sum of all dy
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class BatchNormAddGradient:  # x, scale, batch_mean, inverse_deviation[, y], dy, ... -> dx, dscale, dshift, dz
    # of y = activation(z), z = normalised x + anything; y is given unless the activation is the identity
    activation: Activation = IDENTITY


@dataclass(frozen=True, slots=True)
class LocalResponseNorm:  # x -> y = x / (k + alpha/size * sum of x^2 over `size` neighbouring channels)^beta
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0


@dataclass(frozen=True, slots=True)
class LocalResponseNormGradient:  # x, dy -> dx
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0


@dataclass(frozen=True, slots=True)
class Maxout:  # x (C,...) -> y (C/pieces,...): the largest of `pieces` neighbouring channels
    pieces: int


@dataclass(frozen=True, slots=True)
class MaxoutGradient:  # x, y, dy -> dx (to the first largest)
    pieces: int


@dataclass(frozen=True, slots=True)
class Dropout:  # x -> y = x * mask / (1-probability); mask from the counter (seed, stream, step, image, element)
    # its derivative is the same operation on dy, with the same stream
    probability: float
    stream: int


@dataclass(frozen=True, slots=True)
class Reshape:  # x -> y, the same numbers in C,H,W order
    pass


@dataclass(frozen=True, slots=True)
class Softmax:  # x -> y over the channels of each position
    pass


@dataclass(frozen=True, slots=True)
class SoftmaxGradient:  # y, dy -> dx
    pass


@dataclass(frozen=True, slots=True)
class Add:  # x1, x2, ... -> y; also adds unbatched values (gradients of tied weights)
    pass


@dataclass(frozen=True, slots=True)
class Concatenate:  # x1, x2, ... -> y along channels
    pass


@dataclass(frozen=True, slots=True)
class Slice:  # x -> y: channels begin up to end
    begin: int
    end: int


LossName = Literal["cross_entropy", "binary_cross_entropy", "squared_error", "hinge"]


@dataclass(frozen=True, slots=True)
class Loss:  # logits (K,), labels (int32) -> loss (), correct (): sums over the images of the batch
    function: LossName


@dataclass(frozen=True, slots=True)
class LossGradient:  # logits, labels -> dlogits of the MEAN loss over the images of the batch
    function: LossName


@dataclass(frozen=True, slots=True)
class SgdUpdate:  # w, g[, v], rate () -> w'[, v']: g += decay*w; v' = momentum*v + g; w' = w - rate*rate_factor*step
    # step is v' (or g + momentum*v' with nesterov, or g without momentum); `decay` already holds the layer's factor
    momentum: float
    nesterov: bool
    decay: float
    rate_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class DenseWeightUpdate:  # x, dy, w[, v], rate () -> w'[, v']: `update` by the DenseWeightGradient of x and dy
    update: SgdUpdate


Operation = (
    Activation
    | ActivationGradient
    | GuidedGradient
    | Convolution
    | ConvolutionInputGradient
    | ConvolutionWeightGradient
    | Deconvolution
    | Local
    | LocalInputGradient
    | LocalWeightGradient
    | Dense
    | DenseInputGradient
    | DenseWeightGradient
    | ChannelSum
    | BatchSum
    | MaxPool
    | PooledConvolution
    | MaxPoolGradient
    | AveragePool
    | AveragePoolGradient
    | Upsample
    | UpsampleGradient
    | BatchNorm
    | BatchNormInputGradient
    | BatchNormTraining
    | BatchNormGradient
    | BatchNormAddGradient
    | LocalResponseNorm
    | LocalResponseNormGradient
    | Maxout
    | MaxoutGradient
    | Dropout
    | Reshape
    | Softmax
    | SoftmaxGradient
    | Add
    | Concatenate
    | Slice
    | Loss
    | LossGradient
    | SgdUpdate
    | DenseWeightUpdate
)
