"""A receptive field is the part of the image that a number really depends on."""

import numpy as np
import pytest

from netspec.counting.receptive import FIELD_RULES, receptive_fields
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from tests.counting.nets import graph

NOT_DECLARED = {
    kind
    for kind in ops.Operation.__args__
    if kind.__name__.endswith(("Gradient", "Sum", "Update", "Training")) or kind in (ops.Loss, ops.PooledConvolution)
}
"""Operations of training steps and of plans."""

NETS = {
    "one convolution": ("input 1x15x15; conv 1 3x5", (3, 5)),
    "strides multiply what follows": ("input 1x21x21; conv 1 3x3 stride=2; conv 1 3x3; conv 1 3x3", (11, 11)),
    "pooling is a window": ("input 1x24x24; conv 1 5x5; pool avg 2x2; conv 1 5x5; pool avg 2x2", (16, 16)),
    "dilation spreads the taps": ("input 1x21x21; conv 1 3x3 dilate=3 pad=3", (7, 7)),
    "the widest branch counts": ("input 1x15x15; sum { conv 1 3x3 pad=1 } { conv 1 5x5 pad=2 } {}", (5, 5)),
    "concatenation too": ("input 1x15x15; concat {} { conv 1 3x3 pad=1; conv 1 3x3 pad=1 }; conv 1 1x1", (5, 5)),
    "untied weights see as much": ("input 1x12x12; local 1 3x3; local 1 3x3", (5, 5)),
    "upsampling adds nothing": ("input 1x8x8; conv 1 3x3 pad=1; upsample 2", (3, 3)),
    "a transposed convolution sees every stride-th tap": ("input 1x8x8; deconv 1 4x4 stride=2", (2, 2)),
    "dense sees all": ("input 1x6x8; conv 1 3x3 pad=1; dense 1", (6, 8)),
    "flattening hides no position": ("input 1x6x8; flatten; dense 1", (6, 8)),
    "global pooling sees all": ("input 1x9x9; pool avg global", (9, 9)),
    "never more than the image": ("input 1x5x5; conv 1 5x5 pad=2; conv 1 5x5 pad=2", (5, 5)),
}  # fmt: skip


def seen(net: Graph) -> tuple[int, int]:
    """Height and width of the pixels that change the number in the middle of the last layer, by the oracle."""
    (_, height, width), last = net.inputs[0].shape, net.layers[-1].output
    images = np.zeros((height * width + 1, 1, height, width))
    images[1:].reshape(height * width, -1)[...] = np.eye(height * width)
    feeds = {parameter.value.name: np.ones(parameter.value.shape) for parameter in net.parameters}
    made = evaluate(net, {"input": images, **feeds})[last.name].reshape(len(images), *last.shape)
    middle = made[(slice(None), 0, *(size // 2 for size in last.shape[1:]))]
    rows, columns = np.nonzero((middle[1:] != middle[0]).reshape(height, width))
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


@pytest.mark.parametrize("name", NETS)
def test_fields_are_the_pixels_that_matter(name: str):
    text, expected = NETS[name]
    net = graph(text)
    assert receptive_fields(net)[net.layers[-1].output.name] == expected
    assert seen(net) == expected


def test_a_flat_input_has_no_fields():
    assert receptive_fields(graph("input 64; dense 10")) == {}


@pytest.mark.parametrize("kind", [k for k in ops.Operation.__args__ if k not in NOT_DECLARED], ids=lambda k: k.__name__)
def test_every_forward_operation_has_a_rule(kind: type):
    assert kind in FIELD_RULES
