"""Activations and gradients at several initial scales: the lecture's point, and the laws that hold exactly."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from netspec.diagnostics.failure import UsageError
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Initial, Parameter
from netspec.ir.initialize import initialize
from netspec.train.use.scales import FUNCTIONS, SCALES, Exhibits, Trial, noise_exhibits, real_exhibits, try_scales
from tests.train.test_loop import DIGITS, data_of, experiment_of

DEEP = "net deep { input 1x8x8; repeat 6 { dense 32 tanh }; dense 10 }\ndata digits take=100\n"
MIXED = """net mixed { input 2x6x6; conv 3 3x3 relu; batchnorm; dropout 0.5; pool max 2x2; dense 5 elu rate=0; dense 1 }
train { loss binary_cross_entropy }
"""


def trials_of(text: str, scales: Sequence[float], exhibits: Exhibits | None = None) -> dict[tuple[str, float], Trial]:
    experiment = experiment_of(text)
    shown = exhibits or noise_exhibits(experiment.graph, 8, 1)
    made = try_scales(experiment.graph, experiment.train.loss, shown, scales, 1)
    return {(trial.function, trial.scale): trial for trial in made}


def test_small_scales_vanish_large_ones_saturate_and_he_keeps_relus_going() -> None:
    experiment = experiment_of(DEEP)
    tried = trials_of(DEEP, SCALES, real_exhibits(experiment, data_of(experiment), 16, 1))
    assert list(tried) == [(function, scale) for function in FUNCTIONS for scale in SCALES]
    first, last = 1, 6

    def spans(function: str, scale: float) -> tuple[float, float]:
        layers = tried[function, scale].layers
        early, late = layers[first].gradient, layers[last].gradient
        assert early is not None
        assert late is not None
        return layers[last].activation / layers[first].activation, early / late

    for function in ("tanh", "relu"):
        forward, backward = spans(function, 0.1)
        assert forward < 1e-4
        assert backward < 1e-4
    assert all(1 / 3 < ratio < 3 for ratio in spans("relu", SCALES[3]))
    assert min(spans("relu", 10.0)) > 1e3
    assert tried["tanh", 10.0].layers[last].activation > 0.9
    assert tried["sigmoid", 10.0].layers[last].activation > 0.4
    assert spans("sigmoid", 1.0)[1] < 1e-3


def test_a_relu_net_without_biases_grows_by_the_scale_to_the_power_of_its_depth() -> None:
    tried = trials_of(DEEP, (0.5, 1.0))
    small, large = tried["relu", 0.5].layers, tried["relu", 1.0].layers
    for depth in range(8):
        assert large[depth].activation == pytest.approx(2**depth * small[depth].activation, rel=1e-6)


def test_gradients_are_of_an_images_loss_however_many_images_there_are() -> None:
    exhibits = noise_exhibits(experiment_of(DEEP).graph, 4, 3)
    twice = Exhibits(np.tile(exhibits.images, (2, 1, 1, 1)), np.tile(exhibits.labels, 2), "the same twice")
    once, doubled = (trials_of(DEEP, (1.0,), shown)["tanh", 1.0].layers for shown in (exhibits, twice))
    assert [row.layer for row in once] == [row.layer for row in doubled]
    assert [row.activation for row in once] == pytest.approx([row.activation for row in doubled])
    assert [row.gradient for row in once[1:]] == pytest.approx([row.gradient for row in doubled[1:]])
    assert once[0].gradient is None


def test_the_function_takes_the_place_of_every_other() -> None:
    written = experiment_of(DEEP.replace("tanh", "sigmoid")).graph
    shown = noise_exhibits(written, 8, 1)
    found = trials_of(DEEP.replace("tanh", "leaky_relu"), (2.0,), shown)["sigmoid", 2.0].layers
    weights = initialize(_of_deviation_two(written), 1)
    values = evaluate(written, {**weights, written.inputs[0].name: shown.images})
    for layer, row in zip(written.layers, found, strict=True):
        assert row.activation == pytest.approx(values[layer.output.name].std(), rel=1e-9)


def _of_deviation_two(graph: Graph) -> Graph:
    """Weights of deviation 2 / sqrt(columns), as `scale=2` draws them."""

    def drawn(each: Parameter) -> Parameter:
        shape = each.value.shape
        return replace(each, initial=Initial("normal", 2 / math.sqrt(shape[1]))) if len(shape) == 2 else each

    return replace(graph, parameters=tuple(map(drawn, graph.parameters)))


def test_frozen_layers_batchnorm_dropout_and_pools_all_have_their_rows() -> None:
    layers = trials_of(MIXED, (1.0,))["relu", 1.0].layers
    assert [row.layer for row in layers] == [layer.name for layer in experiment_of(MIXED).graph.layers]
    assert all(row.activation > 0 for row in layers)
    assert all(row.gradient is not None and row.gradient > 0 for row in layers[1:])


def test_images_are_drawn_by_the_seed_and_prepared_as_in_training() -> None:
    experiment = experiment_of(DIGITS)
    dataset = data_of(experiment)
    one, same, other = (real_exhibits(experiment, dataset, 12, seed) for seed in (1, 1, 2))
    assert one.description == f"12 training images of {dataset.description}"
    assert np.array_equal(one.images, same.images)
    assert not np.array_equal(one.images, other.images)
    every = real_exhibits(experiment, dataset, 10**6, 1)
    assert every.images.shape == (len(dataset.train), 1, 8, 8)
    assert np.allclose(every.images, dataset.normalized(dataset.train.images[0 : len(dataset.train)]), atol=1e-5)
    assert np.array_equal(every.labels, dataset.train.labels)


def test_noise_is_called_noise_and_has_labels_of_all_classes() -> None:
    shown = noise_exhibits(experiment_of(DEEP).graph, 400, 1)
    assert shown.description == "400 images of noise"
    assert abs(shown.images.mean()) < 0.02
    assert shown.images.std() == pytest.approx(1, abs=0.02)
    assert sorted(set(shown.labels.tolist())) == list(range(10))
    assert set(noise_exhibits(experiment_of(MIXED).graph, 40, 1).labels.tolist()) == {0, 1}


def test_a_net_without_activation_functions_has_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="has no activation function"):
        trials_of("net n { input 4; dense 2 }", (1.0,))
