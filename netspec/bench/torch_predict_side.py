# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false
"""PyTorch's side of a comparison of predictions: the same network in evaluation mode, without gradients."""

from __future__ import annotations

import time
from typing import Any

import torch

from netspec.bench.serve import Answer, Request, experiment_of, prediction_images, serve
from netspec.bench.torch_predictor import TorchPredictor
from netspec.ir.initialize import initialize


def side(job: Request) -> Answer:
    """Builds the job's network when a format is first asked for, and returns what answers requests."""
    torch.set_num_threads(job["threads"])
    experiment, batch = experiment_of(job), int(job["batch"])
    arrays = initialize(experiment.graph, experiment.train.seed)
    images = prediction_images(experiment, batch)
    formats: dict[str, tuple[TorchPredictor, list[Any]]] = {}

    def network(form: str, compiled: bool) -> tuple[TorchPredictor, list[Any]]:
        if form not in formats:
            made = TorchPredictor(experiment, arrays, channels_last=form == "channels_last", compiled=compiled)
            formats[form] = made, [made.images(each) for each in images]
        return formats[form]

    def answer(request: Request) -> Request:
        made, batches = network(request["format"], request.get("compile", False))
        seconds: list[float] = []
        for k in range(request["steps"]):
            start = time.perf_counter()
            made(batches[k % len(batches)])
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    return answer


if __name__ == "__main__":
    serve(side)
