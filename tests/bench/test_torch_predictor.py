"""PyTorch's side of a comparison of predictions gives the oracle's probabilities, as netspec's does."""

import numpy as np
import pytest

from netspec.compiler import prediction
from netspec.ir.evaluate import evaluate
from netspec.passes.fold_weights import folded_weights
from netspec.runtime.device import USUAL, choice_document
from tests.kernels.harness import CACHE_DIR
from tests.passes.test_fold import generic
from tests.schedule.nets import experiment

pytest.importorskip("torch")

import torch

from netspec.bench import netspec_predict_side, torch_predict_side
from netspec.bench.serve import experiment_of, prediction_images
from netspec.bench.torch_predictor import TorchPredictor

TEXT = "net t {\ninput 2x6x6\nconv 4 3x3 pad=1 nobias\nbatchnorm relu\ndropout 0.5\npool max 2\ndense 3\n}"
JOB = {
    "name": "t",
    "text": TEXT,
    "with_values": {},
    "settings": (),
    "batch": 2,
    "threads": 1,
    "cache_dir": str(CACHE_DIR),
}


@pytest.mark.parametrize("channels_last", [False, True])
def test_probabilities_are_those_of_the_oracle(channels_last: bool) -> None:
    net = experiment(TEXT)
    weights = generic(net.graph, 3)
    folded, (images, *_) = prediction(net), prediction_images(net, 2)
    output, *_ = folded.graph.outputs
    wanted = evaluate(folded.graph, {"input": images, **folded_weights(folded, weights)})[output.name]
    predictor = TorchPredictor(net, weights, channels_last=channels_last)
    found = predictor(predictor.images(images))
    assert not found.requires_grad
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-5)
    assert torch.is_inference(found)


def test_both_sides_answer_with_seconds() -> None:
    for side, request in ((netspec_predict_side, {}), (torch_predict_side, {"format": "channels_last"})):
        answer = side.side({**JOB, "planned_by": choice_document(USUAL)})
        seconds = answer({"steps": 3, **request})["seconds"]
        assert len(seconds) == 3
        assert min(seconds) > 0


def test_a_flat_input_is_channels_of_one_pixel() -> None:
    net = experiment_of({**JOB, "text": "net t {\ninput 7\ndense 3\n}"})
    assert {images.shape for images in prediction_images(net, 2)} == {(2, 7, 1, 1)}
