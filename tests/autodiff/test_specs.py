"""The training step of whole specs: those that come with netspec, and random ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff.check_gradients import check_gradients
from netspec.autodiff.differentiate import training_step
from netspec.ir.evaluate import evaluate
from netspec.ir.operations import DenseWeightUpdate, SgdUpdate
from netspec.passes.optimize import optimize
from tests.check.reading_specs import examined
from tests.ir.nets import feeds
from tests.passes.test_optimize import optimize_exactly
from tests.strategies import valid_specs
from tests.test_specs import SPECS, load


@given(valid_specs(), st.sampled_from(["end to end", "link by link"]), st.integers(0, 999))
def test_every_gradient_of_a_random_spec_agrees_with_finite_differences(text, method, seed):
    experiment, _ = examined(text)
    found = check_gradients(experiment.graph, experiment.train.loss, seed=seed, method=method, samples=3)
    assert found.agrees, [row for row in found.rows if not row.agrees]


@given(valid_specs(), st.integers(1, 3), st.integers(0, 999))
def test_the_checkers_shapes_are_those_of_the_arrays(text, images, seed):
    """The oracle compares each array with the shape its node declares, and raises where they differ."""
    experiment, _ = examined(text)
    values = evaluate(experiment.graph, feeds(experiment.graph, images, seed), seed=seed)
    for layer in experiment.graph.layers:
        assert values[layer.output.name].shape == (images, *layer.output.shape)


@given(valid_specs(), st.integers(0, 999))
def test_an_optimised_step_of_a_random_spec_moves_its_weights_alike(text, seed):
    experiment, _ = examined(text)
    step = training_step(experiment.graph, experiment.train.loss, experiment.train.sgd)
    given, optimized = feeds(step, 2, seed), optimize_exactly(step)
    expected, found = evaluate(step, given, seed=seed), evaluate(optimized, given, seed=seed)
    for before, after in zip(step.updates, optimized.updates, strict=True):
        assert np.array_equal(expected[before.new.name], found[after.new.name])


@pytest.mark.parametrize("name", SPECS)
def test_every_bundled_spec_has_a_training_step_that_moves_all_its_parameters(name):
    experiment = load(name)
    step = optimize(training_step(experiment.graph, experiment.train.loss, experiment.train.sgd))
    by_descent = {
        output
        for node in step.nodes
        if isinstance(node.operation, SgdUpdate | DenseWeightUpdate)
        for output in node.outputs
    }
    moved = {update.old.name for update in step.updates if update.new in by_descent}
    assert moved >= {parameter.value.name for parameter in experiment.graph.parameters}


@pytest.mark.parametrize("name", ["digits", "lecture", "lenet5", "convnetjs_cifar10"])
def test_every_gradient_of_a_small_bundled_spec_agrees(name):
    experiment = load(name)
    assert check_gradients(experiment.graph, experiment.train.loss, samples=4).agrees


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cifar10_local", "squeezenet", "mobilenet_v2", "resnet18"])
def test_every_gradient_of_a_large_bundled_spec_agrees(name):
    experiment = load(name)
    assert check_gradients(experiment.graph, experiment.train.loss).agrees
