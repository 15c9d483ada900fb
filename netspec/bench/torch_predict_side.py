# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false
"""PyTorch's side of a comparison of predictions: the same network in evaluation mode, without gradients."""

from __future__ import annotations

from functools import partial

import torch

from netspec.bench.serve import Answer, Request, experiment_of, prediction_images, serve
from netspec.bench.timed import Calls, timed
from netspec.bench.torch_predictor import TorchPredictor
from netspec.ir.initialize import initialize


def side(job: Request) -> Answer:
    """Builds the job's network when a format is first asked for, and returns what answers requests."""
    torch.set_num_threads(job["threads"])
    experiment, batch = experiment_of(job), int(job["batch"])
    arrays = initialize(experiment.graph, experiment.train.seed)
    images = prediction_images(experiment, batch)

    def ready(options: Request) -> Calls:
        last, compiled = options["format"] == "channels_last", bool(options.get("compile", False))
        made = TorchPredictor(experiment, arrays, channels_last=last, compiled=compiled)
        return [partial(made, made.images(each)) for each in images]

    return timed(ready)


if __name__ == "__main__":
    serve(side)
