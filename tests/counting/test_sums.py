"""Every formula that `netspec explain` writes has the value that stands beside it, and that value is the count."""

import math
import re

import pytest
from hypothesis import given

from netspec.counting.rivals import rivals
from netspec.counting.sums import Sum, layer_sums
from netspec.counting.table import count
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from tests.counting.nets import graph
from tests.strategies import valid_specs

NETS = {
    "lenet": "input 1x28x28; conv 20 5x5; pool max 2x2; conv 50 5x5; pool max 2x2; dense 500 relu; dense 10",
    "no biases": "input 3x9x9; conv 4 3x3 nobias; local 2 3x3 nobias; deconv 3 2x2 stride=2 nobias; dense 5 nobias",
    "strides and rests": "input 3x20x17; conv 4 3x5 stride=3x2 pad=1x2; pool avg 3x3 stride=2 round=ceil; dense 1",
    "groups and dilation": "input 4x16x16; conv 8 3x3 groups=4 dilate=2 pad=same; depthwise 3x3 stride=2; batchnorm",
    "transposed": "input 2x5x5; deconv 3 4x4 stride=2 pad=1; deconv 1 3x2 stride=1x3",
    "untied": "input 3x8x8; local 6 3x3 stride=2 pad=1; maxout 2; lrn; softmax",
    "branches": "input 2x8x8; sum { conv 2 1x1 } {} relu; concat {} { conv 3 3x3 pad=1 }; upsample 2; dropout 0.5",
}


def value(formula: str) -> int:
    """The arithmetic of a formula, its words left out."""
    bare = re.sub(r"floor\(", "math.floor(", formula)
    bare = re.sub(r"(?<![.\w])(?!math\b|floor\b)[A-Za-z]+", "", bare).replace("×", "*")
    return eval(bare, {"math": math})


def sums_of(body: str) -> list[tuple[str, Sum]]:
    net = graph(body)
    rows = {row.name: row for row in count(net).layers}
    return [(layer.name, total) for layer in net.layers for total in layer_sums(layer, rows[layer.name])]


def test_one_output_is_one_output() -> None:
    formulas = {total.what: total.formula for _, total in sums_of("input 48; dense 1 nobias")}
    assert formulas["parameters"] == formulas["MACs"] == "1 output × 48 inputs"


@pytest.mark.parametrize("name", NETS)
def test_a_formula_has_the_value_beside_it(name: str):
    for layer, total in sums_of(NETS[name]):
        assert value(total.formula) == total.value, (layer, total)


@pytest.mark.parametrize("name", NETS)
def test_the_sums_are_the_counts(name: str):
    net = graph(NETS[name])
    for layer, row in zip(net.layers, count(net).layers, strict=True):
        told = {total.what: total.value for total in layer_sums(layer, row)}
        assert told.get("parameters", 0) == row.parameters
        assert told.get("MACs", 0) == row.macs
        assert told.get("running statistics", 0) == row.statistics
        assert told["activation bytes"] == row.activation_bytes
        if "output height" in told:
            assert (told["output height"], told["output width"]) == row.shape[1:]


@pytest.mark.parametrize("name", NETS)
def test_rivals_cost_what_they_would_cost_as_layers(name: str):
    """The untied and the fully connected rival of a convolution, counted as layers of a net."""
    for layer in graph(NETS[name]).layers:
        for rival in rivals(layer):
            assert value(rival.parameters.formula) == rival.parameters.value
            assert value(rival.macs.formula) == rival.macs.value


def test_lenets_second_convolution_has_the_lectures_numbers():
    conv2 = next(layer for layer in graph(NETS["lenet"]).layers if layer.name == "conv2")
    assert [rival.parameters.value for rival in rivals(conv2)] == [25_050, 1_603_200, 9_219_200]
    assert [rival.own for rival in rivals(conv2)] == [True, False, False]


@pytest.mark.parametrize("kind", ["", "nobias"])
def test_rivals_are_real_layers(kind: str):
    """`conv`, `local` and `dense` with the same outputs have the parameters and MACs that the rivals claim."""
    conv = graph(f"input 3x9x7; conv 4 3x3 stride=2 pad=1 {kind}")
    local = count(graph(f"input 3x9x7; local 4 3x3 stride=2 pad=1 {kind}")).layers[-1]
    outputs = conv.layers[-1].output.elements
    dense = count(graph(f"input 3x9x7; dense {outputs} {kind}")).layers[-1]
    tied = count(conv).layers[-1]
    claimed = [(rival.parameters.value, rival.macs.value) for rival in rivals(conv.layers[-1])]
    assert claimed == [(row.parameters, row.macs) for row in (tied, local, dense)]


def test_a_local_layer_is_its_own_untied_rival():
    net = graph("input 3x9x7; local 4 3x3")
    tied, untied, dense = rivals(net.layers[-1])
    assert (tied.own, untied.own, dense.own) == (False, True, False)
    assert tied.parameters.value == count(graph("input 3x9x7; conv 4 3x3")).parameters


@pytest.mark.parametrize("body", ["input 1x4x4; dense 3", "input 1x4x4; pool max 2x2", "input 1x4x4; relu"])
def test_a_layer_without_a_kernel_has_no_rivals(body: str):
    assert rivals(graph(body).layers[-1]) == ()


@given(text=valid_specs())
def test_formulas_of_random_nets_have_their_values(text: str):
    net = check_experiment(Source("<random>", text)).graph
    for layer, row in zip(net.layers, count(net).layers, strict=True):
        told = layer_sums(layer, row)
        assert [value(total.formula) for total in told] == [total.value for total in told]
        assert row.parameters == sum(total.value for total in told if total.what == "parameters")
        for rival in rivals(layer):
            assert value(rival.parameters.formula) == rival.parameters.value
            assert not rival.own or row.shares or rival.parameters.value == row.parameters
