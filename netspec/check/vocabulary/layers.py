"""Every layer of the language, as data: arguments, ranges, defaults, and a line that says what it does."""

from __future__ import annotations

from netspec.check.vocabulary.kinds import (
    Anything,
    Dimensions,
    Entry,
    Extent,
    LayerName,
    Real,
    Slot,
    Start,
    Switch,
    Whole,
    Word,
)

CHANNELS = Slot("K", Whole(), "output channels", shapes=True)
KERNEL = Slot("SIZE", Extent(), "kernel, height x width; one number is a square", unit="pixels", shapes=True)
STRIDE = Slot("stride", Extent(), "step between windows", (1, 1), "1", "pixels", shapes=True)
PAD = Slot(
    "pad",
    Extent(0, ("same",)),
    "zeros around the input; `same` keeps ceil(in/stride), the odd row below and right",
    (0, 0),
    "0",
    "pixels",
    shapes=True,
)
DILATE = Slot("dilate", Extent(), "distance between the taps of a kernel", (1, 1), "1", "pixels", shapes=True)
GROUPS = Slot("groups", Whole(), "channel groups that do not see each other", 1, "1", shapes=True)
NOBIAS = Slot("nobias", Switch(), "leaves the bias out", False, "")
WEIGHTS = (
    Slot("init", Start(), "how the weights start", None, "he before a rectifier, else xavier"),
    Slot("rate", Real(), "multiplies the learning rate; 0 freezes the layer", 1.0, "1"),
    Slot("decay", Real(), "multiplies the weight decay", 1.0, "1"),
)
TIED = (Slot("tie", LayerName(), "shares the weights of that earlier layer", None, "", shapes=True),)
NEGATIVE_SLOPE = Slot("SLOPE", Real(), "slope below zero", 0.01, "0.01")


def _plain(name: str, doc: str, *positional: Slot) -> Entry:
    return Entry(name, doc, positional, (), flagged=True)


ACTIVATIONS: dict[str, Entry] = {
    "relu": _plain("relu", "max(0, x)"),
    "relu6": _plain("relu6", "min(6, max(0, x))"),
    "leaky_relu": _plain("leaky_relu", "x above zero, SLOPE times x below", NEGATIVE_SLOPE),
    "elu": _plain("elu", "x above zero, exp(x) - 1 below"),
    "gelu": _plain("gelu", "x times the normal distribution function of x"),
    "silu": _plain("silu", "x times the sigmoid of x"),
    "softplus": _plain("softplus", "log(1 + exp(x))"),
    "sigmoid": _plain("sigmoid", "1 / (1 + exp(-x))"),
    "tanh": _plain("tanh", "hyperbolic tangent"),
}
"""Layers that are also flags of the layer before."""

RECTIFIERS: frozenset[str] = frozenset({"relu", "relu6", "leaky_relu", "elu", "gelu", "silu"})
"""Activations that pass large inputs and stop negative ones: weights before them start with `he`."""

WINDOWED: dict[str, Entry] = {
    "conv": Entry(
        "conv",
        "convolution: K filters slide over the input",
        (CHANNELS, KERNEL),
        (STRIDE, PAD, DILATE, GROUPS, NOBIAS, *WEIGHTS, *TIED),
        flagged=True,
    ),
    "depthwise": Entry(
        "depthwise",
        "convolution with one filter a channel",
        (KERNEL,),
        (STRIDE, PAD, DILATE, NOBIAS, *WEIGHTS, *TIED),
        flagged=True,
    ),
    "local": Entry(
        "local",
        "a conv whose weights are not tied: every position has its own",
        (CHANNELS, KERNEL),
        (STRIDE, PAD, NOBIAS, *WEIGHTS, *TIED),
        flagged=True,
    ),
    "deconv": Entry(
        "deconv",
        "transposed convolution: makes the image larger",
        (CHANNELS, KERNEL),
        (STRIDE, PAD, NOBIAS, *WEIGHTS, *TIED),
        flagged=True,
    ),
    "pool": Entry(
        "pool",
        "the largest value or the average of each window",
        (
            Slot("max|avg", Word(("max", "avg")), "what a window gives", shapes=True),
            Slot("SIZE", Extent(1, ("global",)), "window, or `global`: the whole image", unit="pixels", shapes=True),
        ),
        (
            Slot("stride", Extent(), "step between windows", None, "SIZE", "pixels", shapes=True),
            Slot("pad", Extent(0), "border that holds no pixels, at most half a window", (0, 0), "0", "pixels", True),
            Slot(
                "round",
                Word(("floor", "ceil")),
                "`ceil` keeps a last window that sticks out",
                "floor",
                "floor",
                "",
                True,
            ),
            Slot("count_pad", Switch(), "the average counts the border's zeros too", False, ""),
        ),
        flagged=True,
    ),
}

OTHERS: dict[str, Entry] = {
    "input": Entry(
        "input", "the image: first statement of a net", (Slot("SIZE", Dimensions(), "CxHxW, or one number"),)
    ),
    "dense": Entry(
        "dense",
        "fully connected; flattens its input by itself",
        (Slot("K", Whole(), "outputs", shapes=True),),
        (NOBIAS, *WEIGHTS, *TIED),
        flagged=True,
    ),
    "upsample": _plain("upsample", "repeats every pixel N times each way", Slot("N", Whole(), "factor", shapes=True)),
    "batchnorm": Entry(
        "batchnorm",
        "normalises each channel over the minibatch, then scales and shifts it",
        (),
        (
            Slot("momentum", Real(0.0, 1.0), "share of the old running statistics that a step keeps", 0.9, "0.9"),
            Slot("eps", Real(low_open=True), "added to the variance", 1e-5, "1e-5"),
            *WEIGHTS[1:],
        ),
        flagged=True,
    ),
    "lrn": Entry(
        "lrn",
        "divides by (k + alpha/size * sum of squares over `size` neighbouring channels)^beta",
        (),
        (
            Slot("size", Whole(), "neighbouring channels", 5, "5"),
            Slot("alpha", Real(), "weight of the squares", 1e-4, "1e-4"),
            Slot("beta", Real(), "exponent", 0.75, "0.75"),
            Slot("k", Real(low_open=True), "added to the squares", 1.0, "1"),
        ),
        flagged=True,
    ),
    **ACTIVATIONS,
    "maxout": _plain("maxout", "the largest of N neighbouring channels", Slot("N", Whole(), "channels", shapes=True)),
    "dropout": _plain(
        "dropout",
        "drops numbers with probability P in training and scales the rest by 1/(1-P)",
        Slot("P", Real(0.0, 1.0, high_open=True), "probability"),
    ),
    "flatten": _plain("flatten", "one vector, in C, H, W order"),
    "softmax": Entry("softmax", "probabilities, to be read; losses take the numbers before it", flagged=True),
}

STRUCTURE: dict[str, Entry] = {
    "sum": Entry("sum", "runs every branch on one input and adds the results", bodies=(2, 2**31), flagged=True),
    "concat": Entry(
        "concat", "runs every branch on one input and stacks the channels", bodies=(2, 2**31), flagged=True
    ),
    "repeat": Entry(
        "repeat", "N copies, each with its own weights", (Slot("N", Whole(), "copies", shapes=True),), (), (1, 1), True
    ),
    "use": Entry("use", "reads the output of a layer named before with `as`", (Slot("NAME", LayerName(), "its name"),)),
}

LAYERS: dict[str, Entry] = {**OTHERS, **WINDOWED, **STRUCTURE}
"""Everything that can stand in a net, by name."""

PARAMETER_KIND = Anything()
"""The kind of a block's own parameters."""
