"""Measuring is what the oracle says: running statistics, no dropout, crops in the centre, every image once."""

from dataclasses import replace

import numpy as np
import pytest

from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.evaluate import evaluate as oracle
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.passes.inference import inference
from netspec.runtime.device import Device
from netspec.runtime.feed import Pass
from netspec.runtime.machine import Machine, Outputs
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step import scoring
from netspec.train.step.preparation import prepared
from netspec.train.step.scores import Array
from netspec.train.step.scoring import Evaluator
from netspec.train.use.evaluate import evaluate
from netspec.train.use.predictor import predict
from netspec.train.use.trained import Trained
from tests.kernels.backends import Backend

SPEC = """net n { input 1x6x6; conv 4 3x3; batchnorm relu; dropout 0.5; dense 10 }
data digits validate=0.2 take=350
augment { crop 6x6 }
"""


def experiment_of(*settings: str) -> Experiment:
    return check_experiment(Source("<text>", SPEC), settings=settings)


def some_weights(experiment: Experiment) -> dict[str, Array]:
    """Weights with running statistics that matter."""
    statistics = {"batchnorm1.mean": [0.5, -0.25, 0.0, 1.0], "batchnorm1.variance": [2.0, 0.5, 1.0, 4.0]}
    arrays = {name: np.array(values, np.float32) for name, values in statistics.items()}
    return initialize(experiment.graph, 5) | arrays


def test_scores_are_those_of_the_oracle(backend: Backend) -> None:
    experiment = experiment_of()
    dataset, weights = load_data(experiment, DataPlaces()), some_weights(experiment)
    assert dataset.validation is not None
    *_, sums = Evaluator(experiment, prepared(dataset), backend.device(2)).measure(dataset.validation, weights)
    middle = dataset.normalized(dataset.validation.images)[:, :, 1:7, 1:7]
    graph = inference(experiment.graph, "cross_entropy")
    values = oracle(graph, {**weights, "input": middle, "label": dataset.validation.labels})
    assert sums.scores.images == 70
    assert sums.scores.loss == pytest.approx(float(values["loss"]) / 70, rel=1e-5)
    assert sums.scores.accuracy == float(values["correct"]) / 70


def test_predictions_are_those_of_the_oracle_for_one_image_and_for_many(device: Device) -> None:
    experiment = experiment_of()
    dataset, weights = load_data(experiment, DataPlaces()), some_weights(experiment)
    graph = inference(experiment.graph, None)
    for count in (1, 3, 70):
        images = dataset.train.images[:count]
        logits = oracle(graph, {**weights, "input": dataset.normalized(images)[:, :, 1:7, 1:7]})[graph.outputs[0].name]
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        found = predict(Trained(experiment, prepared(dataset), weights), images, device)
        assert np.allclose(found, expected, atol=1e-5)


def test_slow_nets_are_asked_for_a_minibatch_a_call(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = experiment_of()
    dataset, weights = load_data(experiment, DataPlaces()), some_weights(experiment)
    evaluator = Evaluator(experiment, prepared(dataset), device)
    kind = type(evaluator._machine)
    whole, outputs, calls = evaluator.outputs(dataset.train, weights), kind.outputs, list[int]()

    def watched(machine: Machine, feed: Pass) -> Outputs:
        calls.append(len(feed.order))
        return outputs(machine, feed)

    seconds = iter(range(1_000))
    monkeypatch.setattr(kind, "outputs", watched)
    monkeypatch.setattr(scoring, "perf_counter", lambda: float(next(seconds)))
    np.testing.assert_array_equal(evaluator.outputs(dataset.train, weights), whole)
    assert calls == [64, 64, 64, 64, 24]


def test_the_test_part_is_measured_before_the_validation_part(device: Device) -> None:
    experiment = experiment_of()
    dataset, weights = load_data(experiment, DataPlaces()), some_weights(experiment)
    part, preparation = dataset.validation, prepared(dataset)
    with_test = replace(dataset, test=dataset.train)
    assert evaluate(experiment, dataset, preparation, weights, device=device).part == "validation"
    found = evaluate(experiment, with_test, preparation, weights, device=device)
    assert (found.part, found.scores.images) == ("test", 280)
    assert part is not None
    empty = replace(dataset, validation=part.pick(np.zeros(0, np.int64)))
    for neither in (replace(dataset, validation=None), empty):
        with pytest.raises(UsageError) as caught:
            evaluate(experiment, neither, preparation, weights, device=device)
        assert caught.value.code == "E463"
