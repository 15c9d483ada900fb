"""What the sides of a comparison share: the job they are given, made-up data, and answering requests.

A side is a process of its own. It reads a job as a line of JSON, says that it is ready, then answers requests, a line
each: `{"steps": 20}` with the seconds of steps and how often the side lost its processor meanwhile,
`{"first": 0, "steps": 20}` with the mean losses of steps by the spec's recipe, `{"memory": true}` with the most memory
resident since it was last asked; netspec's also `{"peak": true}` with the peaks of one thread and of all, and
`{"work": true}` with the FLOPs of the products that a step does at least.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.bench.memory import involuntary_switches, take_peak_resident_bytes
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import Experiment

Request = dict[str, Any]
Answer = Callable[[Request], Request]
Array = NDArray[Any]
BATCHES = 4
"""different minibatches in the made-up data set"""


def experiment_of(job: Request) -> Experiment:
    """The spec of a job, checked once more in this process."""
    source = Source(job["name"], job["text"])
    return check_experiment(source, with_values=job["with_values"], settings=job["settings"])


def made_up_data(experiment: Experiment, batch: int) -> tuple[Array, Array]:
    """Random images (N, *shape) float32 and labels (N,) int32 that fit the net and its loss."""
    draw, count = np.random.default_rng(1), BATCHES * batch
    classes = max(2, experiment.graph.outputs[0].elements)
    images = draw.standard_normal((count, *experiment.graph.inputs[0].shape), dtype=np.float32)
    return images, draw.integers(0, classes, count).astype(np.int32)


def prediction_images(experiment: Experiment, batch: int) -> list[Array]:
    """A few minibatches (batch, C, H, W), a flat vector of F numbers being F channels of one pixel."""
    images, _ = made_up_data(experiment, batch)
    channels, *sizes = images.shape[1:]
    return list(images.reshape(BATCHES, batch, channels, *(sizes or (1, 1))))


def network_images(job: Request) -> list[Array]:
    """The same minibatches in the form of the net's own input, (batch, *shape)."""
    experiment = experiment_of(job)
    batch, shape = int(job["batch"]), experiment.graph.inputs[0].shape
    return [each.reshape(batch, *shape) for each in prediction_images(experiment, batch)]


def serve(side: Callable[[Request], Answer]) -> None:
    """Serves one job until standard input ends."""
    answer = side(json.loads(sys.stdin.readline()))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_answered(answer, json.loads(line))), flush=True)


def _answered(answer: Answer, request: Request) -> Request:
    if request.get("memory"):
        return {"rss_bytes": take_peak_resident_bytes()}
    before = involuntary_switches()
    return {**answer(request), "switches": involuntary_switches() - before}
