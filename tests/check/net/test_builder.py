"""How weights start, and what is left out of a graph."""

from __future__ import annotations

import pytest

from tests.check.reading_specs import graph_of


@pytest.mark.parametrize(
    ("body", "start"),
    [
        ("dense 4 relu", "he"),
        ("dense 4 tanh", "xavier"),
        ("dense 4; dropout 0.5; batchnorm; gelu", "he"),
        ("conv 4 3x3; batchnorm; pool max 2; leaky_relu", "he"),
        ("conv 4 3x3 pad=1; sum { relu } {}", "he"),
        ("conv 4 3x3; sum { conv 4 1 sigmoid } {}; relu", "xavier"),
        ("dense 4 sigmoid; relu", "xavier"),
        ("dense 4 relu init=xavier", "xavier"),
        ("dense 4 init=normal(0.01)", "normal"),
        ("dense 4", "xavier"),
    ],
)
def test_weights_start_as_the_next_nonlinearity_asks(body: str, start: str) -> None:
    assert graph_of(body).parameters[0].initial.kind == start


def test_fans_count_the_numbers_that_meet_in_an_output_and_leave_an_input() -> None:
    fans = {
        "conv 8 3x5": (45, 120),
        "conv 6 3x3 groups=3": (9, 18),
        "depthwise 3": (9, 9),
        "dense 7": (3 * 8 * 8, 7),
        "local 2 3x3": (27, 18),
        "deconv 4 2x2": (12, 16),
    }
    for body, expected in fans.items():
        initial = graph_of(body, image="3x8x8").parameters[0].initial
        assert (initial.fan_in, initial.fan_out) == expected, body


def test_biases_start_at_zero_and_scales_at_one() -> None:
    graph = graph_of("dense 4; batchnorm")
    assert [p.initial.kind for p in graph.parameters] == ["xavier", "zeros", "ones", "zeros"]
    assert [(s.value.name, s.initial.kind) for s in graph.states] == [
        ("batchnorm1.mean", "zeros"),
        ("batchnorm1.variance", "ones"),
    ]


def test_rate_and_decay_are_factors_of_the_layer() -> None:
    parameter = graph_of("dense 4 rate=0 decay=2").parameters[0]
    assert (parameter.rate_factor, parameter.decay_factor) == (0.0, 2.0)


def test_layers_that_reach_nothing_are_left_out_with_their_weights() -> None:
    graph = graph_of("dense 4 as stem\ndense 5\nuse stem\ndense 3")
    assert [layer.name for layer in graph.layers] == ["input", "stem", "dense3"]
    assert len(graph.parameters) == 4


def test_weights_of_a_layer_that_is_left_out_belong_to_the_one_tied_to_them() -> None:
    graph = graph_of("dense 4 as stem\ndense 4 as lost\nuse stem\ndense 4 tie=lost\ndense 2")
    assert [layer.owned for layer in graph.layers] == [
        (),
        ("stem.weight", "stem.bias"),
        ("lost.weight", "lost.bias"),
        ("dense4.weight", "dense4.bias"),
    ]
