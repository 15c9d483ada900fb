"""A receptive field is the part of the image that a number really depends on."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netspec.counting import receptive
from netspec.counting.field import Box
from netspec.counting.receptive import FIELD_RULES, crop, receptive_fields
from netspec.counting.table import count
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment
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
    "a window behind an upsampling meets several blocks": ("input 1x8x8; pool avg 2; upsample 2; conv 1 2x2", (4, 4)),
    "or as many as its taps reach": ("input 1x16x16; pool avg 4; upsample 4; conv 1 3x3", (8, 8)),
    "or one": ("input 1x8x8; pool avg 2; upsample 2; pool avg 2", (2, 2)),
    "a window behind a transposed one": ("input 1x8x8; pool avg 2; deconv 1 2x2 stride=2; conv 1 2x2", (4, 4)),
    "padding is no part of the image": ("input 1x6x6; conv 1 3x3 stride=4 pad=2", (3, 3)),
    "what only the border sees is less": ("input 1x2x9; conv 1 5x5 pad=2x2 stride=5x1", (2, 5)),
    "gaps of a transposed convolution see nothing": ("input 1x4x4; deconv 1 1x1 stride=3; pool max 3 stride=1", (1, 1)),
    "padding alone is no pixel": ("input 1x2x2; conv 1 1x1 pad=1 stride=3; pool max 1x1 stride=2", (0, 0)),
    "dense on padding alone sees no pixel": ("input 1x1x1; conv 1 1x1 pad=1 stride=3; dense 2", (0, 0)),
    "branches that reach to either side": (
        "input 1x9x9; sum { conv 1 2x2 pad=same } { deconv 1 2x2 pad=same }", (3, 3)
    ),
    "channels that reach to either side": (
        "input 1x9x9; concat { conv 1 2x2 pad=same } { deconv 1 2x2 pad=same }", (2, 2)
    ),
    "until something mixes the channels": (
        "input 1x9x9; concat { conv 1 2x2 pad=same } { deconv 1 2x2 pad=same }; relu; maxout 2", (3, 3)
    ),
    "a branch that is empty where the other is not": (
        "input 1x3x3; sum { conv 1 1x1 pad=1x0 } { conv 1 3x1 pad=2x0 }; pool max 1x1 stride=4x1", (1, 1)
    ),
    "neighbours in a flat vector": ("input 1x4x4; flatten; maxout 2", (1, 2)),
    "a flat vector beside another": ("input 2x2x3; sum { flatten } { conv 3 1x2; flatten }", (2, 3)),
}  # fmt: skip


def seen(net: Graph) -> dict[str, tuple[int, ...]]:
    """The largest height and width of the pixels that a number of each layer depends on."""
    _, height, width = net.inputs[0].shape
    return {name: _largest(marked, height, width) for name, marked in spoilt(net).items()}


def spoilt(net: Graph) -> dict[str, np.ndarray]:
    """Of each layer, (pixels, …): which numbers are NaN where a pixel is, by the oracle."""
    channels, height, width = net.inputs[0].shape
    single = np.eye(height * width, dtype=bool).reshape(-1, 1, height, width)
    images = np.where(np.repeat(single, channels, axis=1), np.nan, 1.0)
    feeds = {each.value.name: np.ones(each.value.shape) for each in (*net.parameters, *net.states)}
    made = evaluate(net, {"input": images, **feeds})
    return {layer.output.name: np.isnan(made[layer.output.name]) for layer in net.layers}


def _largest(marked: np.ndarray, height: int, width: int) -> tuple[int, ...]:
    """Of (pixels, …): which numbers each pixel spoils."""
    pixels = marked.reshape(height * width, -1).T.reshape(-1, height, width)
    return tuple(max(map(_reach, np.logical_or.reduce(pixels, axis=across))) for across in (2, 1))


def _reach(marked: np.ndarray) -> int:
    (places,) = marked.nonzero()
    return int(places[-1] - places[0] + 1) if len(places) else 0


@pytest.mark.parametrize("name", NETS)
def test_fields_are_the_pixels_that_matter(name: str):
    text, expected = NETS[name]
    net = graph(text)
    assert seen(net)[net.layers[-1].output.name] == expected
    assert receptive_fields(net)[net.layers[-1].output.name] == expected


SIDES = st.integers(1, 4)
KEEPING = st.sampled_from(
    (
        "conv 2 2x3 pad=same",
        "conv 2 3x2 pad=same dilate=2",
        "conv 2 1x1",
        "deconv 2 2x2 pad=same",
        "depthwise 3x3 pad=same",
        "conv 2 3x3 pad=1 groups=2",
        "local 2 3x1 pad=same",
        "pool max 3x3 stride=1 pad=1",
        "pool avg 3x3 stride=1 pad=1 count_pad",
        "lrn size=2",
        "batchnorm relu",
        "upsample 2; pool avg 2x2",
        "upsample 2; conv 2 2x2 stride=2",
        "deconv 2 1x1 stride=2 pad=0; conv 2 1x1 stride=2",
        "pool avg 1x1 stride=2; upsample 2; deconv 2 1x1",
    )
)
"""Layers that keep 2x6x6, or should: where they do not, the net is drawn anew."""


@st.composite
def windows(draw: st.DrawFn) -> str:
    """A layer over a window, often larger than is wise, with more padding than is wise."""
    kernel, stride = f"{draw(SIDES)}x{draw(SIDES)}", f"{draw(SIDES)}x{draw(SIDES)}"
    pad = f" pad={draw(st.integers(0, 3))}x{draw(st.integers(0, 3))}"
    match draw(st.sampled_from(("conv", "deconv", "pool", "local", "depthwise"))):
        case "conv":
            return f"conv 2 {kernel} stride={stride}{pad} dilate={draw(st.integers(1, 3))}"
        case "deconv":
            return f"deconv 2 {kernel} stride={stride}{pad}"
        case "pool":
            rounding = draw(st.sampled_from(("", " round=ceil")))
            return f"pool {draw(st.sampled_from(('max', 'avg')))} {kernel} stride={stride}{rounding}"
        case kind:
            return f"{kind}{' 2' if kind == 'local' else ''} {kernel} stride={stride}{pad}"


@st.composite
def branches(draw: st.DrawFn) -> str:
    """Branches of one size, joined, and what may follow them without mixing their channels."""
    bodies = st.lists(KEEPING, max_size=2).map(lambda body: f"{{ {'; '.join(body)} }}")
    made = " ".join(draw(st.lists(bodies, min_size=2, max_size=3)))
    kind = draw(st.sampled_from(("sum", "concat")))
    return f"{kind} {made}; {draw(st.sampled_from(('relu', 'lrn size=3', 'lrn size=2', 'maxout 2', 'depthwise 2x1')))}"


ENDS = st.sampled_from(
    (
        "relu",
        "softmax",
        "pool avg global",
        "flatten",
        "flatten; maxout 2",
        "flatten; lrn size=3",
        "flatten; softmax",
        "concat { flatten } { dense 3 }; lrn size=3",
        "concat { flatten } { flatten; batchnorm }; maxout 2",
        "sum { flatten } { flatten; lrn size=2 }",
        "dense 3; maxout 3",
    )
)


@st.composite
def nets(draw: st.DrawFn) -> Graph:
    """A small net that passes the checker, of every layer that there is."""
    layers = draw(st.lists(st.one_of(KEEPING, windows(), branches(), st.just("upsample 2")), min_size=1, max_size=4))
    text = f"net n {{ input 2x{draw(st.integers(1, 7))}x{draw(st.integers(1, 7))}; {'; '.join(layers)}; {draw(ENDS)} }}"
    checked, report = examine(Source("<test>", text))
    assume(not report.failed and isinstance(checked, Experiment))
    assert isinstance(checked, Experiment)
    assume(max(value.elements for node in checked.graph.nodes for value in node.outputs) < 4000)
    return checked.graph


@settings(max_examples=200)
@given(nets())
def test_fields_are_what_the_oracle_says(net: Graph):
    fields = receptive_fields(net)
    assert {layer.output.name: fields[layer.output.name] for layer in net.layers} == seen(net)


@settings(max_examples=100)
@given(nets(), st.data())
def test_the_crop_of_a_number_or_a_channel_is_the_box_around_the_pixels_that_matter(net: Graph, data: st.DataObject):
    value = data.draw(st.sampled_from(net.layers)).output
    place = [data.draw(st.integers(0, size - 1)) for size in value.shape]
    if data.draw(st.booleans()):
        place = place[:1]
    spoilt_by = spoilt(net)[value.name][(slice(None), *place)]
    marked = spoilt_by.reshape(len(spoilt_by), -1).any(axis=1).reshape(net.inputs[0].shape[1:])
    found = crop(net, value, place[0], tuple(place[1:]) or None)
    ends = [np.flatnonzero(marked.any(axis=across)) for across in (1, 0)]
    wanted = Box(ends[0][0], ends[0][-1] + 1, ends[1][0], ends[1][-1] + 1) if marked.any() else None
    assert found == wanted


def test_what_is_not_followed_has_the_whole_image_and_a_net_of_vectors_none(monkeypatch: pytest.MonkeyPatch):
    net = graph("input 1x9x8; conv 1 3x3; conv 1 3x3")
    assert crop(net, net.layers[1].output, 0, (2, 1)) == Box(2, 5, 1, 4)
    monkeypatch.setattr(receptive, "MOST_POSITIONS", 20)
    assert crop(net, net.layers[1].output, 0, (2, 1)) == Box(0, 9, 0, 8)
    flat = graph("input 4; dense 3")
    assert crop(flat, flat.layers[1].output, 0) is None


def test_fields_of_traced_sizes_are_plain():
    """`count --symbolic` counts a graph whose sizes remember their formulas."""
    net = graph("input 1 D D; conv 2 K pad=same; pool avg 2; upsample 2; conv 1 2x2", traced=True, D=16, K=3)
    plain = graph("input 1x16x16; conv 2 3 pad=same; pool avg 2; upsample 2; conv 1 2x2")
    assert receptive_fields(net) == receptive_fields(plain)


@pytest.mark.parametrize(
    "text",
    [
        "input 1x1x1; conv 1 1x1 pad=1000000000x0 stride=1000000000x1",
        "input 1x1x1; pool avg 1000000000x1 pad=500000000x0",
        "input 1x1x2147483648; pool max 1x2 ",
        "input 1x40000x40000; flatten; maxout 2; dense 1",
        "input 1x3x3; deconv 1 1x1 stride=20000; conv 1 20000x20000; dense 1",
    ],
)
def test_no_size_within_the_limits_takes_much_memory(text: str):
    tracemalloc.start()
    try:
        receptive_fields(graph(text))
        assert tracemalloc.get_traced_memory()[1] < 1 << 28
    finally:
        tracemalloc.stop()


def test_what_would_take_too_long_is_not_told(monkeypatch: pytest.MonkeyPatch):
    net = graph("input 1x3x3; repeat 5 { conv 1 1x1 }; dense 2")
    assert set(receptive_fields(net)) == {layer.output.name for layer in net.layers}
    monkeypatch.setattr(receptive, "MOST_POSITIONS", 20)
    assert set(receptive_fields(net)) == {"input", "conv1", "conv2"}
    assert count(net).layers[-1].receptive_field is None
    listed = graph("input 1x2x2; flatten; lrn size=2; lrn size=2; lrn size=2")
    assert set(receptive_fields(listed)) == {"input", "flatten1", "lrn1", "lrn2"}


def test_an_image_too_long_to_be_followed_has_no_fields():
    assert receptive_fields(graph("input 1x1x2000000; conv 1 1x3; dense 2")) == {}


def test_a_flat_input_has_no_fields():
    assert receptive_fields(graph("input 64; dense 10")) == {}


@pytest.mark.parametrize("kind", [k for k in ops.Operation.__args__ if k not in NOT_DECLARED], ids=lambda k: k.__name__)
def test_every_forward_operation_has_a_rule(kind: type):
    assert kind in FIELD_RULES
